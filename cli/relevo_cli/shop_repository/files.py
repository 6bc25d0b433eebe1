"""The files of a shop's repository, and how they come into a folder that was not there."""

import json
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from msgspec import Struct

from relevo_cli.authoring.sources import shipped_library
from relevo_cli.errors import CommandError
from relevo_cli.shop_repository.choices import LANGUAGES, NO_TONE, OTHERS, Choices, Limits
from relevo_cli.shop_repository.feeding import Plan, plan_of, started_by
from relevo_cli.shop_repository.fitting import fitted
from relevo_cli.shop_repository.languages import without_languages
from relevo_cli.shop_repository.limits import policy_tests, with_limits
from relevo_cli.shop_repository.pages import pages_of
from relevo_cli.shop_repository.tones import with_farewell, with_greeting
from relevo_cli.workflow_files import LIBRARY, path_of, read_folder, read_policy, read_tests, workflow_folders
from relevo_workflow import POLICY_FILE, Definition, load_workflow, policy_schema, workflow_schema
from relevo_workflow.testing import POLICY_TESTS

_SPOKEN = ("templates/", "surveys/", "blocks/", "layouts/")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((\.\./[^)#]*)(#[^)]*)?\)")
_DIAGRAM = "diagram.svg"


class Repository(Struct, frozen=True):
    """What is to be written: each file by its path in the repository, and the plan that it follows."""

    plan: Plan
    files: dict[str, str]


def flows_of_library() -> list[str]:
    """The names of the workflows that come with this command."""
    return [folder.name for folder in workflow_folders(shipped_library())]


def read_library(chosen: Collection[str] = ()) -> dict[str, Definition]:
    """The workflows that come with this command, by name: those that are chosen with what they start, or all."""
    names, found = flows_of_library(), dict[str, Definition]()
    waiting = [*(chosen or names)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = load_workflow(read_folder(shipped_library() / name, parse=False))
            waiting += started_by(found[name])
    return {name: found[name] for name in names if name in found}


def repository(choices: Choices, library: Mapping[str, Definition]) -> Repository:
    """The files of a shop's repository."""
    plan = plan_of(library, choices.platform, choices.flows)
    source = shipped_library()
    files: dict[str, str] = {}
    for name in plan.flows:
        files |= _flow(source / name, choices, frozenset(plan.flows))
    files |= _shared(source, choices)
    titles = {name: library[name].title for name in plan.flows}
    return Repository(plan, files | pages_of(choices, plan, titles))


def write(made: Repository, folder: Path) -> None:
    """Writes all of it, or nothing. Raises `CommandError` if something is there by that name."""
    if folder.exists():
        raise CommandError(f"{folder} is there already, and nothing is written over: choose another --in")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for path, text in made.files.items():
            target = unfinished / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise CommandError(f"{folder} could not be written: {error}") from error


def _flow(folder: Path, choices: Choices, flows: frozenset[str]) -> dict[str, str]:
    """The files of one flow with what it shares with others."""
    files = {path: _as_chosen(path, text, choices) for path, text in read_folder(folder).items()}
    tests = read_tests(folder)
    if set(choices.languages) != set(LANGUAGES) or choices.limits != Limits() or choices.tone != NO_TONE:
        tests = fitted(load_workflow(files | _policy(folder.parent, choices)), tests)
    pages = {"README.md": _page(folder, flows), _DIAGRAM: (folder / _DIAGRAM).read_text(encoding="utf-8")}
    at_home = LIBRARY / folder.name
    return {path_of(at_home, path).as_posix(): text for path, text in (files | tests | pages).items()}


def _as_chosen(path: str, text: str, choices: Choices) -> str:
    """A file in the shop's languages, and a mail or layout in its tone."""
    if not path.startswith(_SPOKEN) or not path.endswith(".yaml"):
        return text
    text = without_languages(text, {*LANGUAGES, *OTHERS} - {*choices.languages})
    if path.startswith("templates/"):
        return with_greeting(text, choices.tone)
    return with_farewell(text, choices.tone) if path.startswith("layouts/") else text


def _page(folder: Path, flows: frozenset[str]) -> str:
    """The page of a flow; what it links to and the repository lacks is left without a link."""

    def link(found: re.Match[str]) -> str:
        first = PurePosixPath(found[3].removeprefix("../")).parts[:1]
        return found[0] if first and first[0] in {*flows, "blocks", "layouts", POLICY_FILE} else found[2]

    return _LINK.sub(link, (folder / "README.md").read_text(encoding="utf-8"))


def _policy(source: Path, choices: Choices) -> dict[str, str]:
    [text] = read_policy(source).values()
    left_out = {*LANGUAGES} - {*choices.languages}
    return {POLICY_FILE: with_limits(without_languages(text, left_out), choices.limits)}


def _shared(source: Path, choices: Choices) -> dict[str, str]:
    """What is there whatever flows were chosen: the policy with its tests, segments, the schemas for editors."""
    own = choices.limits != Limits()
    shared = {
        **_policy(source, choices),
        POLICY_TESTS: policy_tests(choices.limits) if own else (source / POLICY_TESTS).read_text(encoding="utf-8"),
        "segments.yaml": (source / "segments.yaml").read_text(encoding="utf-8"),
        "workflow.schema.json": json.dumps(workflow_schema(), indent=2, ensure_ascii=False) + "\n",
        "policy.schema.json": json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n",
    }
    return {f"{LIBRARY.as_posix()}/{path}": text for path, text in shared.items()}
