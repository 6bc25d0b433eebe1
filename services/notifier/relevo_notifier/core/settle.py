"""From the end of an attempt to what is written down and reported. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

import msgspec
from msgspec import Struct

from relevo_contracts.messages import DeliveryOutcome, OutcomeStatus
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown
from relevo_notifier.core.work import Settled, Work
from relevo_runtime.storable import storable, storable_text

LONGEST_REASON = 1000
"""Characters: a reason is for people."""
AGAIN = "sent again after an attempt of which nobody knows how it ended: it may have arrived twice"

_encode = msgspec.json.Encoder().encode


class Rules(Struct, frozen=True):
    """How attempts that did not succeed go on. `span` turns wall time into clock time (`Clock.span`).

    What a provider took is written down after `settled_within` (wall time), or is in doubt.
    """

    retry: Retry
    span: Callable[[timedelta], timedelta]
    doubt_pause: timedelta = timedelta(seconds=5)
    settled_within: timedelta = timedelta(seconds=60)


def final(
    work: Work,
    status: OutcomeStatus,
    now: datetime,
    reason: str = "",
    *,
    provider_id: str = "",
    detail: dict[str, str] | None = None,
    suppress: str = "",
) -> Settled:
    """The delivery is over, with this outcome."""
    delivery = work.delivery
    # What providers and libraries say is kept and travels as text, whatever it was made of.
    reason, provider_id = storable_text(reason)[:LONGEST_REASON], storable_text(provider_id)
    report = DeliveryOutcome(
        id=f"{delivery.id}/outcome",  # depends on the delivery alone: a second report is known as such
        delivery_id=delivery.id,
        shop=delivery.shop,
        key=delivery.key,
        run_id=delivery.run_id,
        workflow=delivery.workflow,
        step=delivery.step,
        channel=delivery.channel,
        status=status,
        at=now,
        reason=reason,
        detail=storable(detail or {}) | ({"provider_id": provider_id} if provider_id else {}),
    )
    return Settled(
        work=work, state=status, reason=reason, provider_id=provider_id, outcome=_encode(report), suppress=suppress
    )


def put_back(work: Work, now: datetime) -> Settled:
    """Nothing was attempted, and it is due at once. It names no reason: nothing put it off."""
    return Settled(work=work, state="queued", wake_at=now, counts=False)


def after(
    work: Work,
    answer: ProviderResult,
    address: str,
    now: datetime,
    rules: Rules,
    *,
    notes: tuple[str, ...] = (),
    blocks: tuple[str, ...] = (),
) -> Settled:
    """What follows from a provider's answer to the attempt at hand.

    `notes` say what the message went without, `blocks` which entries of content it showed.
    """
    if isinstance(answer, Sent):
        detail = {**answer.detail, "left_out": "; ".join(notes)} if notes else answer.detail
        said = [AGAIN] * bool(work.doubts) + [f"it shows {', '.join(blocks)}"] * bool(blocks)
        settled = final(work, "sent", now, "; ".join(said), provider_id=answer.provider_id, detail=detail)
        settled = msgspec.structs.replace(settled, recipient=address)
    else:
        settled = _unsent(work, answer, address, now, rules)
    return msgspec.structs.replace(settled, gone=answer.gone)


def _unsent(work: Work, answer: Rejected | TryLater | Unknown, address: str, now: datetime, rules: Rules) -> Settled:
    match answer:
        case Rejected(reason, suppress, detail):
            return failed(work, now, reason, detail, address if suppress else "")
        case TryLater():
            return _later(work, answer, now, rules)
        case Unknown(reason):
            # It stays in `sending`: whoever looks at it next treats it as in doubt.
            again_at = now + rules.span(rules.doubt_pause)
            return Settled(work=work, state="sending", reason=reason, wake_at=again_at, recipient=address)
        case _:
            assert_never(answer)


def _later(work: Work, answer: TryLater, now: datetime, rules: Rules) -> Settled:
    # What is no message's fault uses up no attempt: it costs nothing but time.
    counts = answer.concern == "message"
    wait = rules.retry.wait(work.attempts if counts else 1, work.delivery.id, answer.wait)
    if (answer.reached or work.reached) and (wait is None or now + rules.span(wait) > work.delivery.not_after):
        return final(work, "sent", now, f"some devices have it; given up for the others: {answer.reason}")
    if wait is None:
        return failed(work, now, f"gave up after {work.attempts} attempts: {answer.reason}", answer.detail)
    at = now + rules.span(wait)
    if at > work.delivery.not_after:
        return failed(work, now, f"too late for another attempt: {answer.reason}", answer.detail)
    reason = f"rate: {answer.reason}" if answer.concern in ("rate", "destination") else answer.reason
    return Settled(work=work, state="queued", reason=reason, wake_at=at, counts=counts, reached=answer.reached)


def failed(work: Work, now: datetime, reason: str, detail: dict[str, str] | None = None, suppress: str = "") -> Settled:
    """The delivery is over without having gone out in this attempt; in doubt if an earlier one may have arrived."""
    if work.doubts:
        return final(
            work,
            "in_doubt",
            now,
            f"an earlier attempt may have arrived; then {reason}",
            detail=detail,
            suppress=suppress,
        )
    return final(work, "failed", now, reason, detail=detail, suppress=suppress)
