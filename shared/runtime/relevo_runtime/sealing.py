"""Sealed messages: Kafka keeps what is about a person in a form that only their key opens, and erasing deletes the key.

A topic can't be changed, and events are kept for 400 days; so each value about a customer (or the shop itself) is
sealed with AES-128-GCM under a random key of that customer, which is a row in PostgreSQL. `Publisher` seals,
`BatchConsumer` opens; handlers see plain records. What was published before there were keys stays readable as it is.

    sealed value = MAGIC (5) | id of the key (16) | nonce (12) | ciphertext and tag; the message key is authenticated

Keys are asked of the database for each batch, in one statement, and never remembered beyond it: a key that is deleted
opens nothing from that moment on, in any process. Only unwrapped ciphers are cached, by their random id.

An erasure itself (`customer.redacted`, `shop.redacted`) travels in clear, since whoever reads it late must understand
it. Publishing one retires the person's key: what is published about them afterwards gets a new one, and survives.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relevo_contracts import topics
from relevo_contracts.event_types import ERASURES
from relevo_contracts.keys import PRODUCT_PREFIX
from relevo_runtime.master_keys import Damaged, MasterKeys
from relevo_runtime.postgres import Connection, Pool, Statements, text_array
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.storable import storable_text

if TYPE_CHECKING:
    from relevo_runtime.records import Record

STATEMENTS = Statements.load("relevo_runtime", "sealing.sql")
MAGIC = b"\x00RS1."
"""How sealed values begin: no JSON does."""

_IN_CLEAR = {topics.WAKEUPS}  # timers carry ids only
_REDACTED = b".redacted"
_PRODUCT = f"/{PRODUCT_PREFIX}".encode()
_ID_BYTES, _NONCE_BYTES = 16, 12
_ID = slice(len(MAGIC), len(MAGIC) + _ID_BYTES)
_NONCE = slice(_ID.stop, _ID.stop + _NONCE_BYTES)
_SECRET_BYTES = 16
_TAG_BYTES = 16
_SHORTEST = _NONCE.stop + _TAG_BYTES
_LONGEST_NAME = 500  # what an index of PostgreSQL surely takes
_CIPHERS = 20_000
_TRIES = 5

Message = tuple[bytes, bytes]
Person = tuple[str, str]
"""A shop and a key."""
Place = tuple[str, bytes]
"""Where a key is kept: its shop and its id."""
Database: TypeAlias = "Pool | Connection"
T = TypeVar("T")


class KeysRetired(ConnectionError):  # noqa: N818 - as RuntimeFault; as temporary as a lost connection
    """Somebody erased people again and again while their keys were being made. Nothing was published."""


class _Type(msgspec.Struct, frozen=True):
    type: str = ""


_type = msgspec.json.Decoder(_Type)


class Seals:
    """Seals and opens the messages of one process. `database` is a pool, or a connection that
    nobody else uses and that is in no transaction: a new key has to be committed before a message is sealed with it.

    Raises `SealingError` if the settings' `data_key` is not a key.
    """

    def __init__(self, database: Database, settings: RuntimeSettings) -> None:
        self._database: Any = database
        self._masters = MasterKeys(
            settings.data_key.get_secret_value(), setting="RELEVO_DATA_KEY", what="the keys of people"
        )
        self._cipher = lru_cache(_CIPHERS)(self._unwrapped)

    async def seal(self, topic: str, messages: Sequence[Message]) -> list[Message]:
        """`messages` as Kafka may keep them. Raises what the database raises, or `SealingError`.

        An erasure among them retires the person's key: what comes after it is sealed with a new one.
        """
        if topic in _IN_CLEAR:
            return list(messages)
        erased = {key: place for place, (key, value) in enumerate(messages) if _is_erasure(topic, value)}
        before = {key for place, (key, _) in enumerate(messages) if place < erased.get(key, 0)} if erased else set()
        old = await self._in_use({key for key in before if _PRODUCT not in key})
        if erased:
            await self._database.execute(STATEMENTS["retire"], *_columns(map(person, erased)))
        # Events are what is heard of somebody first; whatever else is published is about people who are known by then.
        keys = await self._in_use({key for key, _ in messages if _PRODUCT not in key}, known=topic != topics.EVENTS)
        nonces = os.urandom(_NONCE_BYTES * len(messages))
        return [
            (key, value)
            if _PRODUCT in key or is_sealed(value) or (key in erased and _is_erasure(topic, value))
            else (key, _seal(*(old if place < erased.get(key, 0) else keys)[key], _nth(nonces, place), key, value))
            for place, (key, value) in enumerate(messages)
        ]

    async def open(self, records: "Sequence[Record]") -> "list[Record]":
        """`records` in clear, without those whose key was deleted.

        One that was cut or tampered with, or whose key is damaged, stays as it is, for its reader to refuse. Raises
        what the database raises, or `SealingError`.
        """
        places = [(_shop(one.key), one.value[_ID]) if _is_whole(one.value) else None for one in records]
        wanted = list({place for place in places if place is not None})
        if not wanted:
            return list(records)
        rows = await self._database.fetch(STATEMENTS["by_id"], *_columns(wanted))
        ciphers = {wanted[number - 1]: self._usable(key_id, kept) for number, key_id, kept in rows}
        return list(_opened(zip(records, places, strict=True), ciphers))

    async def _in_use(self, keys: set[bytes], *, known: bool = True) -> dict[bytes, tuple[bytes, AESGCM]]:
        """The id and the cipher for each message key; those that are missing are made. `known`: that is unlikely."""
        found = await self._found(list(keys)) if known else {}
        for _ in range(_TRIES):
            missing = list(keys - found.keys())
            if not missing:
                return found
            found |= await self._found_or_new(missing)
            if in_the_way := list(keys - found.keys()):
                await self._retire_damaged(in_the_way)
        if keys - found.keys():
            raise KeysRetired(f"the keys of {len(keys - found.keys())} people were retired as often as they were made")
        return found

    async def _found(self, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, AESGCM]]:
        rows = await self._database.fetch(STATEMENTS["in_use"], *_people(keys)) if keys else []
        return self._ciphers((keys[number - 1], key_id, kept) for number, key_id, kept in rows)

    async def _found_or_new(self, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, AESGCM]]:
        """By one statement, which takes along what those need who have no key."""
        ids = [os.urandom(_ID_BYTES) for _ in keys]
        secrets = [self._new(key_id) for key_id in ids]
        rows = await self._database.fetch(STATEMENTS["in_use_or_new"], *_people(keys), ids, secrets)
        whose = dict(zip(ids, keys, strict=True))
        people = (keys[number - 1] if number else whose[key_id] for number, key_id, _ in rows)
        return self._ciphers((key, key_id, kept) for key, (_, key_id, kept) in zip(people, rows, strict=True))

    def _ciphers(self, kept: Iterable[tuple[bytes, bytes, bytes]]) -> dict[bytes, tuple[bytes, AESGCM]]:
        """The id and the cipher of each of these message keys, as far as what is kept for it is not damaged."""
        found = {key: (key_id, self._usable(key_id, secret)) for key, key_id, secret in kept}
        return {key: (key_id, cipher) for key, (key_id, cipher) in found.items() if cipher is not None}

    async def _retire_damaged(self, keys: Sequence[bytes]) -> None:
        """A key that is there and can't be used is in the way of a new one."""
        rows = await self._database.fetch(STATEMENTS["in_use"], *_people(keys))
        damaged = [person(keys[number - 1]) for number, key_id, kept in rows if self._usable(key_id, kept) is None]
        if damaged:
            await self._database.execute(STATEMENTS["retire"], *_columns(damaged))

    def _new(self, key_id: bytes) -> bytes:
        return self._masters.wrap(AESGCM.generate_key(8 * _SECRET_BYTES), key_id)

    def _usable(self, key_id: bytes, kept: bytes) -> AESGCM | None:
        """The cipher; None if the key is damaged. Raises `SealingError`."""
        try:
            return self._cipher(key_id, kept)
        except Damaged:
            return None

    def _unwrapped(self, key_id: bytes, kept: bytes) -> AESGCM:
        secret = self._masters.unwrap(kept, key_id)
        if len(secret) != _SECRET_BYTES:
            raise Damaged("the key of a person is not one")
        return AESGCM(secret)


