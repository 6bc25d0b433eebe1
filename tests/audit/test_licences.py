"""Every package that is used may be used, and the page says under what."""

import os

import pytest

from tests.audit import licences
from tests.audit.licences import Package


def test_every_package_is_under_a_licence_that_is_allowed() -> None:
    assert [
        f"{one.name}: {one.licence or 'says none'}" for one in licences.packages() if not licences.is_allowed(one)
    ] == []


def test_the_page_is_what_the_packages_say() -> None:
    if os.environ.get("RELEVO_WRITE_DOCS"):
        licences.PAGE.write_text(licences.page())
    assert licences.PAGE.read_text() == licences.page(), "run `make licences`"


def test_every_exception_is_needed() -> None:
    names = {one.name for one in licences.packages()}
    assert sorted({*licences.EXCEPTIONS, *licences.SILENT} - names) == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_which_licences_are_allowed(licence: str, *, allowed: bool) -> None:
    assert licences.is_allowed(Package("any", licence, ships=True)) == allowed
