"""The lock files hold what the members ask for, with hashes and no address of an index. `make lock` writes them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "requirements"
MEMBERS = ("shared", "services", "cli", "deploy", "clients/python")
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(name: str) -> dict[str, set[Version]]:
    """The versions of each package in a lock file; there may be several, for different platforms."""
    found: dict[str, set[Version]] = {}
    for line in (FOLDER / name).read_text().splitlines():
        if match := PIN.match(line):
            found.setdefault(canonicalize_name(match[1]), set()).add(Version(match[2]))
    return found


def asked(name: str) -> list[str]:
    """The lines of a file of requirements, without comments."""
    lines = (line.strip() for line in (FOLDER / name).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def of_members(*members: str) -> Iterator[str]:
    """What these members of the workspace depend on, beside each other."""
    for path in (one for folder in members for one in sorted((ROOT / folder).rglob("pyproject.toml"))):
        project = tomllib.loads(path.read_text())["project"]
        optional = project.get("optional-dependencies", {}).values()
        for one in [*project.get("dependencies", []), *(one for group in optional for one in group)]:
            if not one.startswith("relevo"):
                yield one.replace(" ", "")


def test_the_list_is_what_the_members_depend_on() -> None:
    assert set(asked("run.in")) == set(of_members(*MEMBERS)), "run `make lock`"


def test_what_the_plugin_for_tests_needs_is_pinned_for_development_alone() -> None:
    assert set(of_members("testing")) <= {*asked("run.in"), *asked("dev.in")}


@pytest.mark.parametrize(("lock", "wanted"), [("run.txt", ["run.in"]), ("dev.txt", ["run.in", "dev.in"])])
def test_each_requirement_is_pinned_to_a_version_that_it_allows(lock: str, wanted: list[str]) -> None:
    pinned = pins(lock)
    for text in (one for name in wanted for one in asked(name)):
        requirement = Requirement(text)
        versions = pinned.get(canonicalize_name(requirement.name), set())
        assert versions, f"{text} is not in {lock}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), text


def test_what_runs_is_what_was_tested() -> None:
    tested = pins("dev.txt")
    assert {name: versions for name, versions in pins("run.txt").items() if tested.get(name) != versions} == {}


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_a_lock_file_has_pins_with_hashes_and_nothing_else(lock: str) -> None:
    lines = (FOLDER / lock).read_text().splitlines()
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line) and not HASH.match(following)
    ]
    assert bare == []
