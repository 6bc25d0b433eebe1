"""How a service is doing, part by part: what /readyz answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import NamedTuple

from msgspec import Struct

RELEASE = version("relevo-runtime")
_PROBE_SECONDS = 2.0


class Part(Struct):
    """One part of a service. `seen` is monotonic time of its last sign of life; `within` how old that may grow."""

    ok: bool = True
    why: str = ""
    seen: float | None = None
    within: float | None = None


class Probe(NamedTuple):
    """Asks whether a system outside answers. Several probes may ask the same system."""

    of: str
    check: Callable[[], Awaitable[object]]


class Report(Struct, frozen=True):
    """What /readyz answers: ready only if every part is. `version` is the release."""

    ready: bool
    parts: dict[str, dict[str, object]]
    version: str = RELEASE


class Health:
    """Collects the state of a service's parts; cheap enough to be told once a batch.

    A part that was never mentioned doesn't count. Ages are wall-clock seconds, whatever the clock's speed.
    """

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._probes: dict[str, Probe] = {}

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

    def probe(self, part: str, check: Callable[[], Awaitable[object]], *, of: str = "") -> None:
        """Ask `check` at each report; an exception, or more than two seconds, means bad.

        `of` names the system outside whose answer it is, as people call it.
        """
        self._probes[part] = Probe(of or part, check)

    async def ask(self) -> dict[str, str | None]:
        """Ask all probes at once; for each system outside why it does not answer, or None."""
        probes = dict(self._probes)
        answers = await asyncio.gather(*(self._ask(part, probe.check) for part, probe in probes.items()))
        found: dict[str, str | None] = {}
        for probe, why in zip(probes.values(), answers, strict=True):
            found[probe.of] = found.get(probe.of) or why
        return found

    async def report(self) -> Report:
        """The state of all parts now."""
        await self.ask()
        parts = {name: _shown(part) for name, part in sorted(self._parts.items())}
        return Report(all(bool(part["ok"]) for part in parts.values()), parts)

    async def _ask(self, name: str, check: Callable[[], Awaitable[object]]) -> str | None:
        why = None
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await check()
        except TimeoutError:
            why = f"no answer in {_PROBE_SECONDS:.0f} s"
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            why = f"{type(error).__name__}: {error}"
        self.set(name, why is None, why or "")
        if why is None:
            self.beat(name)
        return why

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
