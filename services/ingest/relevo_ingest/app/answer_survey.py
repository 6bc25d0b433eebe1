"""Somebody answers what a message asked: one event, on Kafka when it is acknowledged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from relevo_contracts.messages import caused_hops
from relevo_contracts.sending import Answer, Sent
from relevo_contracts.surveys import ANSWERED, Survey, answered
from relevo_ingest.app.event_store import publish, within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.aliases import KnownKey
from relevo_ingest.core.drafts import Arrival, Draft, finish
from relevo_ingest.core.normalise import digest


class SurveyCatalog(Protocol):
    """What the messages of deployed workflows ask."""

    async def asked(self, version: str, template: str) -> Survey | None:
        """The survey of a template of a version; `None` if it asks none, or is not there any more. Raises `Busy`."""
        ...


class Given(Struct, frozen=True, kw_only=True):
    """What a form was sent with. `page` is the mark of the page that it was on: sent twice, it is one answer."""

    answers: Mapping[str, Answer]
    page: str


async def answer(
    deps: IngestDependencies, survey: Survey, sent: Sent, given: Given, *, key: str, now: datetime
) -> None:
    """Stores what somebody answered, whose `key` this is by now. Raises `Busy`.

    The same form of one page is the same event, however often it comes; other answers are another event, and the
    newest counts.
    """
    payload = answered(survey, sent, given.answers)
    said = digest(f"{given.page}\n{msgspec.json.encode(given.answers, order='sorted').decode()}")[:32]
    message = digest(f"{sent.shop}\n{sent.delivery}")[:32]
    event_id = f"survey:{message}:{said}"
    arrival = Arrival(shop=sent.shop, id=event_id, source=f"/shops/{sent.shop}/surveys", received=now)
    subject = KnownKey(key)
    draft = Draft(type=ANSWERED, payload=payload, subject=subject, at=now, id=event_id, hops=caused_hops(sent.hops))
    async with within_budget(deps.budget):
        await publish(deps, finish([draft], {subject: key}, arrival, deps.limits))
