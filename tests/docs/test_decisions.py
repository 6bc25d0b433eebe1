"""Each decision record has its sections, its line in the index, and tests that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Alternatives", "Consequences", "Enforced by"]
NAMED = re.compile(r"^- `(tests/[\w/]+\.py)::(test_\w+)`$", re.MULTILINE)


def functions(file: Path) -> set[str]:
    """The names of the functions of a module, those of its classes included; none if it is not there."""
    if not file.exists():
        return set()
    nodes = ast.walk(ast.parse(file.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_is_short_and_complete(record: Path) -> None:
    text = record.read_text()
    assert text.startswith(f"# {record.name[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_the_tests_that_enforce_a_record_exist(record: Path) -> None:
    named = record.read_text().split("## Enforced by\n")[1]
    tests = NAMED.findall(named)
    assert len(tests) == len(named.strip().splitlines()) > 0, "each line names one test: - `tests/x/test_y.py::test_z`"
    missing = [
        f"{file}::{test}" for file, test in tests if not (ROOT / file).exists() or test not in functions(ROOT / file)
    ]
    assert missing == []


def test_the_index_has_every_record_by_its_title() -> None:
    rows = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert rows == [(file.name[:4], file.name, file.read_text().splitlines()[0][7:]) for file in RECORDS]


def test_no_number_is_used_twice() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert len(numbers) == len(set(numbers)) > 0
