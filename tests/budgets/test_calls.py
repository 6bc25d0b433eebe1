"""How many calls the pure parts make for fixed work, a shop's course, webhooks and mails: a cost without a clock.

The calls of Python and C functions are counted, which is the same on any machine with the same Python and libraries. A
tenth more is allowed for other versions of both; who makes it cheaper lowers the number.
"""

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.decide import Core, events, library
from benchmarks.mails import SHOP, delivery
from benchmarks.recorded import requests
from relevo_cli.workflow_files import load_folder
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import AS_BEFORE, Policy
from relevo_ingest.connectors.connector import Connector
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import ShopContext
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.ports import Message
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.mime import build_mail
from relevo_notifier.core.work import Work
from relevo_runtime.catalog import Shop
from relevo_runtime.links import token_of
from relevo_templates.messages import Templates

EVENTS = 1_500
WARM = 500
CALLS_AN_INPUT = 338.0
"""With all workflows of the library, three of which listen to the pages that people look at: most of the course."""
WEBHOOKS = 230
CALLS_A_WEBHOOK = 376.0
MAILS = 50
CALLS_A_MAIL = 1265.0
"""The decision, the text, the links and the form of it."""
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


class _Catalog:
    """One shop without a contact policy, and one definition."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    async def load(self, shops: Collection[str] = (), versions: Collection[str] = ()) -> None:
        """They are there."""

    def shop(self, name: str) -> Shop:
        return SHOP

    def policy(self, shop: str) -> Policy:
        return AS_BEFORE

    def in_service(self, shop: str, workflow: str) -> str:
        return ""

    def templates(self, version: str) -> Templates:
        return self._templates

    def is_at(self, shop: str, host: str) -> bool:
        return False


def test_a_mail_makes_no_more_calls_than_before() -> None:
    at = datetime(2026, 3, 5, 12, tzinfo=UTC)
    files = load_folder(Path(__file__).parents[2] / "workflows" / "abandoned-cart").files
    catalog, base = _Catalog(Templates.of_files(files)), "https://relevo.example.com/"
    links = MessageLinks(catalog, partial(token_of, "0123456789abcdef"), base)
    prepare = Prepare(catalog, lambda delivery, _: f"{base}u/{delivery.key}", links=links)
    deliveries = [delivery(number, "1", at) for number in range(2 * MAILS)]
    for one in deliveries[:MAILS]:
        _mail(prepare, one, at)
    with Calls() as calls:
        sizes = [len(_mail(prepare, one, at)) for one in deliveries[MAILS:]]
    assert min(sizes) > 15_000
    assert calls.count / MAILS <= CALLS_A_MAIL * TOLERANCE


def _mail(prepare: Prepare, one: SendDelivery, at: datetime) -> bytes:
    """Decided, rendered, with its links, as bytes."""
    message = prepare.message(Work(delivery=one, lease=at, accepted_at=at), at)
    assert isinstance(message, Message)
    return build_mail(message.mail)
