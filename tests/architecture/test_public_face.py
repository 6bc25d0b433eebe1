"""Other packages use the workflow language by its public face alone; what stands behind it may change."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "relevo_workflow"
FACES = (PACKAGE, f"{PACKAGE}.changes", f"{PACKAGE}.diagram", f"{PACKAGE}.explain", f"{PACKAGE}.testing")
OUTSIDE = ("shared", "services", "cli", "deploy", "clients", "testing", "benchmarks", "tests")
OWN = (ROOT / "shared" / "workflow", ROOT / "tests" / "workflow")


def imported(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each import of the package in a file: the module, and the names that are taken from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, tuple(alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)


def files(*folders: Path) -> list[Path]:
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return sorted(path for path in found if not {"build", "dist", ".venv"} & set(path.parts))


def test_others_import_from_the_public_face_alone() -> None:
    public = {face: set(import_module(face).__all__) for face in FACES}
    wrong = [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for path in files(*(ROOT / folder for folder in OUTSIDE))
        if not any(path.is_relative_to(own) for own in OWN)
        for module, names in imported(path)
        if module.split(".")[0] == PACKAGE
        for name in names or ("",)
        if name not in public.get(module, ())
    ]
    assert wrong == []


def test_the_package_itself_does_not_import_its_face() -> None:
    """It would load modules in circles."""
    inside = files(ROOT / "shared" / "workflow" / PACKAGE)
    wrong = [str(path) for path in inside for module, _ in imported(path) if module in FACES]
    assert wrong == []


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_is_there_and_is_the_one_that_type_checkers_see(face: str) -> None:
    module = import_module(face)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    declared = {
        name: source
        for source, names in imported(Path(str(module.__file__)))
        for name in names
        if source.startswith(f"{PACKAGE}.")
    }
    assert set(declared) == set(module.__all__)
    for name, source in declared.items():
        assert getattr(module, name) is getattr(import_module(source), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        import_module(PACKAGE).walk  # noqa: B018  # the access itself is what is tested


@pytest.mark.parametrize(
    "statement", ["import relevo_workflow", "from relevo_workflow import parse_duration, Position"]
)
def test_a_command_loads_no_more_of_the_language_than_it_needs(statement: str) -> None:
    program = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert PACKAGE in loaded
    assert not loaded & {"cel_expr_python", "liquid", "ruamel", "google.protobuf", f"{PACKAGE}.compiler.load"}


ROOMS = sorted(path.parent for path in (ROOT / "shared" / "workflow" / PACKAGE).glob("*/__init__.py"))


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.name))
def test_each_room_says_what_tests_it(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    named = re.findall(r"`(tests/\S+\.py)`", said)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []
