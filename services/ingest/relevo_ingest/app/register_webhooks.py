"""The webhooks of a shop are made what they should be: what is missing is made, what broke is made anew."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from msgspec import Struct

from relevo_ingest.app.ports import ShopApi
from relevo_ingest.connectors.platform_api import ApiFailure
from relevo_ingest.connectors.registration import Registered, Registration, Step, steps


class StepResult(Struct, frozen=True, kw_only=True):
    """What became of a step: the webhook that there is now, or why it could not be done.

    `expected` says that this refusal is nothing to mend: not every shop has the topic.
    """

    step: Step
    webhook: Registered | None = None
    failure: str = ""
    expected: bool = False


async def plan_steps(
    api: ShopApi, registration: Registration, address: str, made: Mapping[str, str]
) -> Sequence[Step] | ApiFailure:
    """What is to be done so that all topics are delivered to `address`, by what there is now."""
    found = await api.ask(registration.listed())
    return found if isinstance(found, ApiFailure) else steps(registration, address, found, made)


async def apply_steps(
    api: ShopApi, registration: Registration, plan: Iterable[Step], address: str, secret: str
) -> AsyncIterator[StepResult]:
    """Does the steps one by one. One that fails is told, and the others are done."""
    for step in plan:
        yield await _do(api, registration, step, address, secret)


def registered_ids(outcomes: Iterable[StepResult]) -> dict[str, str]:
    """The ids of the webhooks that there are, by topic."""
    return {one.step.topic: one.webhook.id for one in outcomes if one.webhook is not None}


async def _do(api: ShopApi, registration: Registration, step: Step, address: str, secret: str) -> StepResult:
    if step.do == "keep":
        return StepResult(step=step, webhook=step.found)
    if step.found is not None:
        gone = await api.ask(registration.delete(step.found))
        if isinstance(gone, ApiFailure):
            return StepResult(step=step, failure=gone.reason)
    if step.do == "delete":
        return StepResult(step=step)
    webhook = await api.ask(registration.create(step.topic, address, secret))
    if isinstance(webhook, ApiFailure):
        expected = webhook.permanent and step.topic in registration.further
        return StepResult(step=step, failure=webhook.reason, expected=expected)
    return StepResult(step=step, webhook=webhook)
