"""Bearer tokens: `relevo_<id>_<secret>`. The id finds the row; the secret, 256 random bits, is kept as a hash. Pure.

The prefix lets scanners of secrets know one that was committed by mistake.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import datetime

from msgspec import Struct

from relevo_control.core.permissions import Principal, Role

ID_BYTES = 8
SECRET_BYTES = 32
_FORM = re.compile(r"relevo_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_NOBODY = "0" * 64
"""Compared with where there is no such token, so that this takes as long."""


class Token(Struct, frozen=True, kw_only=True):
    """What is kept of a token: whose it is, what it may and until when."""

    shop: str
    token_id: str
    name: str
    roles: list[Role]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """Whether it holds at `now`: valid, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if now < self.expires_at else "expired"

    @property
    def principal(self) -> Principal:
        """Who acts by it."""
        return Principal(
            name=self.name,
            grants=frozenset((role, self.shop) for role in self.roles),
            means=f"token {self.token_id}",
            until=self.expires_at,
        )


def written(token_id: bytes, secret: bytes) -> str:
    """A token as it is shown once, of random bytes: `ID_BYTES` and `SECRET_BYTES` of them."""
    return f"relevo_{token_id.hex()}_{urlsafe_b64encode(secret).decode().rstrip('=')}"


def id_of(token: str) -> str | None:
    """The id inside a token; `None` for what doesn't look like one."""
    found = _FORM.fullmatch(token)
    return found[1] if found else None


def hash_of(token: str) -> str:
    """What is kept of a token: its SHA-256 in hex. Its secret is random, so that nothing slower is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_of(token: str, kept: str | None) -> bool:
    """Whether `token` is the one whose hash is kept; takes the same time whichever it is."""
    return hmac.compare_digest(hash_of(token), kept or _NOBODY)
