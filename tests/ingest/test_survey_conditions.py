"""A page asks what the answers lead to in a second step, without a script, and takes nothing that it did not ask."""

import re

import httpx
import pytest

from relevo_cli.workflow_files import Loaded, load_folder
from relevo_contracts.sending import Sent
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import Pool
from relevo_templates.messages import COMPILED
from tests.ingest.conftest import Ingest
from tests.ingest.test_surveys import LIBRARY, PAGE, answered, path

SHOWN = re.compile(r'name="shown" value="([\w ]*)"')


async def deployed(pool: Pool, *, needed: bool = False) -> Loaded:
    """The library's workflow that asks for reasons; the second question is `needed` where it is asked, or not."""
    loaded = load_folder(LIBRARY / "win-back")
    files = dict(loaded.files)
    if needed:
        optional = '"optional":true,"when"'
        assert optional in files[COMPILED]
        files[COMPILED] = files[COMPILED].replace(optional, '"when"')
    async with pool.acquire() as connection:
        name, version = loaded.definition.name, loaded.definition.version
        await catalog.deploy(connection, workflow=name, version=version, files=files, at=SystemClock().now())
    return loaded


def address(ingest: Ingest, loaded: Loaded) -> str:
    name, version, at = loaded.definition.name, loaded.definition.version, int(SystemClock().now().timestamp()) - 60
    return path(ingest, Sent("tea", "cus_1", "run1/send/1", name, version, "a-question", "marketing", "email", at))


async def post(ingest: Ingest, page: httpx.Response, **given: str) -> httpx.Response:
    """Sends the form of a page, with what it has hidden."""
    hidden = {"page": PAGE.findall(page.text)[0], "shown": SHOWN.findall(page.text)[0], "do": "send"}
    form = {f"q-{name}": one for name, one in given.items()}
    return await ingest.client.post(page.url.path, data=hidden | form)


async def test_what_an_answer_leads_to_is_asked_in_a_second_step(ingest: Ingest, pool: Pool) -> None:
    url = address(ingest, await deployed(pool))
    first = await ingest.client.get(url)
    assert SHOWN.findall(first.text) == ["reason"]
    second = await post(ingest, first, reason="problem")
    assert (second.status_code, SHOWN.findall(second.text)) == (200, ["reason comment"])
    assert "Your answer leads to one more question:" in second.text
    assert 'href="#q-comment"' in second.text
    assert 'value="problem" required checked' in second.text
    assert await ingest.stored() == []
    thanks = await post(ingest, second, reason="problem", comment="The mug was broken.")
    assert "<h1>Thank you!</h1>" in thanks.text
    [(_, payload)] = await answered(ingest)
    assert payload.answers == {"reason": "problem", "comment": "The mug was broken."}


async def test_an_answer_that_leads_to_nothing_is_taken_at_once(ingest: Ingest, pool: Pool) -> None:
    url = address(ingest, await deployed(pool))
    thanks = await post(ingest, await ingest.client.get(url), reason="enough", comment="Smuggled in.")
    assert "<h1>Thank you!</h1>" in thanks.text
    [(_, payload)] = await answered(ingest)
    assert payload.answers == {"reason": "enough"}


async def test_a_link_that_has_the_answer_ready_has_what_it_leads_to(ingest: Ingest, pool: Pool) -> None:
    url = address(ingest, await deployed(pool))
    page = await ingest.client.get(f"{url}?a=problem")
    assert SHOWN.findall(page.text) == ["reason comment"]
    thanks = await post(ingest, page, reason="problem")  # it is optional
    assert "<h1>Thank you!</h1>" in thanks.text


async def test_who_thinks_again_is_not_held_by_what_is_not_asked_any_more(ingest: Ingest, pool: Pool) -> None:
    url = address(ingest, await deployed(pool))
    page = await ingest.client.get(f"{url}?a=problem")
    thanks = await post(ingest, page, reason="price", comment="Too dear.")
    assert "<h1>Thank you!</h1>" in thanks.text
    [(_, payload)] = await answered(ingest)
    assert payload.answers == {"reason": "price"}
    changed = await ingest.client.post(url, data={"do": "change", "q-reason": "other"})
    assert SHOWN.findall(changed.text) == ["reason comment"]


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_what_is_needed_is_needed_once_it_was_asked(ingest: Ingest, pool: Pool, language: str) -> None:
    ingest.client.headers["accept-language"] = language
    url = address(ingest, await deployed(pool, needed=True))
    second = await post(ingest, await ingest.client.get(url), reason="other")
    assert (second.status_code, 'role="alert"' in second.text) == (200, False)
    assert "<textarea" in second.text
    assert " required" not in second.text.partition("<textarea")[2].partition(">")[0]
    missing = await post(ingest, second, reason="other")
    assert (missing.status_code, 'role="alert"' in missing.text) == (422, True)
    assert await ingest.stored() == []
