"""`relevo watch`: each save is looked at once, what is broken is told, and nothing but Ctrl-C ends it."""

import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from relevo_cli.authoring.file_watcher import SaveWatcher
from relevo_cli.authoring.scaffold import scaffold, write
from relevo_cli.commands.watch import look

BROKEN = [
    "bad: [",
    "\t",
    "a: &a [*a]",
    "workflow: x\n" * 3,
    "",
    "\x00",
    "steps: !!python/object:os.system {}",
    "- " * 300,
]


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new workflow in the folder where the command runs."""
    monkeypatch.chdir(tmp_path)
    made = scaffold(Path("workflows"), "thanks")
    write(made)
    return made.folder


class Watching:
    """A watch whose looks are asked for."""

    def __init__(self, path: Path) -> None:
        self.saves = SaveWatcher(path)

    def look(self) -> str:
        """What one look prints; nothing if nothing was saved."""
        file = io.StringIO()
        look(self.saves, Console(file=file, width=200), Path("previews"))
        return file.getvalue()


def test_a_save_is_checked_and_tested_and_no_save_is_not(flow: Path) -> None:
    watching = Watching(flow)
    assert "6 of 6 tests" in watching.look()
    assert watching.look() == ""
    tests = flow / "tests" / "thank-you.yaml"
    tests.write_text(tests.read_text().replace("tags: [regular]", "tags: [loyal]"))
    said = watching.look()
    assert "5 of 6 tests" in said
    assert "loyal" in said


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("name", ["workflow.yaml", "templates/thank-you.yaml", "tests/thank-you.yaml"])
def test_a_broken_file_is_told_and_the_next_save_is_looked_at(flow: Path, broken: str, name: str) -> None:
    watching, file = Watching(flow), flow / name
    watching.look()
    before = file.read_text()
    file.write_text(broken)
    assert "✗ thanks" in watching.look()
    file.write_text(before)
    assert "6 of 6 tests" in watching.look()


def test_what_is_no_text_is_told(flow: Path) -> None:
    (flow / "workflow.yaml").write_bytes(b"\xff\xfe\xfa")
    assert "not UTF-8" in Watching(flow).look()


def test_a_shared_file_concerns_every_workflow_and_an_own_one_only_its_own(flow: Path) -> None:
    shutil.copytree(flow, flow.parent / "more")
    own = flow.parent / "more" / "workflow.yaml"
    own.write_text(own.read_text().replace("workflow: thanks", "workflow: more"))
    watching = Watching(flow.parent)
    watching.look()
    own.write_text(own.read_text() + "# one more\n")
    assert "thanks" not in watching.look()
    (flow.parent / "layouts" / "message.txt").write_text("{{ shop.name }}")
    said = watching.look()
    assert "more" in said
    assert "thanks" in said


def test_a_survey_is_looked_at_when_it_is_saved(flow: Path) -> None:
    watching = Watching(flow)
    watching.look()
    (flow / "surveys").mkdir()
    (flow / "surveys" / "quality.yaml").write_text("questions: {score: {type: ratings}}\n")
    assert "surveys/quality.yaml:1:27" in watching.look()


def test_workflows_come_and_go(flow: Path) -> None:
    watching = Watching(flow.parent)
    watching.look()
    flow.rename(flow.parent.parent / "elsewhere")
    assert "there is no workflow left" in watching.look()
    (flow.parent.parent / "elsewhere").rename(flow)
    assert "6 of 6 tests" in watching.look()


def test_the_preview_shows_the_picture_and_each_message_as_its_test_fills_it_in(flow: Path) -> None:
    Watching(flow).look()
    page = Path("previews/thanks.html").read_text()
    assert "<svg" in page
    assert "Thank you, Ana" in page


def test_ctrl_c_ends_it_with_0(flow: Path) -> None:
    command = [sys.executable, "-m", "relevo_cli", "watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        assert b"6 of 6 tests" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
