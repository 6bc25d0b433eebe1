"""Forms and example page of the storefront, pages of preferences, surveys and results, by axe: `make test-clients`.

It needs npm, and Chromium. What is missing fails the tests; it is never passed over.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from relevo_cli.workflow_files import Loaded
from relevo_runtime.postgres import Pool
from tests.cli.test_results_page import a_page
from tests.clients.other_languages import need, output
from tests.ingest.chromium import Page
from tests.ingest.conftest import Ingest
from tests.ingest.test_in_chromium import Site, browser, page, shop, site
from tests.ingest.test_preferences import ANA, known, path
from tests.ingest.test_survey_conditions import address as conditional_address
from tests.ingest.test_survey_conditions import deployed as conditional
from tests.ingest.test_surveys import answered, deployed, sent
from tests.ingest.test_surveys import path as survey_path

__all__ = ["browser", "deployed", "page", "shop", "site"]
STOREFRONT = Path(__file__).parents[2] / "storefront"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOST = 4
"""So many elements of each fault are told."""
FORMS = "document.querySelectorAll('.relevo-form form')"


@pytest.fixture(scope="module")
async def axe() -> str:
    """The text of axe-core, as its lock file says."""
    await output(need("npm", "npm"), "ci", "--no-fund", "--no-audit", "--ignore-scripts", cwd=STOREFRONT)
    return (STOREFRONT / "node_modules" / "axe-core" / "axe.min.js").read_text()


async def faults(page: Page, axe: str) -> list[str]:
    """What is wrong with the page as it is now, and where."""
    await page.run(f"{axe}; 0")
    found: dict[str, Any] = await page.run(f"axe.run(document, {{runOnly: {RULES}, resultTypes: ['violations']}})")
    assert found["testEngine"]["name"] == "axe-core"
    return [
        f"{one['id']}: {one['help']}: {'; '.join(node['html'] for node in one['nodes'][:MOST])}"
        for one in found["violations"]
    ]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "it", "nl", "pl", "pt"])
async def test_the_page_with_all_forms_has_no_fault(site: Site, page: Page, axe: str, language: str) -> None:
    await page.open(f"{site.address}/?language={language}")
    await page.until(f"{FORMS}.length === 3")
    assert await faults(page, axe) == []


async def test_forms_with_something_wrong_in_them_have_no_fault(site: Site, page: Page, axe: str) -> None:
    await page.open(site.address)
    await page.until(f"{FORMS}.length === 3")
    await page.run(f"{FORMS}.forEach(form => form.requestSubmit())")
    await page.until("document.querySelectorAll('[aria-invalid=true]').length >= 3")
    assert await faults(page, axe) == []


async def test_forms_that_were_sent_have_no_fault(site: Site, page: Page, axe: str) -> None:
    await page.open(site.address)
    await page.until(f"{FORMS}.length === 3")
    await page.run("document.querySelector('[data-relevo-form=back-in-stock] input').value = 'ana@example.com'")
    await page.run("document.querySelector('[data-relevo-form=back-in-stock] form').requestSubmit()")
    await page.until("document.querySelector('[data-relevo-form=back-in-stock] form').hidden")
    assert await faults(page, axe) == []


async def test_a_fault_is_found(site: Site, page: Page, axe: str) -> None:
    await page.open(site.address)
    await page.until(f"{FORMS}.length === 3")
    await page.run("document.querySelector('[data-relevo-form=newsletter] label').remove()")
    assert "label" in {fault.partition(":")[0] for fault in await faults(page, axe)}


@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_preference_page_has_no_fault(
    ingest: Ingest, pool: Pool, page: Page, axe: str, language: str, scheme: str
) -> None:
    await known(pool, msgspec.structs.replace(ANA, locale=language))
    await page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    await page.call("Page.navigate", url=f"{str(ingest.client.base_url).rstrip('/')}{path(ingest)}")
    await page.until("document.readyState === 'complete' && !!document.querySelector('fieldset')")
    assert await faults(page, axe) == []
    await page.run("document.querySelector('button[value=save]').click()")
    await page.until("document.readyState === 'complete' && !!document.querySelector('.done')")
    assert await faults(page, axe) == []


@pytest.mark.parametrize("language", ["en", "es", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_of_a_survey_has_no_fault(
    ingest: Ingest, deployed: Loaded, page: Page, axe: str, language: str, scheme: str
) -> None:
    await page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    await page.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
    url = f"{str(ingest.client.base_url).rstrip('/')}{survey_path(ingest, sent(deployed))}"
    await page.call("Page.navigate", url=url)
    await page.until("document.readyState === 'complete' && !!document.querySelector('fieldset')")
    assert await faults(page, axe) == []
    await page.run("document.querySelector('form').noValidate = true; document.querySelector('button').click()")
    await page.until("document.readyState === 'complete' && !!document.querySelector('[role=alert]')")
    assert await faults(page, axe) == []
    await page.run("document.querySelector('input[value=\"4\"]').click(); document.querySelector('button').click()")
    await page.until("document.readyState === 'complete' && !!document.querySelector('[role=status]')")
    assert await faults(page, axe) == []


@pytest.mark.parametrize("language", ["en", "es", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_page_that_asks_what_an_answer_leads_to_has_no_fault(
    ingest: Ingest, pool: Pool, page: Page, axe: str, language: str, scheme: str
) -> None:
    await page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    await page.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
    url = f"{str(ingest.client.base_url).rstrip('/')}{conditional_address(ingest, await conditional(pool))}"
    await page.call("Page.navigate", url=url)
    await page.until("document.readyState === 'complete' && !!document.querySelector('fieldset')")
    assert await page.run("document.querySelectorAll('textarea').length") == 0
    await page.run("document.querySelector('input[value=problem]').click()")
    await page.leave("document.querySelector('button').click()")
    await page.until("document.readyState === 'complete' && !!document.querySelector('textarea')")
    assert await faults(page, axe) == []
    assert await page.run("document.querySelector('[role=status] a').getAttribute('href')") == "#q-comment"
    assert await page.run("document.querySelector('input[value=problem]').checked") is True
    await page.leave("document.querySelector('textarea').value = 'Broken.'; document.querySelector('button').click()")
    await page.until("document.readyState === 'complete' && !document.querySelector('textarea')")
    [(_, payload)] = await answered(ingest)
    assert payload.answers == {"reason": "problem", "comment": "Broken."}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_of_results_has_no_fault(page: Page, axe: str, tmp_path: Path, scheme: str) -> None:
    file = tmp_path / "results.html"
    file.write_text(a_page())
    await page.call("Page.navigate", url=file.as_uri())
    await page.until("document.readyState === 'complete' && document.title !== ''")
    await page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    assert await faults(page, axe) == []
