"""The forms and the example page of the storefront, judged by axe: `make test-clients`. It needs npm, and Chromium.

What is missing fails the tests; it is never passed over.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.other_languages import need, output
from tests.ingest.chromium import Page
from tests.ingest.test_in_chromium import Site, browser, page, shop, site

__all__ = ["browser", "page", "shop", "site"]
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
