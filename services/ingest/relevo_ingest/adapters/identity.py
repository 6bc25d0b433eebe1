"""The keys of persons and products, from the table `ingest.alias`: one statement for all who wait."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

import asyncpg

from relevo_ingest.app.ports import Outcome
from relevo_ingest.core.aliases import Alias, Kind, Lookup, Visitor, new_key
from relevo_ingest.core.errors import Busy
from relevo_runtime.coalescing import Coalescer
from relevo_runtime.postgres import Pool, Statements, temporary, text_array

STATEMENTS = Statements.load("relevo_ingest.adapters", "identity.sql")
_MOST_AT_ONCE = 250
_TRIES = 6

_CERTAIN = frozenset((Kind.CUSTOMER, Kind.PRODUCT))
"""Kinds of names that mean one person or product for certain, whatever else an event names."""


_KINDS = {kind: str(int(kind)) for kind in Kind}


class _Group:
    """Lookups that are asked as one, because they are about one person or product for certain."""

    __slots__ = ("aliases", "places", "shop", "strongest")

    def __init__(self, lookup: Lookup, place: int) -> None:
        self.shop = lookup.shop
        self.strongest = lookup.aliases[0]
        self.aliases = dict.fromkeys(lookup.aliases)
        self.places = [place]

    def add(self, lookup: Lookup, place: int) -> None:
        self.aliases.update(dict.fromkeys(lookup.aliases))
        self.places.append(place)

    def takes(self, lookup: Lookup) -> bool:
        """Whether `lookup` is about the same for certain: by its id, or by the very same names."""
        strongest = lookup.aliases[0]
        certain = strongest.kind in _CERTAIN and strongest == self.strongest
        return certain or dict.fromkeys(lookup.aliases) == self.aliases


class Identity:
    """Finds and makes keys. Lookups that wait at the same time share one round trip to the database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._rounds = Coalescer(self._keys, is_shared=_is_for_all, select=self._without_conflicts)
        self._round: tuple[list[Lookup], list[_Group]] = ([], [])

    async def key(self, lookup: Lookup) -> str:
        """The key of a person or a product; the same for ever once it was given.

        Raises `Busy` if the database can't be asked now; asking again is always safe.
        """
        (found,) = await self.key_of_each([lookup])
        if isinstance(found, Exception):
            raise found
        return found

    async def key_of_each(self, lookups: Sequence[Lookup]) -> list[Outcome[str]]:
        """The key of each, or what `key` would raise."""
        found = await self._rounds.call_each(lookups)
        return [_as_answered(one) if isinstance(one, Exception) else one for one in found]

    async def known(self, shop: str, names: Sequence[Alias]) -> list[str]:
        """The keys that these names have, each once; of those not known none. Raises `Busy`."""
        rows = await self._now("keys_of", shop, [alias.name for alias in names])
        return [row["key"] for row in rows]

    async def visitor(self, shop: str, name: Alias) -> Visitor | None:
        """What the name of a browser leads to; `None` if it was never heard of. Raises `Busy`."""
        rows = await self._now("visitor", shop, name.name)
        return Visitor(rows[0]["key"], rows[0]["owned"]) if rows else None

    async def merge(self, shop: str, merged: Sequence[str], kept: str) -> None:
        """All names of the `merged` keys lead to `kept` from now on, as do erasures that wait. Raises `Busy`."""
        await self._now("merge", shop, list(merged), kept)

    async def _now(self, statement: str, *values: object) -> list[asyncpg.Record]:
        try:
            found: list[asyncpg.Record] = await self._pool.fetch(STATEMENTS[statement], *values)
        except Exception as error:
            if temporary(error) or isinstance(error, asyncpg.DeadlockDetectedError):
                raise Busy(f"the database can't be asked now: {error!r}") from error
            raise
        return found

    def _without_conflicts(self, waiting: Sequence[Lookup]) -> list[int]:
        """The next round: those that are asked with the groups of `_groups`, which are made once."""
        groups = _groups(waiting)
        places = sorted(place for group in groups for place in group.places)
        if len(places) == len(waiting):
            self._round = (list(waiting), groups)
        return places

    async def _keys(self, lookups: Sequence[Lookup]) -> list[str]:
        made_for, groups = self._round
        if made_for != lookups:
            groups = _groups(lookups)
        found = {
            place: key for group, key in zip(groups, await self._resolve(groups), strict=True) for place in group.places
        }
        return [found[place] for place in range(len(lookups))]

    async def _resolve(self, groups: list[_Group]) -> list[str]:
        """The keys of `groups`, which share no name. Tries again when another process stored a name just now."""
        for _ in range(_TRIES - 1):
            try:
                return await self._ask(groups)
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
                continue
        return await self._ask(groups)

    async def _ask(self, groups: list[_Group]) -> list[str]:
        columns = zip(*(row for n, group in enumerate(groups) for row in _rows(n, group)), strict=True)
        found = await self._pool.fetch(STATEMENTS["resolve"], *map(text_array, columns))
        keys = {row["n"]: row["key"] for row in found}
        return [keys[n] for n in range(len(groups))]


def _as_answered(error: Exception) -> Exception:
    """What is said of an error: `Busy` if trying again helps."""
    return Busy.after(error, f"the database can't be asked now: {error!r}") if _is_for_all(error) else error


def _is_for_all(error: Exception) -> bool:
    """Whether it is the database's state, and no single lookup, that is in the way."""
    return temporary(error) or isinstance(error, asyncpg.UniqueViolationError)


def _groups(lookups: Sequence[Lookup]) -> list[_Group]:
    """Those of `lookups` that can be asked at once, in order of arrival: no two groups share a name.

    Lookups with the same id, or with the very same names, are asked as one. One that shares another name with an
    earlier one waits for the next round, which sees what this one stored: an address alone proves nothing.
    """
    groups: list[_Group] = []
    of_shops: dict[str, dict[Alias, _Group | None]] = {}
    for place, lookup in enumerate(lookups):
        if len(groups) == _MOST_AT_ONCE:
            break
        aliases, owner = lookup.aliases, of_shops.setdefault(lookup.shop, {})
        if owner.keys().isdisjoint(aliases):  # nearly always
            group = _Group(lookup, place)
            groups.append(group)
        else:
            found = _group_of(lookup, owner)
            if found is None:
                owner.update(dict.fromkeys(aliases))  # whoever shares a name with it must come after it
                continue
            group = found
            group.add(lookup, place)
        owner.update(dict.fromkeys(aliases, group))
    return groups


def _group_of(lookup: Lookup, owner: Mapping[Alias, _Group | None]) -> _Group | None:
    """The group that is about the same for certain, if all the names that somebody has are its own."""
    owners = {id(owner[alias]) for alias in lookup.aliases if alias in owner}
    first = owner.get(lookup.aliases[0])
    return None if first is None or len(owners) > 1 or not first.takes(lookup) else first


_kind = attrgetter("kind")


def _rows(n: int, group: _Group) -> Iterable[tuple[str, ...]]:
    aliases = tuple(sorted(group.aliases, key=_kind) if len(group.places) > 1 else group.aliases)
    proposed = new_key(group.shop, aliases)
    number = str(n)
    return [(number, group.shop, alias.name, _KINDS[alias.kind], proposed) for alias in aliases]
