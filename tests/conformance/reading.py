"""Reads samples as ingest does, signature and evidence included, and tells what became of each."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from relevo_ingest.connectors.shopify import topics
from relevo_ingest.connectors.shopify.evidence import mismatch
from relevo_ingest.connectors.shopify.signature import sign_shopify, verify_shopify
from relevo_ingest.core.drafts import NoEvent, ShopContext
from tests.conformance.package import Sample
from tests.ingest.webhooks import RECEIVED, ShopSession

_SECRET = "shpss-of-the-conformance"
_SHOP = ShopContext(shop="tea", currency="USD", region="US")


class Outcome(Struct, frozen=True):
    """What became of a sample: its events, or why there are none; `failed` if it was refused or ended in an error."""

    sample: Sample
    events: tuple[str, ...] = ()
    reason: str = ""
    failed: str = ""


def read_all(found: Iterable[Sample]) -> list[Outcome]:
    """The outcome of each sample whose topic is read."""
    return [read(sample) for sample in found if sample.topic in topics.READERS]


def read(sample: Sample) -> Outcome:
    """The outcome of one sample, as the first message of a shop. Never raises: what is raised is the outcome."""
    body = json.dumps(sample.body).encode()
    try:
        verify_shopify([_SECRET], body, sign_shopify(_SECRET, body))
        strange = mismatch(sample.topic, sample.body, _SHOP)
        if strange:
            return Outcome(sample, reason=strange)
        shop = ShopSession(_SHOP)
        said = shop.conclusion(sample.topic, body)
        if isinstance(said, NoEvent):
            return Outcome(sample, reason=said.reason)
        events = ShopSession(_SHOP).events_of(sample.topic, body, received=RECEIVED)
        for event in events:
            event.payload()
        return Outcome(sample, tuple(event.type for event in events))
    except Exception as error:  # noqa: BLE001 - it is what this looks for
        return Outcome(sample, failed=f"{type(error).__name__}: {error}")


def table(outcomes: Sequence[Outcome]) -> str:
    """A row for each topic, a column for each version: how many events, `-` for none, `!` for a failure."""
    versions = sorted({one.sample.version for one in outcomes})
    cells = {(one.sample.topic, one.sample.version): _cell(one) for one in outcomes}
    width = max((len(one.sample.topic) for one in outcomes), default=10)
    rows = [f"{'':{width}} " + " ".join(versions)]
    for topic in sorted({one.sample.topic for one in outcomes}):
        rows.append(f"{topic:{width}} " + " ".join(f"{cells.get((topic, version), ''):^7}" for version in versions))
    reasons = Counter(f"{one.sample.topic}: {one.reason}" for one in outcomes if one.reason)
    rows += ["", "no event:", *(f"  {count:>3} {reason}" for reason, count in sorted(reasons.items()))]
    failures = [f"  {one.sample.version} {one.sample.topic}: {one.failed}" for one in outcomes if one.failed]
    return "\n".join([*rows, *(["", "failed:", *failures] if failures else [])])


def page(outcomes: Sequence[Outcome], package: str) -> str:
    """The figures as docs/ingest.md shows them."""
    versions = sorted({one.sample.version for one in outcomes})
    told = sum(1 for one in outcomes if one.events)
    kept = sum(1 for one in outcomes if one.reason)
    failed = sum(1 for one in outcomes if one.failed)
    rows = [
        f"{package}: {len(outcomes)} samples of {len({one.sample.topic for one in outcomes})} topics in "
        f"{len(versions)} API versions ({versions[0]} to {versions[-1]}). {told} are events, {kept} say why they are "
        f"none, {failed} are refused or end in an error.",
        "",
        "| topic | samples | events | none, because |",
        "|---|---|---|---|",
    ]
    for topic in sorted({one.sample.topic for one in outcomes}):
        own = [one for one in outcomes if one.sample.topic == topic]
        events = ", ".join(f"`{name}`" for name in dict.fromkeys(name for one in own for name in one.events))
        why = Counter(one.reason.removeprefix(f"{topic}: ") for one in own if one.reason)
        reasons = "; ".join(f"{reason} ({count})" for reason, count in sorted(why.items()))
        rows.append(f"| `{topic}` | {len(own)} | {events} | {reasons} |")
    return "\n".join(rows)


def _cell(outcome: Outcome) -> str:
    return "!" if outcome.failed else str(len(outcome.events)) if outcome.events else "-"
