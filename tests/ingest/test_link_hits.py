"""Who opened and clicked a message: people and machines told apart, what counts once, and what may be lost."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts.link_rules import LinkRules, Tracking
from relevo_contracts.sending import Sent
from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.app.ports import IngestDependencies, Message
from relevo_ingest.app.record_hits import MOST_OF_ONE, HitRecorder
from relevo_ingest.core.drafts import DEFAULT_LIMITS
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.link_hits import BURST, MANY_LINKS, Action, Hit, Machine, machine_behind, machines
from relevo_runtime import catalog
from relevo_runtime.metrics import Metrics
from tests.ingest.test_any_request import Stores

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OF = Sent("tea", "cus_1", "run1/send-a/1", "flow", "0123456789abcdef", "offer", "marketing", "email", 1772445600)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
APPLE_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_AT_ARRIVAL = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
LATER = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("agent", "action", "machine"),
    [
        (FIREFOX, "clicked", ""),
        (APPLE_MAIL, "opened", ""),
        (OUTLOOK, "opened", ""),
        (GMAIL, "opened", ""),
        (GMAIL, "clicked", "image_proxy"),
        (YAHOO, "opened", ""),
        (YAHOO, "clicked", "image_proxy"),
        (GMAIL_AT_ARRIVAL, "opened", "prefetch"),
        ("Mozilla/5.0", "opened", "mail_privacy"),
        ("Mozilla/5.0", "clicked", "mail_privacy"),
        ("Barracuda Sentinel (EE)", "clicked", "scanner"),
        ("Mozilla/5.0 (compatible; Mimecast; URL protect)", "clicked", "scanner"),
        ("python-requests/2.31", "clicked", "bot"),
        ("Googlebot/2.1", "clicked", "bot"),
        ("", "clicked", "bot"),
    ],
)
def test_what_a_user_agent_gives_away(agent: str, action: Action, machine: Machine) -> None:
    assert machine_behind("GET", {"user-agent": agent}, action, LATER) == machine


@pytest.mark.parametrize(
    ("method", "headers", "after", "machine"),
    [
        ("HEAD", {}, LATER, "head"),
        ("GET", {"sec-purpose": "prefetch;anonymous-client-ip"}, LATER, "prefetch"),
        ("GET", {"purpose": "prefetch"}, LATER, "prefetch"),
        ("GET", {"x-moz": "prefetch"}, LATER, "prefetch"),
        ("GET", {}, timedelta(seconds=4), "early"),
        ("GET", {}, timedelta(seconds=5), ""),
        ("GET", {}, timedelta(seconds=-5), "early"),
    ],
)
def test_what_a_request_gives_away(method: str, headers: dict[str, str], after: timedelta, machine: Machine) -> None:
    assert machine_behind(method, {"user-agent": FIREFOX, **headers}, "clicked", after) == machine


def hit(
    number: int = 1, *, after: float = 0.0, action: Action = "clicked", of: Sent = OF, machine: Machine = ""
) -> Hit:
    url = f"https://a.example/{number}" if action == "clicked" else ""
    return Hit(of=of, action=action, at=AT + timedelta(seconds=after), number=number, url=url, machine=machine)


MESSAGES = st.sampled_from([OF, structs.replace(OF, delivery="run2/send-a/1")])
CLICKS = st.lists(st.tuples(st.integers(1, 4), st.floats(0, 12), MESSAGES), max_size=12)


@given(CLICKS)
def test_a_click_is_of_a_burst_if_too_many_links_of_its_message_are_followed_around_it(
    clicks: list[tuple[int, float, Sent]],
) -> None:
    in_order = sorted(clicks, key=lambda one: one[1])
    hits = [hit(number, after=after, of=of) for number, after, of in in_order]
    for one, machine in zip(hits, machines(hits), strict=True):
        mine = [each for each in hits if each.of == one.of]
        windows = [[each for each in mine if first.at <= each.at <= first.at + BURST] for first in mine]
        around = any(one in window and len({each.number for each in window}) >= MANY_LINKS for window in windows)
        assert (machine == "burst") == around


class Log(Stores):
    """A shop that follows what it says, and a log that may be away."""

    def __init__(self, tracking: Tracking = "all") -> None:
        super().__init__()
        self.tracking: Tracking = tracking
        self.away = False

    def at_hand(self, name: str) -> catalog.Shop | None:
        shop = super().at_hand(name)
        return shop and structs.replace(shop, links=LinkRules(tracking=self.tracking))

    async def events(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise Busy("away")
        await super().events(messages)

    @property
    def kinds(self) -> list[str]:
        return [event.type.partition(".")[2] for event in self.stored]


class Nobody:
    """Everybody may be followed but those who are named."""

    def __init__(self, *unfollowed: tuple[str, str]) -> None:
        self._unfollowed = set(unfollowed)

    async def among(self, sent: Sequence[Sent]) -> set[Sent]:
        return {one for one in sent if (one.shop, one.key) in self._unfollowed}


def recorder(log: Log, people: Nobody | None = None, *, most: int = 100) -> tuple[HitRecorder, Metrics]:
    metrics = Metrics("ingest")
    deps = IngestDependencies(
        keys=log, states=log, log=log, erasures=log, ids=log, notifications=log, counters=MetricCounters(metrics),
        limits=DEFAULT_LIMITS, budget=30.0,
    )  # fmt: skip
    return HitRecorder(deps, people or Nobody(), log, lambda wall: wall, most=most), metrics


async def seen(log: Log, *hits: Hit, people: Nobody | None = None) -> list[str]:
    """What is recorded of these hits, by two processes in turn: the same twice is the same event."""
    for one in (recorder(log, people)[0], recorder(log, people)[0]):
        for each in hits:
            one.note(each)
            await one.run_once(each.at)
        await one.finish(hits[-1].at)
    return sorted({event.id: event.type.partition(".")[2] for event in log.stored}.values())


async def test_openings_count_once_a_day_and_clicks_once_a_minute() -> None:
    opened = [hit(0, after=after, action="opened") for after in (0, 30, 3600, 11 * 3600, 13 * 3600)]
    clicked = [hit(1, after=after) for after in (0, 2, 59, 3600)]
    assert await seen(Log(), *opened) == ["opened", "opened"]
    assert await seen(Log(), *clicked) == ["clicked", "clicked"]


async def test_a_machine_hides_no_person_and_a_person_no_machine() -> None:
    both = [hit(1, machine="head"), hit(1, after=3), hit(0, after=4, action="opened", machine="mail_privacy")]
    assert await seen(Log(), *both) == ["clicked", "scanned", "scanned"]


@pytest.mark.parametrize(
    ("tracking", "kinds"),
    [("off", []), ("clicks", ["clicked"]), ("opens", ["opened"]), ("all", ["clicked", "opened"])],
)
async def test_a_shop_hears_what_it_wants_to_hear_now(tracking: Tracking, kinds: list[str]) -> None:
    assert await seen(Log(tracking), hit(0, action="opened"), hit(1)) == kinds


async def test_nothing_is_recorded_of_who_does_not_want_it() -> None:
    other = structs.replace(OF, key="cus_2", delivery="run2/send-a/1")
    assert await seen(Log(), hit(), hit(of=other), people=Nobody(("tea", "cus_1"))) == ["clicked"]


async def test_what_kafka_does_not_take_is_stored_once_it_does() -> None:
    log = Log()
    one, metrics = recorder(log)
    log.away = True
    one.note(hit())
    for _ in range(2):
        with pytest.raises(Busy):
            await one.run_once(AT + timedelta(seconds=10))
    log.away = False
    await one.run_once(AT + timedelta(seconds=20))
    await one.run_once(AT + timedelta(seconds=30))
    assert log.kinds == ["clicked"]
    assert b'relevo_link_hits_total{kind="clicked",shop="tea"} 1.0' in metrics.text()


async def test_what_has_no_room_and_what_is_left_at_the_end_is_lost_and_counted() -> None:
    log = Log()
    one, metrics = recorder(log, most=2)
    for number in range(5):
        one.note(hit(number))
    log.away = True
    await one.finish(AT)
    assert log.stored == []
    assert b'relevo_link_hits_lost_total{reason="full"} 3.0' in metrics.text()
    assert b'relevo_link_hits_lost_total{reason="stopped"} 2.0' in metrics.text()


async def test_who_follows_one_link_without_end_costs_other_messages_nothing() -> None:
    log = Log()
    one, metrics = recorder(log, most=2 * MOST_OF_ONE)
    for _ in range(3 * MOST_OF_ONE):
        one.note(hit(1))
    one.note(hit(1, of=structs.replace(OF, delivery="run2/send-a/1")))
    await one.run_once(AT + timedelta(seconds=10))
    assert len(log.stored) == 2
    assert f'relevo_link_hits_lost_total{{reason="full"}} {2 * MOST_OF_ONE}.0'.encode() in metrics.text()
    await one.run_once(AT + timedelta(seconds=20))
    one.note(hit(2, after=600))
    await one.finish(AT + timedelta(seconds=600))
    assert len(log.stored) == 3, "there is room again"


async def test_memory_is_given_back() -> None:
    one, _ = recorder(Log(), most=3)
    for minute in range(10):
        one.note(hit(minute, after=60 * minute))
        await one.run_once(AT + timedelta(minutes=minute, seconds=30))
    assert len(one._hits) <= 1
