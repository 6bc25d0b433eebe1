"""How many calls the pure parts make for fixed work, a shop's course, webhooks and mails: a cost without a clock.

The calls of Python and C functions are counted, which is the same on any machine with the same Python and libraries. A
tenth more is allowed for other versions of both; who makes it cheaper lowers the number.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.decide import Core, events, library
from benchmarks.mails import SHOP, delivery
from benchmarks.recorded import requests
from relevo_cli.workflow_files import load_folder
from relevo_contracts.messages import SendDelivery
from relevo_ingest.connectors.connector import Connector
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_notifier.core.mime import MailContent, build_mail
from relevo_templates.messages import Templates

EVENTS = 1_500
WARM = 500
CALLS_AN_INPUT = 160.0
WEBHOOKS = 230
CALLS_A_WEBHOOK = 376.0
MAILS = 50
CALLS_A_MAIL = 980.0
TOLERANCE = 1.1


class Calls:
    """Counts calls while the block runs."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> "Calls":
        self._before = sys.getprofile()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _note(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            self.count += 1


def test_the_pure_core_makes_no_more_calls_than_before() -> None:
    core, course = Core(library()), events(seed=7)[: WARM + EVENTS]
    core.lap(course[:WARM])
    inputs = core.inputs
    with Calls() as calls:
        core.lap(course[WARM:])
    per_input = calls.count / (core.inputs - inputs)
    assert per_input <= CALLS_AN_INPUT * TOLERANCE


def test_reading_a_webhook_makes_no_more_calls_than_before() -> None:
    shopify, shop = CONNECTORS["shopify"], ShopContext(shop="bench", currency="USD", region="US")
    webhooks = [_parted(request) for request in requests(20 * WEBHOOKS)[::10]]
    _read(shopify, shop, webhooks[:WEBHOOKS])
    with Calls() as calls:  # of customers who were not there before: nothing of theirs is remembered
        _read(shopify, shop, webhooks[WEBHOOKS:])
    assert calls.count / WEBHOOKS <= CALLS_A_WEBHOOK * TOLERANCE


def _read(connector: Connector, shop: ShopContext, webhooks: list[tuple[str, bytes]]) -> None:
    for topic, body in webhooks:
        assert connector.mismatch(topic, body, shop, {}) is None
        connector.read(topic, body, shop)


def _parted(request: bytes) -> tuple[str, bytes]:
    """The topic and the body of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    topic = next(line for line in head.split(b"\r\n") if line.startswith(b"X-Shopify-Topic: "))
    return topic.partition(b": ")[2].decode(), body


def test_a_mail_makes_no_more_calls_than_before() -> None:
    at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    templates = Templates.of_files(load_folder(Path(__file__).parents[2] / "workflows" / "abandoned-cart").files)
    deliveries = [delivery(number, "1", at) for number in range(2 * MAILS)]
    for one in deliveries[:MAILS]:
        _mail(templates, one, at)
    with Calls() as calls:
        sizes = [len(_mail(templates, one, at)) for one in deliveries[MAILS:]]
    assert min(sizes) > 15_000
    assert calls.count / MAILS <= CALLS_A_MAIL * TOLERANCE


def _mail(templates: Templates, one: SendDelivery, at: datetime) -> bytes:
    link = f"https://relevo.example.com/u/{one.key}"
    made = templates.render(one.template, one.context, ("en",), "UTC", link)
    return build_mail(
        MailContent(
            effect=one.id, shop=one.shop, workflow=one.workflow, sender=SHOP.email_from,
            recipient=one.recipient.email, recipient_name=one.recipient.first_name, subject=made.subject,
            text=made.text, html=made.html, locale=made.locale, date=at, unsubscribe_url=link,
        )
    )  # fmt: skip
