"""Tokens of the control API: made, listed and revoked by whoever has the database."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from relevo_control.adapters import audit, tokens
from relevo_control.app.errors import NotKnownError, OperationError
from relevo_control.app.shops import known_shop
from relevo_control.core.audit import Entry
from relevo_control.core.permissions import EVERY_SHOP, ROLES, Role
from relevo_control.core.tokens import ID_BYTES, SECRET_BYTES, Token, written
from relevo_runtime.postgres import Connection

LONGEST = timedelta(days=730)
LONGEST_NAME = 200


class NewToken(Struct, frozen=True, kw_only=True):
    """What a token shall be: whose, what it may, for which shop (`*`: every shop), and for how long."""

    name: str
    roles: Sequence[str]
    shop: str = EVERY_SHOP
    holds: timedelta


async def create(connection: Connection, wanted: NewToken, now: datetime, *, by: str) -> tuple[Token, str]:
    """A new token and its text, which is shown now and never again. Needs a transaction. Raises `OperationError`."""
    roles = _roles(wanted)
    if wanted.shop != EVERY_SHOP:
        await known_shop(connection, wanted.shop)
    token_id = secrets.token_bytes(ID_BYTES)
    text = written(token_id, secrets.token_bytes(SECRET_BYTES))
    token = Token(
        shop=wanted.shop,
        token_id=token_id.hex(),
        name=wanted.name.strip(),
        roles=roles,
        created_at=now,
        expires_at=now + wanted.holds,
    )
    await tokens.add(connection, token, text)
    done = _entry(now, by, "createToken", f"{token.token_id} of {token.name}: {', '.join(roles)}")
    await audit.append(connection, structs.replace(done, shop=token.shop))
    return token, text


def _roles(wanted: NewToken) -> list[Role]:
    """Its roles; raises `OperationError` for what can't be a token."""
    if not 0 < len(wanted.name.strip()) <= LONGEST_NAME:
        raise OperationError(f"say who acts by the token, in 1 to {LONGEST_NAME} characters")
    unknown = sorted(set(wanted.roles) - set(ROLES))
    if unknown or not wanted.roles:
        raise OperationError(f"there is no role {', '.join(unknown) or 'given'}; choose from {', '.join(ROLES)}")
    if not timedelta(0) < wanted.holds <= LONGEST:
        raise OperationError(f"a token holds for 1 to {LONGEST.days} days")
    return [role for role in ROLES if role in wanted.roles]


async def revoke(connection: Connection, token_id: str, now: datetime, *, by: str) -> None:
    """The token holds no longer. Needs a transaction. Raises `NotKnownError`."""
    if not await tokens.revoke(connection, token_id, now):
        raise NotKnownError(f"no token that holds has the id {token_id!r}; `relevo tokens list` prints them")
    await audit.append(connection, _entry(now, by, "revokeToken", token_id))


def _entry(now: datetime, by: str, action: str, what: str) -> Entry:
    return Entry(
        shop=EVERY_SHOP, at=now, actor=by, means="database", address="", action=action, object=what, outcome="done"
    )
