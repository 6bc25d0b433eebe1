"""`relevo up` where there are no workflows: it says so and deploys nothing that nobody asked for."""

from pathlib import Path

import pytest

from relevo_cli.commands.up import _workflows
from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import library


@pytest.mark.parametrize("folders", [[], ["workflows"], ["workflows/layouts"]])
def test_a_folder_without_workflows_is_told_of_and_deploys_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folders: list[str]
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert _workflows(None) == []
    said = capsys.readouterr().err
    assert "there is no workflow in" in said
    assert "relevo new my-workflow" in said


def test_those_that_are_there_are_taken_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "workflows").symlink_to(library().absolute())
    monkeypatch.chdir(tmp_path)
    assert "abandoned-cart" in {one.definition.name for one in _workflows(None)}
    assert capsys.readouterr().err == ""


def test_a_folder_that_was_asked_for_must_have_some(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no workflow in"):
        _workflows(tmp_path)
