"""What becomes of recorded bodies: `python -m tests.conformance.payload_table DIR` tells it of each file.

`--write` puts the table into docs/platforms.md. A folder of DIR is a platform, `<topic>.json` in it a body. The
records of an API that no webhook sends are read as the poller and the history read them. The exit code is 1 if a body
makes no event and has no reason.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct, structs

from relevo_ingest.connectors.connector import FETCHED, FETCHED_AT, Fetch
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.shop_events import encoded
from tests.ingest.conftest import TOKEN
from tests.ingest.test_any_request import PUBLIC_KEY, Stores, answered, make
from tests.ingest.visits import HEADERS, VISITOR
from tests.ingest.webhooks import ShopSession, body_of
from tests.platform_servers.bigcommerce import answer

PAGE = Path(__file__).parents[2] / "docs" / "platforms.md"
BEGIN, END = "<!-- payloads: written by `python -m tests.conformance.payload_table` -->\n", "<!-- end of payloads -->"
SHOP = ShopContext(shop="tea", currency="EUR", region="US")


class Row(Struct, frozen=True, order=True):
    """What became of a file: the types of its events, or the reason why there are none."""

    platform: str
    file: str
    read_as: str
    events: tuple[str, ...] = ()
    reason: str = ""


Given = tuple[str, bytes] | str
"""A topic and a body, or why a file is none."""


def rows(folder: Path) -> list[Row]:
    """A row for each body, in order."""
    return [row for platform in sorted(one.name for one in folder.iterdir() if one.is_dir())
            for row in _rows(folder / platform)]  # fmt: skip


def _rows(folder: Path) -> Iterator[Row]:
    for file in sorted(folder.iterdir()):
        if file.suffix not in (".json", ".xml") or file.name.endswith(".headers.json"):
            continue
        if folder.name in CONNECTORS:
            yield of_platform(folder.name, file)
        elif folder.name in POSTED:
            yield posted(folder.name, file)
        else:
            yield Row(folder.name, file.name, "", (), "there is no connector of this name")


def of_platform(name: str, file: Path) -> Row:
    """What a platform's body becomes, of a shop that told nothing before; or else told that the thing was made."""
    if file.suffix == ".xml":
        return Row(name, file.name, "", (), "the web service is asked for JSON; the same record is in the other file")
    given = READ_AS[name](file)
    if isinstance(given, str):
        return Row(name, file.name, "", (), given)
    alone = _read(name, file, given)
    made = file.with_name(f"{file.name.partition('.')[0]}.created.json")
    if alone.events or made in (file,) or not made.exists():
        return alone
    before = READ_AS[name](made)
    assert not isinstance(before, str)
    after = _read(name, file, given, before)
    shown = f"{after.read_as}, after `{before[0]}`"
    return structs.replace(after, read_as=shown) if after.events else alone


def _read(name: str, file: Path, given: tuple[str, bytes], before: tuple[str, bytes] | None = None) -> Row:
    (topic, body), connector = given, CONNECTORS[name]
    shown = f"`{topic}`"
    try:
        with collecting():
            if problem := connector.mismatch(topic, body, SHOP, {}):
                return Row(name, file.name, shown, (), problem)
            asked, session = connector.read(topic, body, SHOP), ShopSession(SHOP, connector)
            if isinstance(asked, Fetch):
                body, shown = _fetched(name, file, body, asked), f"{shown}, fetched"
            if before is not None:
                session.conclusion(*before)
            said = session.conclusion(topic, body)
    except InvalidPayload as error:
        return Row(name, file.name, shown, (), str(error))
    if isinstance(said, NoEvent):
        return Row(name, file.name, shown, (), said.reason)
    return Row(name, file.name, shown, tuple(dict.fromkeys(draft.type for draft in said)))


def _fetched(name: str, file: Path, body: bytes, asked: Fetch) -> bytes:
    """The message with what an API answers: of BigCommerce that of the fixtures, of OroCommerce the file beside it."""
    answers: dict[str, Any] = {}
    for one, request in asked.requests.items():
        beside = file.with_name(f"jsonapi.{request.path.split('/')[-2]}.get.json")
        answers[one] = answer(one) if name == "bigcommerce" else json.loads(beside.read_text())
    return body_of(json.loads(body) | {FETCHED: answers, FETCHED_AT: "2026-03-05T18:00:00Z"})


# --- which message a file is -------------------------------------------------------------------------------------


def _shopify(file: Path) -> Given:
    parts = file.name.split(".")
    topic = f"{parts[0]}.{parts[1]}" if parts[0] == "customer" else f"{parts[0]}/{parts[1]}"
    return topic, file.read_bytes()


def _woocommerce(file: Path) -> Given:
    parts = file.stem.split(".")
    if parts[:2] == ["order", "refund"]:
        return "no webhook has it: it is the REST API's answer about a refund; order.updated tells the refund"
    return ".".join(parts[:2]), file.read_bytes()


def _bigcommerce(file: Path) -> Given:
    return file.stem.replace(".", "/"), file.read_bytes()


def _adobe_commerce(file: Path) -> Given:
    body = json.loads(file.read_text())
    if "data-template" not in file.name:
        return CONNECTORS["adobe-commerce"].claims({}, file.read_bytes()).topic, file.read_bytes()
    kind = file.name.removesuffix(".data-template.json")
    event = {"specversion": "1.0", "id": "e-1", "event_id": "e-1", "type": kind, "time": "2026-03-05T17:59:00Z"}
    sent = body_of(event | {"data": body if isinstance(body, dict) and "value" in body else {"value": body}})
    return CONNECTORS["adobe-commerce"].claims({}, sent).topic, sent


