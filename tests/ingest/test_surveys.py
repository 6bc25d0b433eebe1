"""The page of a survey: opening it answers nothing, a form answers once, and only while it is open. Real parts."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from relevo_cli.workflow_files import Loaded, load_folder
from relevo_contracts.contact import Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import SurveyAnswered
from relevo_contracts.sending import Sent
from relevo_contracts.surveys import Question, QuestionTexts, Survey, SurveyTexts
from relevo_ingest.entrypoints.page_texts import TEXTS
from relevo_ingest.entrypoints.pages import Visit
from relevo_ingest.entrypoints.survey_pages import Form, survey_form
from relevo_ingest.entrypoints.survey_texts import SURVEY_TEXTS
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.links import Asked, Opening, token_of
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import Ingest

LIBRARY = Path(__file__).parents[2] / "workflows"
PAGE = re.compile(r'name="page" value="([0-9a-f]{16})"')
CHECKED = re.compile(r'name="q-(\w+)" value="(\w+)"[^>]* checked')


@pytest.fixture
async def deployed(pool: Pool) -> Loaded:
    """The library's workflow after the first purchase, as `relevo deploy` keeps it."""
    loaded = load_folder(LIBRARY / "post-purchase")
    async with pool.acquire() as connection:
        await catalog.deploy(
            connection,
            workflow=loaded.definition.name,
            version=loaded.definition.version,
            files=loaded.files,
            at=SystemClock().now(),
        )
    return loaded


def sent(loaded: Loaded, *, days: int = 0, template: str = "all-well", hops: int = 0) -> Sent:
    at = int((SystemClock().now() - timedelta(days=days, minutes=5)).timestamp())
    name, version = loaded.definition.name, loaded.definition.version
    return Sent("tea", "cus_1", "run1/send-all-well/1", name, version, template, "marketing", "email", at, hops=hops)


def path(ingest: Ingest, one: Sent) -> str:
    return f"/survey/{token_of(ingest.settings.link_secret.get_secret_value(), Asked(one))}"


async def post(ingest: Ingest, shown: httpx.Response, do: str = "send", **given: str | Sequence[str]) -> httpx.Response:
    """Sends the form of a page that was shown."""
    [page] = PAGE.findall(shown.text)
    form = {f"q-{name}": one if isinstance(one, str) else list(one) for name, one in given.items()}
    return await ingest.client.post(shown.url.path, data={"page": page, "do": do, **form})


async def answered(ingest: Ingest) -> list[tuple[Event, SurveyAnswered]]:
    return [(event, msgspec.convert(event.data, SurveyAnswered)) for event in await ingest.stored()]


async def test_a_link_fills_in_and_answers_nothing(ingest: Ingest, deployed: Loaded) -> None:
    url = path(ingest, sent(deployed))
    for _ in range(3):
        shown = await ingest.client.get(f"{url}?a=2")
    assert shown.status_code == 200
    assert CHECKED.findall(shown.text) == [("score", "2")]
    assert CHECKED.findall((await ingest.client.get(url)).text) == []
    assert CHECKED.findall((await ingest.client.get(f"{url}?a=9")).text) == []
    assert (await ingest.client.head(f"{url}?a=2")).status_code == 200
    assert await ingest.stored() == []
    assert shown.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "<script" not in shown.text
    assert "set-cookie" not in shown.headers


async def test_what_is_sent_is_on_kafka_when_the_page_says_thanks(ingest: Ingest, deployed: Loaded) -> None:
    one = sent(deployed, hops=2)
    shown = await ingest.client.get(f"{path(ingest, one)}?a=2")
    thanks = await post(ingest, shown, score="2", reasons=["other", "delivery"], comment=" A week\r\n late. ")
    assert (thanks.status_code, "<h1>Thank you!</h1>" in thanks.text) == (200, True)
    [(event, payload)] = await answered(ingest)
    assert (event.type, event.shop, event.key, event.hops) == ("survey.answered", "tea", "cus_1", 3)
    assert payload.answers == {"score": 2, "reasons": ["delivery", "other"], "comment": "A week\n late."}
    assert (payload.survey, payload.run_id, payload.step) == ("satisfaction", "run1", "send-all-well")
    assert (payload.workflow, payload.template) == ("post-purchase", "all-well")
    assert payload.delivery_id == "run1/send-all-well/1"
    msgspec.convert(event.data, deployed.definition.types["survey.answered"])


