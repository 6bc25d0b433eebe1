"""Every path, name and table that the documents name is there, and the README of a folder names all that is in it."""

import re
from fnmatch import fnmatch
from pathlib import Path
from pkgutil import resolve_name

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"build", "dist", "node_modules", "__pycache__"}


def everything() -> list[str]:
    """Every file and folder of the repository, from its root."""
    found, folders = [], [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            if path.name.startswith(".") or path.name in LEFT_OUT or path.name.endswith(".egg-info"):
                continue
            found.append(str(path.relative_to(ROOT)))
            if path.is_dir():
                folders.append(path)
    return sorted(found)


EVERYTHING = everything()
PAGES = [one for one in EVERYTHING if one.endswith(".md") and not one.startswith("tests/conformance")]
GUIDES = [
    one
    for one in PAGES
    if one in {"ARCHITECTURE.md", "CONTRIBUTING.md"} or one.endswith("README.md") or one.startswith("docs/add-a-")
]
"""The pages that lead through the code: what they name in backticks is a path or a name of it."""
NO_PATHS = {"shop/key", "shop/customer", "run/step/turn", "branch-1/when-1", "orders/paid"}
"""What has the look of a path in the guides and is none: keys, labels, topics of platforms."""
PATH = re.compile(r"[\w.<>*-]+(?:/[\w.<>*-]+)+/?|[\w<>-]+\.(?:py|sql|md|toml|yaml|json|txt|sha256)")
NAME = re.compile(r"relevo_[a-z]+(?:\.\w+)+")
MEMBERS = sorted(str(Path(one).parent) for one in EVERYTHING if one.endswith("pyproject.toml") and "/" in one)
CODE = re.compile(r"```.*?```", re.DOTALL)


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def quoted(page: str) -> list[str]:
    """What stands in backticks in a page, outside of blocks of code."""
    return re.findall(r"`([^`\n]+)`", CODE.sub("", text_of(page)))


def is_there(path: str) -> bool:
    """Whether a file or folder ends with this path. `<name>` stands for any."""
    pattern = re.sub(r"<\w+>", "*", path.rstrip("/"))
    return (ROOT / path).exists() or any(fnmatch(one, pattern) or fnmatch(one, f"*/{pattern}") for one in EVERYTHING)


def test_nothing_is_a_link() -> None:
    """Helm warns of each link in a chart, and some systems and archives make texts of them."""
    assert [one for one in EVERYTHING if (ROOT / one).is_symlink()] == []


def is_name(name: str) -> bool:
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def anchors(page: str) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", text_of(page)))
    wrong = []
    for link in links:
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(str(target.resolve().relative_to(ROOT)))):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("page", GUIDES)
def test_the_paths_and_names_of_a_guide_are_there(page: str) -> None:
    texts = [one for one in quoted(page) if one not in NO_PATHS]
    paths = [one for one in texts if PATH.fullmatch(one)]
    names = [one for one in texts if NAME.fullmatch(one) and one not in paths]
    tests = [one for one in texts if re.fullmatch(r"test_\w+", one)]
    wrong = [one for one in paths if not is_there(one)]
    wrong += [one for one in names if not is_name(one)]
    wrong += [one for one in tests if not is_there(f"{one}.py")]
    assert wrong == []


def rooms_of(member: str) -> set[str]:
    """The folders of a member's package; of a small one, which is not in layers, the modules too."""
    flat = member.startswith(("shared/", "deploy/"))
    found = [path for package in (ROOT / member).glob("relevo_*") for path in package.iterdir()]
    folders = {path.name for path in found if path.is_dir() and any(path.glob("*.*"))} - LEFT_OUT
    return folders | {path.stem for path in found if flat and path.suffix == ".py" and path.stem[0] != "_"}


@pytest.mark.parametrize("member", MEMBERS)
def test_each_member_says_what_is_there_and_what_tests_it(member: str) -> None:
    [page, *_] = [one for one in (f"{member}/README.md", f"{Path(member).parent}/README.md") if one in PAGES]
    assert re.search(r"tests/\w+|make test", text_of(page)), "say what tests it"
    named = {word for one in quoted(page) for word in re.split(r"\W+", one)}
    assert rooms_of(member) - named == set()


@pytest.mark.parametrize(
    ("page", "pattern"),
    [("tests/README.md", "tests/*/"), ("benchmarks/README.md", "benchmarks/*"), ("docs/README.md", "docs/*.md")],
)
def test_a_list_of_what_is_in_a_folder_is_complete(page: str, pattern: str) -> None:
    there = {path.name for path in ROOT.glob(pattern.rstrip("/")) if path.is_dir() or not pattern.endswith("/")}
    there = {name.removesuffix(".py") for name in there if not name.startswith("__")} - {"README.md", "pristine.sql"}
    text = text_of(page)
    assert {name for name in there if not re.search(rf"[`(]{re.escape(name)}(?:\.py)?[`)/]", text)} == set()


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("add-a-step", "relevo_workflow.steps.step.Step"),
        ("add-a-step", "relevo_workflow.steps.step_type.StepType"),
        ("add-a-platform", "relevo_ingest.connectors.connector.Connector"),
        ("add-a-provider", "relevo_notifier.app.ports.Provider"),
    ],
)
def test_a_guide_names_all_that_is_asked_of_a_new_part(page: str, asked: str) -> None:
    kind = resolve_name(asked)
    members = {name for name in {**vars(kind), **kind.__annotations__} if not name.startswith("_")}
    named = {word for one in quoted(f"docs/{page}.md") for word in re.split(r"\W+", one)}
    assert members - named == set()


def test_the_table_of_owners_has_every_table() -> None:
    created: set[str] = set()
    for one in EVERYTHING:
        if fnmatch(one, "*/migrations/*.sql"):
            created.update(re.findall(r"^create table ([\w.]+) \(", text_of(one), re.MULTILINE))
    listed: set[str] = set()
    for row in re.findall(r"^\| (`[a-z]+\.\w+`[^|]*) \|", text_of("ARCHITECTURE.md"), re.MULTILINE):
        schema = ""
        for name in re.findall(r"`([\w.]+)`", row):
            schema = name.split(".")[0] or schema
            listed.add(name if not name.startswith(".") else schema + name)
    assert listed == created
