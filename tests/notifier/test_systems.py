"""Every system that serves a port, over a local server that speaks its API: one suite for all.

`system_suite.py` has what the suite has to know of each.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec import structs

from relevo_contracts.messages import CallAnswered, CallHttp, SystemWanted
from relevo_contracts.systems import OPERATIONS, PORTS
from relevo_contracts.systems.accounting import OpenItems
from relevo_notifier.adapters.http_calls import HttpCaller
from relevo_notifier.app.call_system import CallOrSystem, CallRequirements
from relevo_notifier.app.exchanges import Exchanges
from relevo_notifier.app.host_limiter import HostLimiter
from relevo_notifier.core.breaker import CircuitRules
from relevo_notifier.core.calls import CallRules, CallWork, SettledCall
from relevo_notifier.core.network import Allowed
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.systems import Access
from relevo_notifier.systems.registry import SYSTEMS
from relevo_runtime.clock import ManualClock
from relevo_runtime.metrics import Metrics
from tests.notifier.support import NOON
from tests.notifier.system_suite import SUITES, Case
from tests.platform_servers.server import PlatformServer, broken, cut, page_of_html, said, serving, slow, too_many

CASES = [(name, action) for name, suite in SUITES.items() for action in suite.cases]
ALL = pytest.mark.parametrize(("name", "action"), CASES)


class Calls:
    """Whoever makes other calls: there are none here."""

    async def ready(self, work: CallWork) -> None:
        """Nothing is needed."""

    async def __call__(self, work: CallWork) -> SettledCall:
        raise AssertionError("no other calls are made")

    put_back = failed = None


class Shops:
    """One shop with one system."""

    def __init__(self, access: Access | None) -> None:
        self.given = access

    async def refresh(self) -> None:
        """It never changes."""

    def access(self, shop: str, port: str) -> Access | None:
        return self.given

    def address(self, shop: str, port: str) -> str:
        return self.given.base_url if self.given else ""


class Shop:
    """A shop whose system is at `server`; what a workflow asks of it, as the notifier does."""

    def __init__(self, name: str, server: PlatformServer, *, opened_by: dict[str, str] | None = None) -> None:
        self.suite, self.system, self.server = SUITES[name], SYSTEMS[name], server
        self.clock = ManualClock(NOON)
        credentials = dict(self.suite.credentials) | (opened_by or {})
        access = Access(
            shop="acme",
            port=self.system.port,
            system=name,
            base_url=server.url,
            credentials=credentials,
            settings={name: value.replace("URL", server.url) for name, value in self.suite.settings.items()},
        )
        self.shops = Shops(access)
        limiter = HostLimiter(CircuitRules(), 5, timedelta(seconds=1), Metrics("notifier"))
        exchanges = Exchanges(HttpCaller(Allowed.parse("127.0.0.1")), limiter, self.clock, Metrics("notifier"))
        rules = CallRules(retry=Retry(attempts=3), span=self.clock.span)
        needs = CallRequirements(SYSTEMS, self.shops, exchanges, rules, self.clock, 60.0)
        calls: Any = Calls()
        self.attempt = CallOrSystem(calls, needs)

    async def ask(
        self, action: str, given: Any, *, attempts: int = 1, seconds: float = 5.0, effect: str = "run1/step/1"
    ) -> SettledCall:
        call = CallHttp(
            id=effect,
            shop="acme",
            key="customer-1",
            run_id="run1",
            workflow="flow",
            step="step",
            method="",
            url="",
            timeout_seconds=seconds,
            decided_at=NOON,
            system=SystemWanted(operation=f"{self.system.port}.{action}", given=msgspec.to_builtins(given)),
        )
        work = CallWork(call=call, lease=NOON + timedelta(minutes=2), attempts=attempts, accepted_at=NOON, place="")
        await self.attempt.ready(work)
        return await self.attempt(work)

    def expected(self, case: Case, *, later: bool = False) -> Any:
        """The answer, of a second attempt where that differs, with the address of this server."""
        answer = case.later if later and case.later is not None else case.answer
        return msgspec.json.decode(msgspec.json.encode(answer).replace(b"URL", self.server.url.encode()))


@asynccontextmanager
async def shop_of(name: str, action: str = "", **options: Any) -> AsyncIterator[Shop]:
    suite = SUITES[name]
    async with serving(suite.server()) as server:
        if action:
            suite.cases[action].before(server)
        yield Shop(name, server, **options)


def answered(settled: SettledCall) -> CallAnswered:
    assert settled.outcome is not None, settled.reason
    return msgspec.json.decode(settled.outcome, type=CallAnswered)


def test_every_system_is_in_the_suite_with_all_that_its_port_can_do() -> None:
    assert SUITES.keys() == SYSTEMS.keys()
    for name, system in SYSTEMS.items():
        wanted = {one.action for one in OPERATIONS.values() if one.port == system.port}
        assert set(system.operations) == wanted == set(SUITES[name].cases)
    assert {one.port for one in SYSTEMS.values()} == set(PORTS)


@ALL
async def test_an_operation_is_carried_out_and_answered(name: str, action: str) -> None:
    async with shop_of(name, action) as shop:
        case = shop.suite.cases[action]
        before = case.count(shop.server)
        answer = answered(await shop.ask(action, case.given))
        assert (answer.status, answer.error, answer.body) == (200, "", shop.expected(case))
        changed = case.count(shop.server) - before
        assert changed == (0 if case.reads else 1)


@ALL
async def test_what_may_have_been_carried_out_is_not_carried_out_twice(name: str, action: str) -> None:
    """The notifier was killed between the request and the answer: the second attempt is another process."""
    async with shop_of(name, action) as shop:
        case = shop.suite.cases[action]
        first = answered(await shop.ask(action, case.given))
        count = case.count(shop.server)
        case.forgets(shop.server)
        again = answered(await Shop(name, shop.server).ask(action, case.given, attempts=2))
        assert (again.status, again.body) == (first.status, shop.expected(case, later=True))
        assert case.count(shop.server) == count


@ALL
async def test_two_calls_that_say_the_same_are_two(name: str, action: str) -> None:
    async with shop_of(name, action) as shop:
        case = shop.suite.cases[action]
        await shop.ask(action, case.given)
        count = case.count(shop.server)
        other = answered(await shop.ask(action, case.given, effect="run2/step/1", attempts=2))
        assert other.error == ""
        assert case.count(shop.server) == count + (1 if case.again and not case.reads else 0)


@ALL
@pytest.mark.parametrize("fault", [too_many(7), broken(503), broken(500)], ids=["429", "503", "500"])
async def test_a_system_that_is_busy_is_asked_again(name: str, action: str, fault: Any) -> None:
    async with shop_of(name, action) as shop:
        shop.server.faults = [msgspec.structs.replace(fault, where=shop.suite.where)]
        case = shop.suite.cases[action]
        put_off = await shop.ask(action, case.given)
        assert (put_off.state, put_off.outcome) == ("queued", None)
        assert put_off.wake_at is not None
        assert put_off.wake_at >= NOON + timedelta(seconds=7 if fault.answer().status_code == 429 else 0)
        answer = answered(await shop.ask(action, case.given, attempts=2))
        assert (answer.status, answer.body) == (200, shop.expected(case, later=True))


@ALL
async def test_an_answer_that_is_cut_off_leaves_a_doubt_that_the_next_attempt_settles(name: str, action: str) -> None:
    async with shop_of(name, action) as shop:
        case = shop.suite.cases[action]
        shop.server.faults = [cut(shop.suite.where)]
        doubtful = await shop.ask(action, case.given)
        assert (doubtful.state, doubtful.doubts) == ("queued", 1)
        answer = answered(await shop.ask(action, case.given, attempts=2))
        assert (answer.status, answer.error) == (200, "")


@ALL
async def test_a_system_that_stays_away_is_given_up_with_a_reason(name: str, action: str) -> None:
    async with shop_of(name, action) as shop:
        shop.server.faults = [slow(1.0, shop.suite.where)]
        gave_up = answered(await shop.ask(action, shop.suite.cases[action].given, attempts=3, seconds=0.2))
        assert gave_up.status == 0
        assert "gave up after 3 attempts" in gave_up.error


@ALL
@pytest.mark.parametrize("fault", [page_of_html(), said([]), said({"unexpected": True}), said(None), said("x")])
async def test_an_answer_that_is_not_the_systems_is_a_failure_with_a_reason(name: str, action: str, fault: Any) -> None:
    async with shop_of(name, action) as shop:
        shop.server.faults = [msgspec.structs.replace(fault, where=shop.suite.where)] * 9
        answer = answered(await shop.ask(action, shop.suite.cases[action].given))
        assert answer.error or answer.body == shop.suite.cases[action].empty


@pytest.mark.parametrize("name", SUITES)
async def test_wrong_credentials_are_refused_with_the_command_that_helps(name: str) -> None:
    wrong = dict.fromkeys(SUITES[name].credentials, "wrong")
    async with shop_of(name, next(iter(SUITES[name].cases)), opened_by=wrong) as shop:
        action, case = next(iter(shop.suite.cases.items()))
        settled = await shop.ask(action, case.given)
        answer = answered(settled)
        assert (settled.state, answer.status) == ("failed", 401)
        assert f"`relevo systems add acme {shop.system.port} {name}`" in answer.error
        assert "wrong" not in answer.error


@pytest.mark.parametrize(
    ("name", "action", "given", "why"), [(name, *one) for name, suite in SUITES.items() for one in suite.refused]
)
async def test_what_a_system_refuses_is_said_in_its_words(name: str, action: str, given: Any, why: str) -> None:
    async with shop_of(name, action) as shop:
        settled = await shop.ask(action, given)
        answer = answered(settled)
        assert 400 <= answer.status < 500
        assert (settled.state, answer.error) == ("failed", why)


@pytest.mark.parametrize(
    ("name", "action", "given"), [(name, *one) for name, suite in SUITES.items() for one in suite.missing]
)
async def test_what_is_not_there_is_not_found(name: str, action: str, given: Any) -> None:
    async with shop_of(name) as shop:
        answer = answered(await shop.ask(action, given))
        assert answer.status == 404
        assert answer.error


async def test_calls_of_a_system_count_among_those_of_its_host() -> None:
    """One system that is slow holds up neither another one nor calls by http."""
    limiter = HostLimiter(CircuitRules(), 2, timedelta(seconds=1), Metrics("notifier"))
    async with shop_of("xero") as shop:
        wanted = SystemWanted(operation="accounting.open_items", given={})
        asked = CallHttp(
            id="c", shop="acme", key="k", run_id="r", workflow="w", step="s", method="", url="", timeout_seconds=5.0,
            decided_at=NOON, system=wanted,
        )  # fmt: skip
        works = [
            CallWork(call=structs.replace(asked, id=f"c{number}"), lease=NOON, attempts=1, accepted_at=NOON, place="")
            for number in range(4)
        ]
        other = structs.replace(asked, id="http", method="POST", url="https://erp.example.com/", system=None)
        held = deque(
            [*works, CallWork(call=other, lease=NOON, attempts=1, accepted_at=NOON, place="erp.example.com:443")]
        )
        picked = limiter.pick(held, 10, shop.attempt.place)
        assert [work.call.id for work in picked] == ["c0", "c1", "http"]
        limiter.enter(shop.attempt.place(works[0]), NOON)
        assert [work.call.id for work in limiter.pick(held, 10, shop.attempt.place)] == ["c2"]
        shop.shops.given = None
        assert [work.call.id for work in limiter.pick(held, 10, shop.attempt.place)] == ["c3"], "it will be told why"


async def test_a_shop_without_a_system_is_told_how_to_add_one() -> None:
    async with shop_of("zendesk") as shop:
        shop.shops.given = None
        answer = answered(await shop.ask("close", SUITES["zendesk"].cases["close"].given))
        assert answer.status == 503
        assert answer.error == (
            "shop acme has no system that serves helpdesk: add one with `relevo systems add acme helpdesk zendesk`"
        )
        assert shop.server.asked == []


async def test_a_token_is_used_until_it_ends_and_one_that_is_taken_back_is_asked_for_again() -> None:
    async with shop_of("xero", "open_items") as shop:
        case = shop.suite.cases["open_items"]
        for _ in range(2):
            assert answered(await shop.ask("open_items", case.given)).status == 200
        assert len(shop.server.successes("POST", "/connect/token")) == 1
        server: Any = shop.server
        server.token = "eyJ.another"
        assert answered(await shop.ask("open_items", case.given)).status == 200
        assert len(shop.server.successes("POST", "/connect/token")) == 2
        shop.clock.advance(timedelta(minutes=29, seconds=30))
        assert answered(await shop.ask("open_items", case.given)).status == 200
        assert len(shop.server.successes("POST", "/connect/token")) == 3


@pytest.mark.parametrize("email", ["a_a@example.com", "%", "%@example.com", "ana@example.co\\m"])
async def test_an_address_is_that_of_nobody_else_whatever_is_in_it(email: str) -> None:
    async with shop_of("odoo") as shop:
        given = structs.replace(SUITES["odoo"].cases["credit_check"].given, email=email)
        assert answered(await shop.ask("credit_check", given)).body == {"known": False}
        server: Any = shop.server
        server.tables["res.partner"][1]["email"] = email.upper()
        assert answered(await shop.ask("credit_check", given)).body["known"]


@pytest.mark.parametrize("reference", ['the "best" order', "back\\slash", "a\tb", '"'])
async def test_an_invoice_is_found_again_by_whatever_reference(reference: str) -> None:
    async with shop_of("xero") as shop:
        given = structs.replace(SUITES["xero"].cases["create_invoice"].given, reference=reference)
        first = answered(await shop.ask("create_invoice", given))
        server: Any = shop.server
        server.forget()
        assert answered(await shop.ask("create_invoice", given, attempts=2)).body == first.body
        assert len(server.kept["Invoices"]) == 1
        listed = answered(await shop.ask("open_items", OpenItems(reference=reference))).body
        assert [one["document_id"] for one in listed["items"]] == [first.body["document_id"]]
        assert "[" not in listed["items"][0].get("reference", "")