async def shred(connection: Connection, people: Iterable[Person]) -> None:
    """Delete the retired keys of these people, in the caller's transaction: Kafka tells nothing of them any more."""
    people = list(people)
    if people:
        await connection.execute(STATEMENTS["shred"], *_columns(people))


async def shred_outright(connection: Connection, people: Iterable[Person]) -> None:
    """Delete all keys of these people, in the caller's transaction: of those whom no erasure of their own retires."""
    people = list(people)
    if people:
        await connection.execute(STATEMENTS["retire"], *_columns(people))
        await shred(connection, people)


async def shred_shop(connection: Connection, shop: str, before: datetime, most: int) -> int:
    """Delete up to `most` keys of people of `shop` that were made before that wall time; returns how many."""
    status = await connection.execute(STATEMENTS["shred_shop"], shop, before, most)
    return int(status.rpartition(" ")[2])


def is_sealed(value: bytes) -> bool:
    """Whether a value is sealed."""
    return value.startswith(MAGIC)


def person(key: bytes) -> Person:
    """Whom the message key `shop/key` names, in texts that PostgreSQL can hold and index, whatever the key is."""
    shop, _, name = key.decode(errors="replace").partition("/")
    return _storable(shop), _storable(name)


def _storable(name: str) -> str:
    if len(name) > _LONGEST_NAME:
        name = f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
    return storable_text(name)


