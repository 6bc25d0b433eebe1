"""Who somebody is by the claims of their ID token, and which roles their groups give them. Pure.

Source: OpenID Connect Core 1.0, sections 2 (ID token) and 5.1 (standard claims).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from relevo_control.core.permissions import EVERY_SHOP, ROLES, Principal, Role


class GroupRole(Struct, frozen=True):
    """Members of a group have a role, for one shop or (`*`) for every shop."""

    group: str
    role: Role
    shop: str = EVERY_SHOP


def group_roles(text: str) -> list[GroupRole]:
    """What a setting says: `GROUP=ROLE` or `GROUP=ROLE@SHOP`, with commas. Raises `ValueError` with what is wrong."""
    return [_group_role(part.strip()) for part in text.split(",") if part.strip()]


def _group_role(text: str) -> GroupRole:
    group, sign, wanted = text.rpartition("=")
    named, _, shop = wanted.partition("@")
    found = next((role for role in ROLES if role == named.strip()), None)
    if not (sign and group.strip()) or found is None:
        raise ValueError(f"{text!r} is not GROUP=ROLE or GROUP=ROLE@SHOP, with a role of {', '.join(ROLES)}")
    return GroupRole(group.strip(), found, shop.strip() or EVERY_SHOP)


def principal_of(
    claims: Mapping[str, Any], roles: Sequence[GroupRole], *, name_claim: str, groups_claim: str
) -> Principal | None:
    """Who acts by these claims, which were verified before; `None` for who has no name.

    An e-mail address counts if the provider doesn't say that it is unverified: anybody may claim one.
    """
    name = claims.get(name_claim)
    if not isinstance(name, str) or not name.strip():
        return None
    if name_claim == "email" and claims.get("email_verified", True) is not True:
        return None
    given = claims.get(groups_claim)
    groups = {one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str)}
    grants = frozenset((one.role, one.shop) for one in roles if one.group in groups)
    means = f"OIDC {str(claims.get('sub', ''))[:200]}"
    return Principal(name=name.strip()[:200], grants=grants, means=means, until=_end(claims.get("exp")))


def _end(seconds: object) -> datetime | None:
    """Until when a token holds, by its claim `exp` (RFC 7519): seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None
    except (OverflowError, OSError, ValueError):
        return None
