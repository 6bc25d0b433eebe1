"""One attempt at a call of a system: the conversation that its operation is, and what became of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import structlog
from msgspec import Struct

from relevo_contracts.zones import zone_of
from relevo_notifier.app.converse import AskSystem, Interrupted, Limit, converse
from relevo_notifier.app.exchanges import Exchanges
from relevo_notifier.app.host_limiter import HostBusy
from relevo_notifier.app.ports import Attempting
from relevo_notifier.core.calls import (
    CallRules,
    CallState,
    CallWork,
    SettledCall,
    after_reply,
    final,
    given_up,
    interrupted_too_often,
    put_back,
)
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.requests import InvalidCall, place_at, target_of
from relevo_notifier.core.systems import (
    Access,
    Declined,
    Later,
    SignedOut,
    System,
    SystemCall,
    Token,
    given_of,
    reference_of,
)
from relevo_runtime.clock import Clock
from relevo_runtime.errors import RuntimeFault

_log = structlog.get_logger(__name__)
_UNUSABLE_PAUSE = timedelta(minutes=1)
_SPARE = timedelta(seconds=60)
"""A token is not used in the last minute of its time."""


class ShopSystems(Protocol):
    """Which system serves a port of a shop."""

    async def refresh(self) -> None:
        """Read it again if it has changed. Raises what is temporary."""
        ...

    def access(self, shop: str, port: str) -> Access | None:
        """How it is reached; `None`: nothing serves the port. Raises `RuntimeFault` if its secrets can't be opened."""
        ...

    def address(self, shop: str, port: str) -> str:
        """Where it is, as far as that is known now; empty if it is not."""
        ...


class CallRequirements(Struct, frozen=True):
    """What an attempt at a call of a system works with. `longest`: wall seconds that it may take at most."""

    systems: Mapping[str, System]
    shops: ShopSystems
    exchanges: Exchanges
    rules: CallRules
    clock: Clock
    longest: float


