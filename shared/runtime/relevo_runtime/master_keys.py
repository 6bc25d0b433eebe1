"""The keys of the settings, with which what the database keeps secret is wrapped, each bound to its place.

wrapped = 0x01 | name of the master key (4) | nonce (12) | AES-256-GCM of the secret and its tag
kept without a master key = 0x00 | the secret
"""

import hashlib
import os
from base64 import urlsafe_b64decode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relevo_runtime.errors import RuntimeFault

_MASTER_BYTES = 32
_NAME_BYTES, _NONCE_BYTES, _TAG_BYTES = 4, 12, 16
_NAME = slice(1, 1 + _NAME_BYTES)
_NONCE = slice(_NAME.stop, _NAME.stop + _NONCE_BYTES)
_SHORTEST = _NONCE.stop + _TAG_BYTES
_PLAIN, _WRAPPED = b"\x00", b"\x01"


class SealingError(RuntimeFault):
    """The keys of a setting can't be used: one that wrapped something is not among them, or one is not a key."""


class Damaged(RuntimeFault):
    """What the database keeps was cut or changed, or belongs to another place. Nothing else is concerned."""


class MasterKeys:
    """The keys that wrap secrets, newest first; with none, secrets are kept as they are.

    `text` is what `setting` says: one or several keys of 32 bytes in URL-safe base64, separated by commas. `what` says
    in errors what they wrap. Raises `SealingError` if the text is something else.
    """

    def __init__(self, text: str, *, setting: str, what: str) -> None:
        self._setting = setting
        self._what = what
        self._keys: dict[bytes, AESGCM] = {}
        for part in filter(None, (one.strip() for one in text.split(","))):
            secret = _master(part, setting)
            self._keys.setdefault(hashlib.sha256(secret).digest()[:_NAME_BYTES], AESGCM(secret))

    def __bool__(self) -> bool:
        return bool(self._keys)

    def wrap(self, secret: bytes, place: bytes) -> bytes:
        """How the database keeps `secret`; it can be unwrapped for the same `place` alone."""
        if not self._keys:
            return _PLAIN + secret
        name, master = next(iter(self._keys.items()))
        nonce = os.urandom(_NONCE_BYTES)
        return _WRAPPED + name + nonce + master.encrypt(nonce, secret, place)

    def unwrap(self, kept: bytes, place: bytes, *, plain: bool = True) -> bytes:
        """The secret again. Raises `SealingError` if the key that wrapped it is not among ours, and `Damaged`.

        `plain` says whether it may be kept without a master key.
        """
        if plain and kept[:1] == _PLAIN:
            return kept[1:]
        if kept[:1] != _WRAPPED or len(kept) < _SHORTEST:
            raise Damaged(f"{self._what}: one of them was changed in the database, or cut")
        master = self._keys.get(kept[_NAME])
        if master is None:
            raise SealingError(
                f"{self._what} are wrapped with a key that {self._setting} does not hold: add it there, behind the"
                " new one and a comma"
            )
        try:
            return master.decrypt(kept[_NONCE], kept[_NONCE.stop :], place)
        except InvalidTag as error:
            raise Damaged(f"{self._what}: one of them was changed in the database, or is another's") from error


def _master(text: str, setting: str) -> bytes:
    try:
        secret = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        secret = b""
    if len(secret) != _MASTER_BYTES:
        raise SealingError(
            f"{setting} has a part that is not 32 bytes in URL-safe base64; make one with"
            " `head -c 32 /dev/urandom | base64 | tr +/ -_`"
        )
    return secret
