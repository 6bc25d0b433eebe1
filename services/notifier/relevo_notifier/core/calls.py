"""A call on its way through the notifier, and from what came back to what is written down and reported. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from relevo_contracts.messages import CallAnswered, CallHttp
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.replies import Blocked, ConnectionLost, Replied, Reply, Unreachable
from relevo_notifier.core.webhook_replies import is_throttled, refusal
from relevo_runtime.outgoing import LARGEST_MESSAGE
from relevo_runtime.storable import storable_text

CallState = Literal["queued", "calling", "answered", "failed", "skipped", "in_doubt"]
CHANNEL = "http"

_encode = msgspec.json.Encoder().encode


class CallWork(Struct, frozen=True, kw_only=True):
    """A call that this instance holds until `lease` (clock time). Counts as for deliveries.

    `place` is the host and port that limits and circuits go by; empty if the URL has none.
    """

    call: CallHttp
    lease: datetime
    attempts: int = 0
    doubts: int = 0
    doubtful: bool = False
    accepted_at: datetime
    place: str

    @property
    def command(self) -> CallHttp:
        """The call."""
        return self.call

    @property
    def channel(self) -> str:
        """There is one for all calls."""
        return CHANNEL

    @property
    def urgent(self) -> bool:
        """No call is more urgent than others."""
        return False

    @property
    def ref(self) -> tuple[str, str]:
        """The primary key of its row."""
        return self.call.shop, self.call.id


class SettledCall(Struct, frozen=True, kw_only=True):
    """What became of an attempt: the row's new state and counts, and the report if it is final."""

    work: CallWork
    state: CallState
    attempts: int
    doubts: int
    status: int = 0
    reason: str = ""
    outcome: bytes | None = None
    wake_at: datetime | None = None


class CallRules(Struct, frozen=True):
    """How calls go on. `span` turns wall time into clock time; what can't be tried in `patience` (wall) is given up."""

    retry: Retry
    span: Callable[[timedelta], timedelta]
    patience: timedelta = timedelta(hours=1)


def after_reply(work: CallWork, reply: Reply, now: datetime, rules: CallRules) -> SettledCall:
    """What follows from what came back. The same call may be made again: its `Idempotency-Key` is the same."""
    match reply:
        case Replied() if not (reply.later or is_throttled(work.call.webhook, reply)):
            refused = refusal(work.call.webhook, reply)
            return final(work, "failed" if refused else "answered", now, refused or reply.error, reply)
        case Replied():
            reason = f"it answered {reply.status}"
            return _again(work, reason, now, rules, wait=reply.wait) or final(
                work, "answered", now, _gave_up(work, reason), reply
            )
        case Unreachable(reason):
            state: CallState = "in_doubt" if work.doubts else "failed"
            return _again(work, reason, now, rules) or final(work, state, now, _gave_up(work, reason))
        case ConnectionLost(reason):
            doubted = msgspec.structs.replace(work, doubts=work.doubts + 1)
            return _again(doubted, reason, now, rules) or final(doubted, "in_doubt", now, _gave_up(doubted, reason))
        case Blocked(reason):
            return final(work, "in_doubt" if work.doubts else "failed", now, reason)
        case _:
            assert_never(reply)


def interrupted_too_often(work: CallWork, rules: CallRules) -> bool:
    """Whether what interrupted the attempts may well be the call itself."""
    return work.doubtful and work.attempts > rules.retry.attempts


def given_up(work: CallWork, now: datetime) -> SettledCall:
    """For `interrupted_too_often`."""
    return final(work, "in_doubt", now, f"{work.attempts - 1} attempts were interrupted: it may have been carried out")


def put_back(work: CallWork, reason: str, at: datetime, now: datetime, rules: CallRules) -> SettledCall:
    """No attempt was made: look again at `at`; it does not count. Given up if that has gone on for too long."""
    if now > work.accepted_at + rules.span(rules.patience):
        return final(work, "in_doubt" if work.doubts else "failed", now, reason)
    return SettledCall(
        work=work,
        state="calling" if work.doubtful else "queued",
        attempts=work.attempts - 1,
        doubts=work.doubts - work.doubtful,
        reason=reason,
        wake_at=at,
    )


def final(
    work: CallWork, state: CallState, now: datetime, error: str = "", reply: Replied | None = None
) -> SettledCall:
    """The call is over, and this is its answer."""
    call, error = work.call, storable_text(error)
    report = CallAnswered(
        id=f"{call.id}/answer",  # depends on the call alone: a second report is known as such
        shop=call.shop,
        key=call.key,
        run_id=call.run_id,
        call_id=call.id,
        at=now,
        status=reply.status if reply else 0,
        body=reply.body if reply else None,
        error=error,
    )
    outcome = _encode(report)
    if len(outcome) > LARGEST_MESSAGE:  # an answer of control characters is six times as long in JSON
        error = f"the answer takes {len(outcome)} bytes as JSON, a message may have {LARGEST_MESSAGE}"
        outcome = _encode(msgspec.structs.replace(report, body=None, error=error))
    return SettledCall(
        work=work,
        state=state,
        attempts=work.attempts,
        doubts=work.doubts,
        status=report.status,
        reason=error,
        outcome=outcome,
    )


def _again(work: CallWork, reason: str, now: datetime, rules: CallRules, *, wait: float = 0.0) -> SettledCall | None:
    pause = rules.retry.wait(work.attempts, work.call.id, wait)
    if pause is None:
        return None
    return SettledCall(
        work=work,
        state="queued",
        attempts=work.attempts,
        doubts=work.doubts,
        reason=reason,
        wake_at=now + rules.span(pause),
    )


def _gave_up(work: CallWork, reason: str) -> str:
    tries = "1 attempt" if work.attempts == 1 else f"{work.attempts} attempts"
    doubt = "; an attempt may have been carried out" if work.doubts else ""
    return f"gave up after {tries}: {reason}{doubt}"
