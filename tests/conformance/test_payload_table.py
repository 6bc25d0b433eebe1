"""The table of recorded bodies in docs/platforms.md: as it is written, and as it would be written again."""

import json
import re
from pathlib import Path

from relevo_contracts.payloads import EVENT_TYPES
from relevo_ingest.connectors.registry import CONNECTORS
from tests.conformance.payload_table import BEGIN, END, PAGE, rows, table
from tests.conformance.platforms import Told, every_platform, fixtures
from tests.ingest.webhooks import body_of

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "payloads"
"""The bodies themselves are not part of the project."""


def written() -> str:
    text = PAGE.read_text()
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


def test_each_body_of_the_table_makes_events_that_its_topic_can_make_or_says_why_not() -> None:
    lines = [line.split(" | ") for line in written().splitlines()[2:]]
    assert {line[0].removeprefix("| ") for line in lines} >= {*CONNECTORS, "cloudevents"}
    for platform, body, read_as, told in lines:
        name = platform.removeprefix("| ")
        events = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", told)) & set(EVENT_TYPES)
        reason = told.removesuffix(" |").strip()
        assert events or len(reason) > 20, body
        assert "bug" not in reason
        topic = read_as.partition("`")[2].partition("`")[0]
        if events and name in CONNECTORS:
            assert events <= set(CONNECTORS[name].events_by_topic[topic]), body


def test_the_table_is_what_the_bodies_become() -> None:
    if RECORDED.is_dir():
        assert table(rows(RECORDED)) == written(), f"python -m tests.conformance.payload_table {RECORDED} --write"
    assert len(written().splitlines()) > 90


@every_platform
def test_the_command_says_of_each_fixture_what_it_becomes(name: str, tmp_path: Path) -> None:
    """As of a recorded body; where those are not there, too."""
    folder = tmp_path / name
    folder.mkdir()
    for told in fixtures(name):
        file, body = recorded(name, told)
        (folder / file).write_bytes(body)
    found = rows(tmp_path)
    assert len(found) == len(fixtures(name))
    assert all(row.events or row.reason for row in found)
    assert sum(bool(row.events) for row in found) >= len(found) / 2


def recorded(name: str, told: Told) -> tuple[str, bytes]:
    """A fixture as a recorded body would be: of what a module posts, the record that the API answers."""
    stem = told.topic.replace("/", ".")
    if name == "orocommerce":
        return f"webhook.{stem}.json", told.body
    if name not in ("magento", "prestashop"):
        return f"{stem}.json", told.body
    record = json.loads(told.body)["data"][told.topic]
    if name == "magento":
        return f"rest.{stem}.created.json", body_of(record)
    return f"webservice.{stem}.json", body_of({told.topic: record})
