"""`relevo new`: what it writes passes its own check and tests at once, and nothing is written over."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from relevo_cli.authoring.scaffold import scaffold, write
from relevo_cli.authoring.sources import from_library, shipped_library
from relevo_cli.errors import CommandError
from relevo_cli.main import application
from relevo_cli.workflow_files import workflow_folders
from relevo_workflow import workflow_schema

CLI = CliRunner()
NAMES = [folder.name for folder in workflow_folders(shipped_library())]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def relevo(*arguments: str) -> tuple[int, str]:
    """The exit code and standard output."""
    result = CLI.invoke(application(arguments[0]), arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_workflow_in_an_empty_folder_passes_at_once(empty: Path) -> None:
    code, said = relevo("new", "thanks")
    assert code == 0
    assert "relevo watch workflows/thanks" in said
    assert relevo("check", "--strict") == (0, "")
    assert relevo("test", "--coverage-min", "100")[0] == 0


def test_editors_find_the_schema_of_a_new_workflow(empty: Path) -> None:
    relevo("new", "thanks")
    first = Path("workflows/thanks/workflow.yaml").read_text().splitlines()[0]
    schema = Path("workflows/thanks") / first.partition("$schema=")[2]
    assert json.loads(schema.read_text()) == workflow_schema()


@pytest.mark.parametrize("name", NAMES)
def test_each_workflow_of_the_library_can_be_copied_under_another_name(empty: Path, name: str) -> None:
    assert relevo("new", f"our-{name}", "--from", name)[0] == 0
    for started in re.findall(r"no workflow '([\w-]+)'", relevo("check")[1]):  # which that one starts
        assert relevo("new", "--from", started)[0] == 0
    assert relevo("check", "--strict") == (0, "")
    assert relevo("test", "--coverage-min", "100")[0] == 0


def test_a_copy_without_a_name_has_that_of_the_library(empty: Path) -> None:
    code, said = relevo("new", "--from", "welcome", "--json")
    assert code == 0
    assert json.loads(said)["folder"] == "workflows/welcome"


def test_nothing_is_written_over(empty: Path) -> None:
    layout = Path("workflows/layouts/message.txt")
    layout.parent.mkdir(parents=True)
    layout.write_text("mine: {{ body }}")
    relevo("new", "thanks")
    assert layout.read_text() == "mine: {{ body }}"
    before = contents(empty)
    with pytest.raises(CommandError, match="is there already"):
        scaffold(Path("workflows"), "thanks")
    assert contents(empty) == before


def test_a_file_that_came_in_the_meantime_is_not_written_over(empty: Path) -> None:
    made = scaffold(Path("workflows"), "thanks")
    layout = next(path for path in made.files if path.name == "message.txt")
    layout.parent.mkdir(parents=True)
    layout.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        write(made)
    assert layout.read_text() == "mine"


def test_segments_that_are_there_are_kept_and_missing_rules_are_told(empty: Path) -> None:
    own = Path("workflows/segments.yaml")
    own.parent.mkdir()
    own.write_text("buyers: customer.orders_count > 3\n")
    _, said = relevo("new", "--from", "win-back", "--json")
    assert list(json.loads(said)["segments"]) == ["reachable"]
    _, text = relevo("new", "again", "--from", "win-back")
    assert own.read_text() == "buyers: customer.orders_count > 3\n"
    remark = text.partition("which is yours:\n")[2].partition("\n\n")[0]
    own.write_text(own.read_text() + remark.replace("  reachable", "reachable"))
    assert "reachable" in YAML(typ="safe", pure=True).load(own.read_text())
    assert relevo("check", "--strict") == (0, "")


@pytest.mark.parametrize("name", ["Foo", "a b", "../x", "", "-a", "a/b", "."])
def test_a_name_that_can_be_none_is_refused(empty: Path, name: str) -> None:
    with pytest.raises(CommandError, match="can't name a workflow"):
        scaffold(Path("workflows"), name)


def test_an_unknown_workflow_of_the_library_is_told_with_what_there_is() -> None:
    with pytest.raises(CommandError, match="did you mean 'welcome'"):
        from_library("welcom")
    with pytest.raises(CommandError, match="abandoned-cart, "):
        from_library("zzz")


def test_a_copy_brings_the_contact_policy_by_which_it_is_tested_and_keeps_one_that_is_there(empty: Path) -> None:
    policy = Path("workflows/policy.yaml")
    assert relevo("new", "our-birthday", "--from", "birthday")[0] == 0
    assert policy.read_bytes() == (shipped_library() / "policy.yaml").read_bytes()
    policy.write_text("caps: [{most: 1, per: 1d}]\n")
    code, said = relevo("new", "our-welcome", "--from", "welcome")
    assert code == 0
    assert "policy.yaml" in said
    assert policy.read_text() == "caps: [{most: 1, per: 1d}]\n"
