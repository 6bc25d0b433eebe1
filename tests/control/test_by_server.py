"""The command with `--server` does what it does on the database, and says the same."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.test_commands import given
from tests.cli.test_deploying import CART
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire
from tests.e2e.machine import relevo

DIGEST = re.compile(r"plan ([0-9a-f]{64}) by")


class Person:
    """Somebody at a keyboard who has the address of a server and a token, and no database."""

    def __init__(self, url: str, token: str) -> None:
        self.environment = {"RELEVO_SERVER": url, "RELEVO_TOKEN": token, "RELEVO_POSTGRES": "postgresql://nowhere/"}

    async def says(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """What a command prints, and what it says beside it."""
        found, out, err = await relevo(*arguments, **self.environment)
        assert found == code, out + err
        assert "Traceback" not in err
        return out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cart").mkdir()
    return write(tmp_path / "cart")


def write(folder: Path, *, wait: str = "4h", level: str = "ad-hoc") -> Path:
    text = CART.replace("LEVEL", level).replace("wait: 4h", f"wait: {wait}")
    (folder / "workflow.yaml").write_text(text)
    return folder


async def test_deploy_history_and_rollback_say_what_they_say_on_the_database(
    url: str, hire: Hire, folder: Path, settings: SettingsFactory
) -> None:
    ann, database = Person(url, await hire("ann", "author")), given(settings())
    path = str(folder)
    for arguments in (
        ["deploy", path, "--plan"],
        ["deploy", path, "--plan", "--json"],
    ):
        _, local, _ = await relevo(*arguments, **database)
        assert (await ann.says(*arguments))[0] == local
    out, err = await ann.says("deploy", path, "--yes")
    assert "deployed as revision" in out
    assert DIGEST.search(err)
    write(folder, wait="9h")
    await ann.says("deploy", path, "--yes", "--note", "longer")
    for arguments in (
        ["history", "cart"],
        ["history", "cart", "--json"],
        ["rollback", "cart", "--plan"],
        ["history", "nothing"],
    ):
        code, local, wrong = await relevo(*arguments, **database)
        out, err = await ann.says(*arguments, code=code)
        assert out == local
        assert code == 0 or err == wrong
    [newest, first] = json.loads((await ann.says("history", "cart", "--json"))[0])
    assert (newest["author"], newest["note"], newest["active"]) == ("ann", "longer", True)
    changed = await ann.says("history", "cart", "--diff", str(newest["revision"]))
    assert "~ step pause: waits: 4h → 9h" in changed[0]
    await ann.says("rollback", "cart", "--yes")
    [latest, *_] = json.loads((await ann.says("history", "cart", "--json"))[0])
    assert (latest["version"], latest["note"]) == (first["version"], f"rollback to revision {first['revision']}")


async def test_a_production_workflow_is_reviewed_by_somebody_else_who_is_logged_in(
    url: str, hire: Hire, folder: Path
) -> None:
    ann = Person(url, await hire("ann", "author", "approver"))
    bea = Person(url, await hire("bea", "approver"))
    write(folder, level="production")
    _, err = await ann.says("deploy", str(folder), "--yes", code=2)
    assert "needs a review by somebody else" in err
    found = DIGEST.search(err)
    assert found is not None
    digest = found[1]
    _, err = await ann.says("approve", digest, "--yes", code=2)
    assert "ann is the author of this plan and can't approve it too" in err
    _, err = await bea.says("deploy", str(folder), "--yes", code=2)
    assert "bea may not: it needs the permission workflows:deploy" in err
    out, _ = await bea.says("approve", digest, "--yes")
    assert "a plan of ann" in out
    assert "approved by bea" in out
    await ann.says("deploy", str(folder), "--yes")
    [one] = json.loads((await ann.says("history", "cart", "--json"))[0])
    assert (one["author"], one["reviewer"]) == ("ann", "bea")


async def test_the_audit_log_is_the_same_by_the_api(url: str, hire: Hire, settings: SettingsFactory) -> None:
    ann = Person(url, await hire("ann", "admin"))
    await hire("bea", "viewer")
    for arguments in (["audit"], ["audit", "--json", "--limit", "1"], ["audit", "--shop", "tea"]):
        _, local, _ = await relevo(*arguments, **given(settings()))
        assert (await ann.says(*arguments))[0] == local


async def test_signatures_in_free_text_are_refused(url: str, hire: Hire, folder: Path) -> None:
    ann = Person(url, await hire("ann", "author"))
    _, err = await ann.says("deploy", str(folder), "--yes", "--review-by", "bea", code=2)
    assert "approvals are by who is logged in" in err


async def test_what_the_api_does_not_do_says_so(url: str, hire: Hire) -> None:
    ann = Person(url, await hire("ann", "admin"))
    _, err = await ann.says("migrate", code=2)
    assert "needs the database" in err


async def test_the_server_may_be_named_before_or_behind_the_command(url: str, hire: Hire, folder: Path) -> None:
    ann = Person(url, await hire("ann", "author"))
    del ann.environment["RELEVO_SERVER"]
    for arguments in (["--server", url, "deploy", str(folder)], ["deploy", str(folder), f"--server={url}"]):
        out, _ = await ann.says(*arguments, "--plan")
        assert "cart  new" in out
    _, err = await ann.says("deploy", str(folder), "--plan", "--server", "http://relevo.example.com", code=2)
    assert "must begin with https://" in err
