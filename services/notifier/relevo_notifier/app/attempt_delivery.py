"""One attempt at one delivery, from the decision to the provider's answer. No transaction is open meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from msgspec import structs

from relevo_contracts.standing import BEGINS_WITHIN
from relevo_notifier.app.flow import Flow, FlowRules
from relevo_notifier.app.ports import FoundText, Message, Provider, TakenTexts
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.destinations import place_of
from relevo_notifier.core.policy import in_doubt
from relevo_notifier.core.prices import COST, TOLD, Prices
from relevo_notifier.core.provider_results import ProviderResult, Sent, Unknown
from relevo_notifier.core.settle import Rules, after, failed, final, put_back
from relevo_notifier.core.work import Settled, Work
from relevo_runtime.clock import Clock
from relevo_runtime.errors import described
from relevo_runtime.metrics import Metrics
from relevo_runtime.supervision import contained
from relevo_runtime.traces import NO_TRACES, Traces
from relevo_templates.segments import segments_of

_log = structlog.get_logger(__name__)


NO_PRICES = Prices()
Ask = Callable[[Sequence[Work]], Awaitable[list[Work]]]
"""The same deliveries with what is known of their people by now."""


class Attempt:
    """Makes attempts over one provider, which goes by `name` in the table; `flow` learns what came of them.

    A call that needs consent begins within `BEGINS_WITHIN` of when that was asked for; what took longer asks `anew`.
    """

    def __init__(
        self,
        provider: Provider,
        prepare: Prepare,
        rules: Rules,
        clock: Clock,
        metrics: Metrics,
        *,
        texts: TakenTexts,
        name: str = "",
        flow: Flow | None = None,
        anew: Ask | None = None,
        prices: Prices = NO_PRICES,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._name = name
        self._flow = flow or Flow(name, (), FlowRules(), clock)
        self._anew = anew
        self._prices = prices
        self._traces = traces
        self._texts = texts
        self._provider = provider
        self._prepare = prepare
        self._rules = rules
        self._clock = clock
        self._seconds = metrics.provider_seconds.labels(provider.channel)

    async def ready(self, work: Work) -> None:
        """Read what rendering needs of the catalog."""
        await self._prepare.load([work])

    async def __call__(self, work: Work) -> Settled:
        """Send `work`, which is ready, if it may be sent, or clear up what became of it; says how it is settled."""
        message = await self._cleared_up(work, self._message(work))
        if isinstance(message, Message):
            message = await self._by_now(work, message)
        if isinstance(message, Message) and not work.doubtful:
            message = self._slowed(work, message) or message
        if isinstance(message, Settled):
            self._flow.passed_by(work, self._clock.now())
            return message
        place = place_of(work.delivery.channel, message.recipient)
        answer = await self._send(work, message)
        self._flow.ended(place, answer, self._clock.now())
        return self._after(work, answer, message)

    def _slowed(self, work: Work, message: Message) -> Settled | None:
        """Put off if whoever it goes to asked for less."""
        place = place_of(work.delivery.channel, message.recipient)
        kept_back = self._flow.enter(place, work.delivery.id, self._clock.now())
        if kept_back is None:
            return None
        reason, at = kept_back
        return Settled(work=work, state="queued", reason=reason, wake_at=at, counts=False)

    async def _cleared_up(self, work: Work, message: Message | Settled) -> Message | Settled:
        """`message`, unless the delivery is in doubt and is settled otherwise."""
        return (await self._clear_up(work, message) or message) if work.doubtful else message

    async def _by_now(self, work: Work, message: Message) -> Message | Settled:
        """The message as it is by what is known now: whoever left meanwhile was told that nothing comes any more."""
        if self._anew is None or not _is_old(work):
            return message
        try:
            [asked] = await contained(self._anew([work]))
        except Exception as error:  # noqa: BLE001 - whatever it is, consent is not known, and nothing went out
            return self._not_asked(work, message, described(error))
        if _is_old(asked):
            return self._not_asked(work, message, "the answer took too long")
        again = self._message(asked)
        if work.doubtful and isinstance(again, Settled):
            reason = f"an earlier attempt may have arrived; not sent again: {again.reason}"
            return final(work, "in_doubt", self._clock.now(), reason)
        return again

    def _not_asked(self, work: Work, message: Message, why: str) -> Settled:
        _log.warning("consent_not_asked", delivery=work.delivery.id, reason=why, repeats="consent")
        if work.doubtful:
            return self._after(work, Unknown(f"consent can't be asked for now: {why}"[:300]), message)
        return put_back(work, self._clock.now())

    def put_back(self, work: Work, now: datetime) -> Settled:
        """Back into the queue: it certainly did not go out."""
        self._flow.passed_by(work, now)
        return put_back(work, now)

    def failed(self, work: Work, why: str, now: datetime) -> Settled:
        """It is over: the notifier fails at it. In doubt if an earlier attempt may have arrived."""
        return failed(work, now, f"the notifier failed at it: {why}")

    def _message(self, work: Work) -> Message | Settled:
        try:
            return self._prepare.message(work, self._clock.now())
        except Exception as error:  # noqa: BLE001 - what can't be prepared now never can be
            _log.exception("preparing_failed", shop=work.delivery.shop, delivery=work.delivery.id)
            return failed(work, self._clock.now(), f"the message can't be prepared: {described(error)}")

    async def _send(self, work: Work, message: Message) -> ProviderResult:
        of = work.delivery
        with self._traces.child(
            f"send {self._provider.channel}",
            "client",
            {"relevo.shop": of.shop, "relevo.workflow": of.workflow, "relevo.step": of.step},
            parent=of.traceparent,
        ) as span:
            answer = await self._handed_over(message)
            span.note({"relevo.provider": self._name, "relevo.outcome": type(answer).__name__})
            return answer

    async def _handed_over(self, message: Message) -> ProviderResult:
        try:
            with self._seconds.time():
                return await contained(self._provider.send(message))
        except Exception as error:  # noqa: BLE001 - a bug in an adapter: the message may have gone out before it
            _log.exception("provider_failed", channel=self._provider.channel, delivery=message.effect)
            return Unknown(f"the provider's adapter failed: {described(error)}"[:300])

    def _after(self, work: Work, answer: ProviderResult, message: Message) -> Settled:
        now = self._clock.now()
        try:
            counted = self._counted(work, answer, message)
            settled = after(
                work, counted, message.recipient, now, self._rules, notes=message.notes, blocks=message.blocks
            )
            return structs.replace(settled, findable=self._provider.can_ask, asked=message.asked)
        except Exception as error:  # noqa: BLE001 - an answer that nobody thought of: it may have gone out
            _log.exception("answer_not_understood", channel=self._provider.channel, delivery=message.effect)
            return final(work, "in_doubt", now, f"the provider's answer was not understood: {described(error)}")

    async def _clear_up(self, work: Work, message: Message | Settled) -> Settled | None:
        """How a delivery in doubt is settled; `None`: it goes out again."""
        now = self._clock.now()
        if isinstance(message, Settled):
            reason = f"an earlier attempt may have arrived; not sent again: {message.reason}"
            return final(work, "in_doubt", now, reason)
        provider, retry = self._provider, self._rules.retry
        mine = work.tried_by in ("", self._name)  # another provider knows nothing of it
        if mine and self._is_repeatable(work, now):
            return None
        can_ask = provider.can_ask and mine
        match in_doubt(work.delivery, can_ask=can_ask, attempts=work.attempts, retry=retry):
            case "again":
                return None
            case "ask":
                return await self._ask(work, message, now)
            case "give_up":
                reason = "an attempt was interrupted: it may have arrived or not, and is not sent again"
                return final(work, "in_doubt", now, reason)

    def _is_repeatable(self, work: Work, now: datetime) -> bool:
        """Whether it arrives once even if it is handed over again."""
        age = self._clock.wall(now - work.accepted_at)
        return age < self._provider.repeatable_for and work.attempts <= self._rules.retry.attempts

    async def _ask(self, work: Work, message: Message, now: datetime) -> Settled | None:
        age = self._clock.wall(now - work.accepted_at)
        try:
            found = await contained(self._provider.find(message, age))
        except OSError as error:
            return self._after(work, Unknown(str(error)), message)
        except Exception as error:  # noqa: BLE001 - a bug in an adapter, or an answer that nobody thought of
            _log.exception("asking_failed", channel=self._provider.channel, delivery=message.effect)
            return self._after(work, Unknown(f"the provider can't be asked: {described(error)}"[:300]), message)
        return await self._own(work, message, found, now)

    async def _own(self, work: Work, message: Message, found: Sequence[FoundText], now: datetime) -> Settled | None:
        """Sent if one of these texts can be no other delivery's; looked at later if that can't be said yet."""
        grace = self._rules.settled_within
        old = [one.provider_id for one in found if one.age >= grace]
        own = await self._texts.take(work, old, now) if old else None
        if own is not None:
            return self._after(work, Sent(own, {"found": "the provider had it"}), message)
        free = set(await self._texts.free(work, [one.provider_id for one in found if one.age < grace]))
        wait = max((grace - one.age for one in found if one.provider_id in free), default=None)
        if wait is None:
            return None
        reason = "the provider has such a text, and another message that says the same may be on its way"
        at = now + self._rules.span(wait)
        return Settled(work=work, state="sending", reason=reason, wake_at=at, recipient=message.recipient)

    def _counted(self, work: Work, answer: ProviderResult, message: Message) -> ProviderResult:
        """The answer; of a message that was sent with what it costs, of an SMS with its segments."""
        if not isinstance(answer, Sent):
            return answer
        detail, segments = answer.detail, 1
        if self._provider.channel == "sms":
            found = segments_of(message.text)
            detail, segments = {**detail, "segments": str(found.count), "encoding": found.encoding}, found.count
        senders, told = (self._name, self._provider.channel), detail.get(TOLD, "")
        cost = self._prices.cost(work.delivery.shop, senders, message.recipient, segments=segments, told=told)
        return structs.replace(answer, detail={**detail, COST: cost} if cost else detail)


def _is_old(work: Work) -> bool:
    """Whether the consent that a message needs may have been withdrawn and acknowledged since it was asked for."""
    needed = work.delivery.purpose != "transactional"
    return needed and asyncio.get_running_loop().time() - work.asked_at > BEGINS_WITHIN
