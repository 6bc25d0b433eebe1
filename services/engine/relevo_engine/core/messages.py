"""From the effects of a decision to the messages that leave the engine through the outbox. Pure."""

from typing import assert_never

import msgspec
from msgspec import structs

from relevo_contracts import topics
from relevo_contracts.messages import (
    CallHttp,
    CouponWanted,
    RecallWanted,
    SendDelivery,
    StartRequested,
    SystemWanted,
    recall_delivery,
)
from relevo_engine.core.inputs import IncomingMessage
from relevo_runtime.outgoing import LARGEST_MESSAGE, Outgoing
from relevo_workflow import CallSystem, Decision, Effect, Emit, Http, Recall, Send, StartRun, TakeCoupon

MESSAGE_EFFECTS = (Send, Recall, Emit, Http, TakeCoupon, CallSystem, StartRun)
MessageEffect = Send | Recall | Emit | Http | TakeCoupon | CallSystem | StartRun
"""Effects that are messages to other services, or to the engine itself."""


class EffectError(Exception):
    """An effect that can't leave the engine; `effect` is it."""

    def __init__(self, effect: Effect, problem: str) -> None:
        super().__init__(f"the effect {type(effect).__name__} {problem}")
        self.effect = effect


_encoder = msgspec.json.Encoder()


def outgoing(effect: MessageEffect, decision: Decision | None, arrived: IncomingMessage) -> Outgoing:
    """The message that carries out `effect`. Raises `EffectError` for one that is too large, or lacks its decision.

    The size is checked here, where only the input that caused it is refused: once in the outbox it would hold up all.
    """
    message = _message(effect, decision, arrived)
    if len(message.value) > LARGEST_MESSAGE:
        raise EffectError(
            effect,
            f"is {len(message.value)} bytes, a message may have {LARGEST_MESSAGE}: the workflow keeps too much of an"
            " event or an answer",
        )
    return message


def _message(effect: MessageEffect, decision: Decision | None, arrived: IncomingMessage) -> Outgoing:
    match effect:
        case Send():
            return _send(effect, _decided(effect, decision), arrived)
        case Recall():
            return _recall(effect, arrived)
        case Emit():
            return _emit(effect, arrived)
        case Http():
            return _call(effect, _decided(effect, decision), arrived)
        case TakeCoupon() | CallSystem():
            return _answered(effect, _decided(effect, decision), arrived)
        case StartRun():
            return _start(effect, arrived)
        case _:
            assert_never(effect)


def _decided(effect: Effect, decision: Decision | None) -> Decision:
    if decision is None:
        raise EffectError(effect, "belongs to no decision")
    return decision


def _traceparent(arrived: IncomingMessage, decision: Decision) -> str:
    """The trace of the input that caused a message; if it is in none, that in which the run was started."""
    return arrived.traceparent or (decision.run.traceparent if decision.run else "")


def _send(effect: Send, decision: Decision, arrived: IncomingMessage) -> Outgoing:
    command = SendDelivery(
        id=effect.id,
        shop=arrived.shop,
        key=arrived.key,
        run_id=decision.run.id if decision.run else "",
        workflow=decision.workflow,
        definition=decision.version,
        step=effect.step,
        channel=effect.channel,
        purpose=effect.purpose,
        template=effect.template,
        recipient=effect.recipient,
        to=effect.to,
        context=effect.context,
        decided_at=effect.decided_at,
        not_after=effect.not_after,
        reason=effect.reason,
        topic=effect.topic,
        templates=effect.templates,
        hops=effect.hops,
        traceparent=_traceparent(arrived, decision),
    )
    return Outgoing(arrived.shop, effect.id, topics.DELIVERIES, arrived.key, _encoder.encode(command))


def _recall(effect: Recall, arrived: IncomingMessage) -> Outgoing:
    """It goes the way of the deliveries, so that it comes after those that it takes back."""
    wanted = RecallWanted(deliveries=effect.deliveries, reason=effect.reason)
    command = recall_delivery(effect.id, arrived.shop, arrived.key, wanted, arrived.input.at)
    return Outgoing(arrived.shop, effect.id, topics.DELIVERIES, arrived.key, _encoder.encode(command))


def _call(effect: Http, decision: Decision, arrived: IncomingMessage) -> Outgoing:
    command = CallHttp(
        id=effect.id,
        shop=arrived.shop,
        key=arrived.key,
        run_id=decision.run.id if decision.run else "",
        workflow=decision.workflow,
        step=effect.step,
        method=effect.method,
        url=effect.url,
        timeout_seconds=effect.timeout_seconds,
        headers=effect.headers,
        body=effect.body,
        decided_at=decision.at,
        traceparent=_traceparent(arrived, decision),
    )
    return Outgoing(arrived.shop, effect.id, topics.CALLS, arrived.key, _encoder.encode(command))


def _answered(effect: TakeCoupon | CallSystem, decision: Decision, arrived: IncomingMessage) -> Outgoing:
    """It goes the way of calls; a notifier that does not know of it answers that it can't make a call without a URL."""
    coupon, system, seconds = None, None, 0.0
    match effect:
        case TakeCoupon():
            coupon = CouponWanted(
                pool=effect.pool,
                valid_until=effect.valid_until,
                email=effect.email,
                customer_id=effect.customer_id,
            )
        case CallSystem():
            system = SystemWanted(operation=effect.operation, given=effect.given)
            seconds = effect.timeout_seconds
    command = CallHttp(
        id=effect.id,
        shop=arrived.shop,
        key=arrived.key,
        run_id=decision.run.id if decision.run else "",
        workflow=decision.workflow,
        step=effect.step,
        method="",
        url="",
        timeout_seconds=seconds,
        decided_at=decision.at,
        coupon=coupon,
        system=system,
        traceparent=_traceparent(arrived, decision),
    )
    return Outgoing(arrived.shop, effect.id, topics.CALLS, arrived.key, _encoder.encode(command))


def _start(effect: StartRun, arrived: IncomingMessage) -> Outgoing:
    """It goes through Kafka to the same customer, so that a workflow that starts itself can't hold up a batch."""
    wanted = StartRequested(
        id=effect.id,
        shop=arrived.shop,
        key=arrived.key,
        workflow=effect.workflow,
        at=effect.at,
        data=effect.data,
        hops=effect.hops,
        traceparent=arrived.traceparent,
    )
    return Outgoing(arrived.shop, effect.id, topics.INPUTS, arrived.key, _encoder.encode(wanted))


def _emit(effect: Emit, arrived: IncomingMessage) -> Outgoing:
    event = effect.event
    if arrived.traceparent:
        event = structs.replace(event, traceparent=arrived.traceparent)
    return Outgoing(arrived.shop, effect.id, topics.EVENTS, event.key, _encoder.encode(event))
