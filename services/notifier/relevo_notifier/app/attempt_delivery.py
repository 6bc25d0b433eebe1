"""One attempt at one delivery, from the decision to the provider's answer. No transaction is open meanwhile."""

from datetime import datetime

import structlog
from msgspec import structs

from relevo_notifier.app.ports import Message, Provider
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.policy import in_doubt
from relevo_notifier.core.provider_results import ProviderResult, Sent, Unknown
from relevo_notifier.core.settle import Rules, after, failed, final, put_back
from relevo_notifier.core.work import Settled, Work
from relevo_runtime.clock import Clock
from relevo_runtime.errors import described
from relevo_runtime.metrics import Metrics
from relevo_runtime.supervision import contained
from relevo_templates.segments import segments_of

_log = structlog.get_logger(__name__)


class Attempt:
    """Makes attempts over one provider, which goes by `name` in the table."""

    def __init__(
        self, provider: Provider, prepare: Prepare, rules: Rules, clock: Clock, metrics: Metrics, *, name: str = ""
    ) -> None:
        self._name = name
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
        message = self._message(work)
        if work.doubtful:
            cleared = await self._clear_up(work, message)
            if cleared is not None:
                return cleared
        if isinstance(message, Settled):
            return message
        return self._after(work, await self._send(message), message)

    def put_back(self, work: Work, now: datetime) -> Settled:
        """Back into the queue: it certainly did not go out."""
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

    async def _send(self, message: Message) -> ProviderResult:
        try:
            with self._seconds.time():
                return await contained(self._provider.send(message))
        except Exception as error:  # noqa: BLE001 - a bug in an adapter: the message may have gone out before it
            _log.exception("provider_failed", channel=self._provider.channel, delivery=message.effect)
            return Unknown(f"the provider's adapter failed: {described(error)}"[:300])

    def _after(self, work: Work, answer: ProviderResult, message: Message) -> Settled:
        now = self._clock.now()
        try:
            return after(work, _counted(answer, message), message.recipient, now, self._rules, notes=message.notes)
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
        if found is None:
            return None
        return self._after(work, Sent(found, {"found": "the provider had it"}), message)


def _counted(answer: ProviderResult, message: Message) -> ProviderResult:
    """The answer; of an SMS that was sent with its segments, each of which is paid for."""
    if not isinstance(answer, Sent) or not isinstance(message.content, str):
        return answer
    found = segments_of(message.content)
    detail = {**answer.detail, "segments": str(found.count), "encoding": found.encoding}
    return structs.replace(answer, detail=detail)