async def test_a_form_that_comes_twice_is_one_answer_and_another_one_is_another(
    ingest: Ingest, deployed: Loaded
) -> None:
    url = path(ingest, sent(deployed))
    shown = await ingest.client.get(url)
    for _ in range(2):
        thanks = await post(ingest, shown, score="2")
    again = await ingest.client.post(
        url, data={"do": "change", **{f"q-{name}": value for name, value in [("score", "2")]}}
    )
    assert CHECKED.findall(again.text) == [("score", "2")]
    assert "Change my answers" in thanks.text
    await post(ingest, again, score="5")
    back = await ingest.client.get(url)
    await post(ingest, back, score="2")
    ids = [event.id for event, _ in await answered(ingest)]
    assert [payload.answers["score"] for _, payload in await answered(ingest)] == [2, 2, 5, 2]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    "given", [{}, {"score": ""}, {"score": "9"}, {"score": "x"}, {"score": "2", "reasons": "weather"}]
)
async def test_what_is_missing_is_said_at_its_place_and_nothing_is_lost(
    ingest: Ingest, deployed: Loaded, given: dict[str, str]
) -> None:
    shown = await ingest.client.get(path(ingest, sent(deployed)))
    wrong = await post(ingest, shown, comment="<b>Kept & safe</b>", **given)
    assert wrong.status_code == 422
    place = "reasons" if "reasons" in given else "score"
    assert f'<fieldset id="q-{place}" aria-describedby="q-{place}-error">' in wrong.text
    assert f'href="#q-{place}"' in wrong.text
    assert SURVEY_TEXTS["en"].missing in wrong.text
    assert "&lt;b&gt;Kept &amp; safe&lt;/b&gt;" in wrong.text
    assert await ingest.stored() == []


async def test_it_is_asked_in_the_language_of_its_reader(ingest: Ingest, deployed: Loaded, pool: Pool) -> None:
    url = path(ingest, sent(deployed))
    by_browser = await ingest.client.get(url, headers={"Accept-Language": "ja, it-CH;q=0.8"})
    assert '<html lang="it" dir="ltr">' in by_browser.text
    contact = Contact(email="ana@example.com", locale="es-MX")
    await pool.execute("insert into notifier.contact values ('tea', 'cus_1', $1)", contact)
    own = await ingest.client.get(url, headers={"Accept-Language": "it"})
    assert "¿Qué tal tu pedido?" in own.text
    assert SURVEY_TEXTS["es"].send in own.text


async def test_it_can_be_answered_until_it_expires(ingest: Ingest, deployed: Loaded) -> None:
    open_still = await ingest.client.get(path(ingest, sent(deployed, days=59)))
    assert open_still.status_code == 200
    late = path(ingest, sent(deployed, days=61))
    for answer in (
        await ingest.client.get(late),
        await ingest.client.post(late, data={"do": "send", "q-score": "1", "page": "0" * 16}),
        await ingest.client.get(path(ingest, sent(deployed, template="next-order"))),
        await ingest.client.get(path(ingest, msgspec.structs.replace(sent(deployed), version="gone"))),
    ):
        assert (answer.status_code, SURVEY_TEXTS["en"].ended in answer.text) == (410, True)
    assert await ingest.stored() == []


async def test_of_somebody_who_was_erased_nothing_is_taken(ingest: Ingest, deployed: Loaded, pool: Pool) -> None:
    url = path(ingest, sent(deployed))
    shown = await ingest.client.get(url)
    await pool.execute("insert into notifier.redaction (shop, key, at) values ('tea', 'cus_1', now())")
    assert (await post(ingest, shown, score="1")).status_code == 410
    assert await ingest.stored() == []


async def test_a_token_of_something_else_is_no_survey(ingest: Ingest, deployed: Loaded) -> None:
    token = token_of(ingest.settings.link_secret.get_secret_value(), Opening(sent(deployed)))
    for answer in (
        await ingest.client.get(f"/survey/{token}"),
        await ingest.client.post("/survey/abc", data={"do": "send", "q-score": "1"}),
    ):
        assert (answer.status_code, TEXTS["en"].bad in answer.text) == (404, True)


def test_the_page_runs_from_right_to_left_where_its_language_does() -> None:
    texts = SurveyTexts(title="كيف كان طلبك؟", thanks="شكرًا", questions={"score": QuestionTexts(ask="ما رأيك؟")})
    survey = Survey(name="s", questions=(Question(name="score", kind="rating"),), expires=60, locales={"ar-EG": texts})
    page = survey_form(Visit("ar", "Tea", locale="ar-EG"), survey, Form(page="0" * 16))
    assert '<html lang="ar-EG" dir="rtl">' in page
    assert SURVEY_TEXTS["ar"].send in page


def test_the_page_speaks_every_language_of_the_others() -> None:
    assert set(SURVEY_TEXTS) == set(TEXTS)
