"""What earlier releases stored can be read, means the same, and goes on: definitions, facts, runs, decisions.

Each folder holds what one release wrote (`recording.py`). No file of a release that is out may change.
"""

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from relevo_workflow import Definition, Subject, compile_workflow, handle
from tests.golden.recording import FOLDER, LIBRARY, STORED, Head, Moment, outcomes_of, sample

RELEASES = sorted(path for path in FOLDER.iterdir() if (path / "definitions").is_dir())
DEFINITIONS = [path for release in RELEASES for path in sorted((release / "definitions").iterdir())]
HISTORIES = [path for release in RELEASES for path in sorted((release / "histories").iterdir())]


def name_of(path: Path) -> str:
    return str(path.relative_to(FOLDER).with_suffix(""))


def definition_of(history: Path, head: Head) -> Definition:
    stored = json.loads((history.parents[1] / "definitions" / f"{head.workflow}.json").read_text())
    return compile_workflow(stored["files"])


def moments(history: Path) -> Iterator[tuple[dict[str, Any], Moment]]:
    """Each moment as the file has it, and decoded."""
    for line in history.read_bytes().splitlines()[1:]:
        yield json.loads(line), msgspec.json.decode(line, type=Moment)


def again(value: object) -> Any:
    """A value as it would be stored now."""
    return json.loads(msgspec.json.encode(value))


def lasting(subject: Subject) -> dict[str, Any]:
    """What must stay the same of a customer: all but the words for people."""
    stored = again(subject)
    for run in stored.get("runs", ()):
        run.pop("end_reason", None)
    return dict(stored)


def test_this_release_is_recorded_with_every_workflow_of_its_library() -> None:
    """A workflow that is not there: write this release's record anew (`python -m tests.golden.recording`)."""
    recorded = {path.stem for path in (FOLDER / version("relevo-workflow") / "definitions").iterdir()}
    assert {path.parent.name for path in LIBRARY.glob("*/workflow.yaml")} <= recorded


@pytest.mark.parametrize("path", DEFINITIONS, ids=name_of)
def test_a_stored_definition_is_still_the_same_version(path: Path) -> None:
    stored = json.loads(path.read_text())
    definition = compile_workflow(stored["files"])
    assert (definition.name, definition.version) == (path.stem, stored["version"])


@pytest.mark.parametrize("release", RELEASES, ids=name_of)
@pytest.mark.parametrize("name", STORED)
def test_every_field_that_was_stored_is_read_and_stored_again(release: Path, name: str) -> None:
    stored = (release / f"{name}.json").read_bytes()
    assert again(msgspec.json.decode(stored, type=STORED[name])) == json.loads(stored)


@pytest.mark.parametrize("name", STORED)
def test_the_record_of_this_release_has_every_field(name: str) -> None:
    """A new field is in no older file: write this release's record anew."""
    recorded = json.loads((FOLDER / version("relevo-workflow") / f"{name}.json").read_text())
    assert recorded == again(sample(STORED[name]))
    assert set(recorded) == set(STORED[name].__struct_encode_fields__)


@pytest.mark.parametrize("path", HISTORIES, ids=name_of)
def test_stored_facts_and_runs_stay_what_they_are(path: Path) -> None:
    seen = 0
    for stored, moment in moments(path):
        assert again(moment.facts) == stored["facts"]
        assert again(moment.runs) == stored.get("runs", [])
        seen += 1
    assert seen


@pytest.mark.parametrize("path", HISTORIES, ids=name_of)
def test_a_stored_customer_goes_on_as_before(path: Path) -> None:
    head = msgspec.json.decode(path.read_bytes().splitlines()[0], type=Head)
    definition = definition_of(path, head)
    assert definition.version == head.version
    subject = head.subject
    for _, moment in moments(path):
        after = handle([definition], {}, subject, moment.input, moment.now, shop=head.shop)
        subject = Subject(shop=subject.shop, key=subject.key, facts=moment.facts, runs=moment.runs)
        assert outcomes_of(after.decisions) == moment.outcomes
        assert lasting(after.subject) == lasting(subject)
