"""The clients of the control API are of the document as it is: `make verify` writes Python's anew and compares it."""

import json
import re

import pytest
from clients.generator.generate import DIGEST, DOCUMENT, FOLDERS, differences, digest

OPERATIONS = [
    one["operationId"] for item in json.loads(DOCUMENT.read_text())["paths"].values() for one in item.values()
]


@pytest.mark.parametrize("language", FOLDERS)
def test_each_client_was_written_from_the_document_as_it_is(language: str) -> None:
    assert (FOLDERS[language] / DIGEST).read_text() == digest(), "run `make clients` and commit the result"


def test_each_operation_has_its_name_in_each_client() -> None:
    python = {file.stem for file in (FOLDERS["python"] / "api").rglob("*.py")}
    assert {re.sub("([A-Z])", r"_\1", one).lower() for one in OPERATIONS} <= python
    typescript = (FOLDERS["typescript"] / "sdk.gen.ts").read_text()
    assert {one for one in OPERATIONS if f"export const {one} = " not in typescript} == set()


def test_what_differs_is_named() -> None:
    assert differences(FOLDERS["python"], FOLDERS["python"]) == []
    assert DIGEST in differences(FOLDERS["python"], FOLDERS["python"] / "api")