def _shop(key: bytes) -> str:
    return _named(key.partition(b"/")[0])


@lru_cache(maxsize=1000)  # a process meets few shops, and each of them again and again
def _named(shop: bytes) -> str:
    return _storable(shop.decode(errors="replace"))


def _is_whole(value: bytes) -> bool:
    """Whether it is sealed and nothing of the envelope is missing."""
    return is_sealed(value) and len(value) >= _SHORTEST


def _is_erasure(topic: str, value: bytes) -> bool:
    # The search is cheap and finds nearly nothing; decoding tells the event's type from a text inside of its data.
    if _REDACTED not in value or topic != topics.EVENTS:
        return False
    try:
        return _type.decode(value).type in ERASURES
    except msgspec.DecodeError:
        return False


def _nth(nonces: bytes, place: int) -> bytes:
    return nonces[place * _NONCE_BYTES : (place + 1) * _NONCE_BYTES]


def _seal(key_id: bytes, cipher: AESGCM, nonce: bytes, key: bytes, value: bytes) -> bytes:
    return b"".join((MAGIC, key_id, nonce, cipher.encrypt(nonce, value, key)))


def _opened(
    placed: "Iterable[tuple[Record, Place | None]]", ciphers: "dict[Place, AESGCM | None]"
) -> "Iterable[Record]":
    """The records, each with the place of its key if it is sealed, in clear as far as there is a cipher for it."""
    for record, place in placed:
        if place is not None and place not in ciphers:
            continue  # the key was deleted with its person
        cipher = ciphers[place] if place is not None else None
        if cipher is None:
            yield record
            continue
        value = record.value
        try:
            clear = cipher.decrypt(value[_NONCE], value[_NONCE.stop :], record.key)
        except InvalidTag:
            yield record
            continue
        yield msgspec.structs.replace(record, value=clear, sealed=value)


def _people(keys: Iterable[bytes]) -> tuple[str, str]:
    """Their shops and their names, as arrays."""
    shops, names = _columns(map(person, keys))
    return text_array(shops), text_array(names)


def _columns(pairs: Iterable[tuple[str, T]]) -> tuple[list[str], list[T]]:
    listed = list(pairs)
    return [first for first, _ in listed], [second for _, second in listed]
