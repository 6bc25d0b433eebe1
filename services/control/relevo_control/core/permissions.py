"""Who may do what: the one table of roles and permissions. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

EVERY_SHOP = "*"
Role = Literal["viewer", "author", "approver", "operator", "admin"]
Permission = Literal[
    "shops:read",
    "workflows:read",
    "workflows:deploy",
    "workflows:approve",
    "results:read",
    "imports:read",
    "persons:read",
    "messages:read",
    "messages:redrive",
    "shops:resume",
    "tasks:read",
    "tasks:decide",
    "audit:read",
]
ROLES: tuple[Role, ...] = get_args(Role)
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

_READING: frozenset[Permission] = frozenset({"shops:read", "workflows:read", "results:read", "imports:read"})
_TASKS: frozenset[Permission] = frozenset({"tasks:read", "tasks:decide"})
GRANTS: Mapping[Role, frozenset[Permission]] = {
    "viewer": _READING,
    "author": _READING | {"workflows:deploy"},
    "approver": _READING | _TASKS | {"workflows:approve"},
    "operator": _READING | _TASKS | {"persons:read", "messages:read", "messages:redrive", "shops:resume"},
    "admin": frozenset(PERMISSIONS),
}
"""What each role may. An author deploys and doesn't approve, an approver approves and doesn't deploy; who has both
roles still can't approve what they wrote themselves."""


class Principal(Struct, frozen=True, kw_only=True):
    """Who asks. `grants` are their roles, each with its shop (`*`: every shop), `means` how they are known, and until
    when that holds.
    """

    name: str
    grants: frozenset[tuple[Role, str]]
    means: str
    until: datetime | None = None

    def shops(self, permission: Permission) -> frozenset[str]:
        """The shops for which one of their roles has the permission; with `*` among them every shop."""
        return frozenset(shop for role, shop in self.grants if permission in GRANTS[role])

    def may(self, permission: Permission, shop: str) -> bool:
        """Whether they may do that for this shop; for `*` only who may for every shop."""
        shops = self.shops(permission)
        return EVERY_SHOP in shops or shop in shops