def _magento(file: Path) -> Given:
    _, kind, what = file.stem.split(".")
    if what == "request":
        return "it is what a back office sends to make a shipment; the shipment that came of it is read"
    return kind, encoded(kind, json.loads(file.read_text()), {}, source="magento")


def _prestashop(file: Path) -> Given:
    source, kind = file.stem.split(".")
    if source == "eventbus":
        return "CloudSync's upload to its maker: it has hashes in place of addresses, and goes to no other system"
    record = json.loads(file.read_text())[kind]
    return kind, encoded(kind, record, {}, source="prestashop")


def _orocommerce(file: Path) -> Given:
    parts, body = file.stem.split("."), json.loads(file.read_text())
    if parts[0] == "webhook":
        return CONNECTORS["orocommerce"].claims({}, file.read_bytes()).topic, file.read_bytes()
    if parts[2] == "create":
        return "it is what a back office sends to make an order; the order that came of it is read"
    topic = {"orders": "order", "customerusers": "customeruser"}[parts[1]] + ".created"
    return topic, body_of({"topic": topic, "timestamp": 1772733600, "messageId": "m-1", "eventData": body})


READ_AS: Mapping[str, Callable[[Path], Given]] = {
    "adobe-commerce": _adobe_commerce,
    "bigcommerce": _bigcommerce,
    "magento": _magento,
    "orocommerce": _orocommerce,
    "prestashop": _prestashop,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}


# --- what is posted to other addresses ---------------------------------------------------------------------------


def posted(name: str, file: Path) -> Row:
    """What a body becomes that is posted to the running application."""
    given = POSTED[name](file)
    if isinstance(given, str):
        return Row(name, file.name, "", (), given)
    path, headers, body = given
    stores = Stores()
    said = asyncio.run(answered(make(stores), "POST", path, list(headers), body))
    events = tuple(dict.fromkeys(event.type for event in stores.stored))
    shown = f"`POST {path.replace('tea', '{shop}').partition('?')[0]}`"
    if events:
        return Row(name, file.name, shown, events)
    kept = next((one.reason for one in stores.kept), "")
    return Row(name, file.name, shown, (), kept or _refusal(said, path))


def _refusal(answer: httpx.Response, path: str) -> str:
    """Why an answer is no news: what it says, or what a call of a browser that says nothing here is."""
    if answer.status_code == HTTPStatus.NO_CONTENT:
        return NOTHING_HERE.get(path.rpartition("/")[2], "a call that has no event here")
    return f"{answer.status_code}: {answer.json()['detail']}"


NOTHING_HERE = {"identify": "a browser identifies nobody without a token of the shop's server"}
GivenHeaders = Sequence[tuple[bytes, bytes]]


def _cloud_event(file: Path) -> tuple[str, GivenHeaders, bytes]:
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/cloudevents+json")]
    return "/events/tea?strict=false", headers, file.read_bytes()


def _storefront(file: Path) -> tuple[str, GivenHeaders, bytes] | str:
    kind = file.stem.partition(".")[0]
    if kind == "klaviyo":
        return (
            "the protocol of another system's script; the same is said to /t/{shop} by `relevo.js` or Segment's calls"
        )
    if kind == "shopify-pixel":
        return "what Shopify gives to a pixel inside the shop; a pixel of the shop's says it to /t/{shop}"
    body = json.loads(file.read_text())
    named = {"anonymousId": VISITOR, "messageId": file.stem, "timestamp": "2026-03-05T17:59:00Z"}
    whole = named | {key: value for key, value in body.items() if key not in ("timestamp", "sentAt", "receivedAt")}
    browser = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    call = body["type"] if "type" in body else file.stem.split(".")[1]
    return f"/t/tea/v1/{call}", browser, body_of(whole | {"writeKey": PUBLIC_KEY})


POSTED: Mapping[str, Callable[[Path], tuple[str, GivenHeaders, bytes] | str]] = {
    "cloudevents": _cloud_event,
    "storefront": _storefront,
}


# --- the page ----------------------------------------------------------------------------------------------------


def table(found: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| platform | body | read as | events, or why there are none |", "|---|---|---|---|"]
    for row in found:
        told = ", ".join(f"`{one}`" for one in row.events) or row.reason.replace("|", "\\|").replace("\n", " ")[:200]
        lines.append(f"| {row.platform} | `{row.file.removesuffix('.json')}` | {row.read_as} | {told} |")
    return "\n".join(lines)


def main() -> int:
    """Prints the table, or writes it."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.payload_table", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with a folder for each platform")
    parser.add_argument("--write", action="store_true", help="write the table into docs/platforms.md")
    given = parser.parse_args()
    found = rows(given.folder)
    if given.write:
        text = PAGE.read_text()
        before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
        PAGE.write_text(f"{text[:before]}{table(found)}\n{text[after:]}")
    else:
        print(table(found))
    unsaid = [row for row in found if not row.events and not row.reason]
    print(f"{len(found)} bodies: {sum(bool(row.events) for row in found)} make events", file=sys.stderr)
    return 1 if unsaid else 0


if __name__ == "__main__":
    sys.exit(main())