class CallOrSystem:
    """Has systems do what calls want of them, and other calls made by `calls`."""

    def __init__(self, calls: Attempting[CallWork, SettledCall], needs: CallRequirements) -> None:
        self._calls = calls
        self._needs = needs
        self._tokens: dict[tuple[str, str, str], Token] = {}

    def place(self, work: CallWork) -> str:
        """The host that limits go by: a system's, for what is asked of one. Empty while it is not known."""
        if work.call.system is None:
            return work.place
        port = work.call.system.operation.partition(".")[0]
        return place_at(self._needs.shops.address(work.call.shop, port))

    async def ready(self, work: CallWork) -> None:
        """What a call needs; which systems there are."""
        if work.call.system is not None:
            await self._needs.shops.refresh()
        await self._calls.ready(work)

    async def __call__(self, work: CallWork) -> SettledCall:
        """Have the system do it, or make the call; says how it is settled."""
        if work.call.system is None:
            return await self._calls(work)
        now = self._needs.clock.now()
        if interrupted_too_often(work, self._needs.rules):
            return given_up(work, now)
        try:
            access = self._access(work, work.call.system.operation.partition(".")[0])
        except RuntimeFault as fault:
            return put_back(work, str(fault), now + self._needs.rules.span(_UNUSABLE_PAUSE), now, self._needs.rules)
        except Declined as declined:
            return self._declined(work, declined)
        try:
            return await self._attempt(work, access)
        except HostBusy as busy:
            return put_back(work, str(busy), busy.at, now, self._needs.rules)

    def put_back(self, work: CallWork, now: datetime) -> SettledCall:
        """Nobody was asked."""
        return self._calls.put_back(work, now)

    def failed(self, work: CallWork, why: str, now: datetime) -> SettledCall:
        """It is over: the notifier fails at it."""
        return self._calls.failed(work, why, now)

    def _access(self, work: CallWork, port: str) -> Access:
        access = self._needs.shops.access(work.call.shop, port)
        system = self._needs.systems.get(access.system) if access is not None else None
        if access is None or system is None or system.port != port:
            named = next((one.name for one in self._needs.systems.values() if one.port == port), "NAME")
            advice = f"relevo systems add {work.call.shop} {port} {named}"
            raise Declined(f"shop {work.call.shop} has no system that serves {port}: add one with `{advice}`", 503)
        return msgspec.structs.replace(access, title=system.title)

    async def _attempt(self, work: CallWork, access: Access) -> SettledCall:
        target = target_of(access.base_url)
        if isinstance(target, InvalidCall):
            return self._declined(work, Declined(f"the address of {access.name} can't be called: {target.reason}"))
        try:
            with self._needs.exchanges.visit(place_at(access.base_url), work.call) as host:
                answer = await self._carried_out(work, access, host.ask)
        except Interrupted as interrupted:
            return after_reply(work, interrupted.reply, self._needs.clock.now(), self._needs.rules)
        except Later as later:
            reply = Replied(429, wait=later.wait)
            return after_reply(work, reply, self._needs.clock.now(), self._needs.rules)
        except Declined as declined:
            return self._declined(work, declined)
        except HostBusy:
            raise
        except Exception as error:  # noqa: BLE001 - an answer that nobody thought of: it may have been carried out
            _log.error("answer_not_understood", call=work.call.id, system=access.system, error=type(error).__name__)
            reason = f"the answer of {access.name} was not understood ({type(error).__name__})"
            return final(work, "in_doubt", self._needs.clock.now(), reason)
        return final(work, "answered", self._needs.clock.now(), "", Replied(200, msgspec.to_builtins(answer)))

    async def _carried_out(self, work: CallWork, access: Access, ask: AskSystem) -> Any:
        """What the system answers; who was signed out meanwhile signs in once more."""
        limit = Limit.of(min(work.call.timeout_seconds, self._needs.longest))
        signed_in = await self._signed_in(access, ask, limit)
        try:
            return await self._operation(work, signed_in, ask, limit)
        except SignedOut:
            if not signed_in.token:
                raise
            self._tokens.pop(_place_of(access), None)
        return await self._operation(work, await self._signed_in(access, ask, limit), ask, limit)

    async def _operation(self, work: CallWork, access: Access, ask: AskSystem, limit: Limit) -> Any:
        wanted = work.call.system
        action = wanted.operation.partition(".")[2] if wanted is not None else ""
        operation = self._needs.systems[access.system].operations.get(action)
        if operation is None:
            raise Declined(f"{access.name} can't do {action}", 501)
        call = SystemCall(
            access=access,
            reference=reference_of(work.call),
            repeated=work.attempts > 1 or work.doubtful or work.doubts > 0,
            now=self._needs.clock.now(),
        )
        given = given_of(work.call, zone_of(access.timezone))
        return await converse(operation(given, call), access.base_url, ask, limit)

    async def _signed_in(self, access: Access, ask: AskSystem, limit: Limit) -> Access:
        sign_in = self._needs.systems[access.system].sign_in
        if sign_in is None:
            return access
        now, place = self._needs.clock.now(), _place_of(access)
        token = self._tokens.get(place)
        if token is None or token.expires_at <= now + self._needs.rules.span(_SPARE):
            token = await converse(sign_in(access, now), access.base_url, ask, limit)
            self._tokens[place] = token
        return msgspec.structs.replace(access, token=token.value)

    def _declined(self, work: CallWork, declined: Declined) -> SettledCall:
        state: CallState = "in_doubt" if work.doubts else "failed"
        return final(work, state, self._needs.clock.now(), str(declined), Replied(declined.status))


def _place_of(access: Access) -> tuple[str, str, str]:
    """What a token opens: what was given for one shop, port and set of credentials opens nothing else."""
    return access.shop, access.port, repr(sorted(access.credentials.items()))
