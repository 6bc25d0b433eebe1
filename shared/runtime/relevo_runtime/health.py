"""How a service is doing, part by part: what /readyz answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

_PROBE_SECONDS = 2.0


class Part(Struct):
    """One part of a service. `seen` is monotonic time of its last sign of life; `within` how old that may grow."""

    ok: bool = True
    why: str = ""
    seen: float | None = None
    within: float | None = None


class Report(Struct, frozen=True):
    """What /readyz answers: ready only if every part is."""

    ready: bool
    parts: dict[str, dict[str, object]]


class Health:
    """Collects the state of a service's parts; cheap enough to be told once a batch.

    A part that was never mentioned doesn't count. Ages are wall-clock seconds, whatever the clock's speed.
    """

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._probes: dict[str, Callable[[], Awaitable[object]]] = {}

    def beat(self, part: str) -> None:
        """`part` has just done its work."""
        self._part(part).seen = time.monotonic()

    def set(self, part: str, ok: bool, why: str = "") -> None:
        """`part` works, or doesn't, and why."""
        found = self._part(part)
        found.ok, found.why = ok, why

    def expect(self, part: str, within: float) -> None:
        """From now on `part` counts as bad when its last beat is older than `within` seconds."""
        found = self._part(part)
        found.within = within
        found.seen = time.monotonic()

    def probe(self, part: str, check: Callable[[], Awaitable[object]]) -> None:
        """Ask `check` at each report; an exception, or more than two seconds, means bad."""
        self._probes[part] = check

    async def report(self) -> Report:
        """The state of all parts now."""
        for name, check in self._probes.items():
            await self._ask(name, check)
        parts = {name: _shown(part) for name, part in sorted(self._parts.items())}
        return Report(all(bool(part["ok"]) for part in parts.values()), parts)

    async def _ask(self, name: str, check: Callable[[], Awaitable[object]]) -> None:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await check()
        except TimeoutError:
            self.set(name, False, f"no answer in {_PROBE_SECONDS:.0f} s")
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            self.set(name, False, f"{type(error).__name__}: {error}")
        else:
            self.set(name, True)
            self.beat(name)

    def _part(self, name: str) -> Part:
        return self._parts.setdefault(name, Part())


def _shown(part: Part) -> dict[str, object]:
    age = None if part.seen is None else round(time.monotonic() - part.seen, 3)
    late = part.within is not None and age is not None and age > part.within
    shown: dict[str, object] = {"ok": part.ok and not late}
    if part.why or late:
        shown["why"] = part.why or f"nothing done for {age} s"
    if age is not None:
        shown["age_seconds"] = age
    return shown
