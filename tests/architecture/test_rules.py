"""The house rules that a machine can hold: who imports whom, where time is read, how long a function is."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = ("shared", "services", "cli", "deploy", "testing")
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}

FORMER_WORDS = {
    "relevo_ingest": {
        **dict.fromkeys(("tools",), "dependencies"),
        **dict.fromkeys(("storing",), "event store"),
        **dict.fromkeys(("finding",), "lookup"),
        **dict.fromkeys(("watch", "watching"), "counters"),
        **dict.fromkeys(("thing", "things"), "entity"),
        **dict.fromkeys(("sighting", "sightings"), "state view"),
        **dict.fromkeys(("question", "questions"), "state query"),
        **dict.fromkeys(("fit", "fitting", "misfit"), "coercion"),
        **dict.fromkeys(("tell", "told"), "report, event"),
        **dict.fromkeys(("odd",), "malformed"),
        **dict.fromkeys(("lacking",), "missing fields"),
    },
    "relevo_workflow": {
        **dict.fromkeys(("way", "ways"), "path, label"),
        **dict.fromkeys(("circle", "circles", "endless"), "cycle"),
        **dict.fromkeys(("outline", "outlines"), "syntax tree, ast"),
        **dict.fromkeys(("written", "places"), "source map, positions"),
        **dict.fromkeys(("unsaved",), "use before save, definite assignment"),
        **dict.fromkeys(("neighbours",), "cross-workflow checks"),
        **dict.fromkeys(("share", "shares"), "bucketing"),
        **dict.fromkeys(("ring", "rang"), "fire"),
        **dict.fromkeys(("tell", "told"), "report"),
        **dict.fromkeys(("deed", "deeds"), "action"),
        **dict.fromkeys(("misfit", "fitting"), "schema mismatch"),
        **dict.fromkeys(("listening",), "correlation"),
        **dict.fromkeys(("joining",), "customer merge"),
        **dict.fromkeys(("void",), "precedes erasure"),
        **dict.fromkeys(("odd",), "malformed"),
        **dict.fromkeys(("complaint", "complain"), "problem"),
        **dict.fromkeys(("looked",), "context"),
        **dict.fromkeys(("happening", "happenings"), "scenario event"),
        **dict.fromkeys(("thing", "things"), "node"),
        **dict.fromkeys(("said",), "answer, text"),
    },
    "relevo_notifier": {
        **dict.fromkeys(("lane", "lanes"), "worker pool"),
        **dict.fromkeys(("holding",), "limits"),
        **dict.fromkeys(("relaxed",), "wait for capacity"),
        **dict.fromkeys(("patience", "patiently"), "retry, transient"),
        **dict.fromkeys(("batches",), "batcher"),
        **dict.fromkeys(("around", "surroundings"), "context, dependencies"),
        **dict.fromkeys(("history",), "retention, purge"),
        **dict.fromkeys(("odd",), "malformed"),
        **dict.fromkeys(("letter", "letters"), "mail content"),
        **dict.fromkeys(("outlet", "outlets"), "worker pool"),
        **dict.fromkeys(("spoil",), "mark unreadable"),
        **dict.fromkeys(("learnt",), "facts, changes"),
        **dict.fromkeys(("whom",), "merged into"),
        **dict.fromkeys(("void",), "precedes redaction"),
        **dict.fromkeys(("said",), "describe"),
        **dict.fromkeys(("passing",), "transient"),
    },
    "relevo_engine": {
        **dict.fromkeys(("walk", "walks", "walker", "forwarder", "tell", "told", "unheard"), "fanout, publish"),
        **dict.fromkeys(("fold", "folds"), "decide, batch"),
        **dict.fromkeys(("ring", "rang", "rung"), "fire"),
        **dict.fromkeys(("stood",), "earlier keys"),
        **dict.fromkeys(("forgetting", "history"), "retention, purge"),
        **dict.fromkeys(("fate",), "move"),
        **dict.fromkeys(("survey",), "preview"),
        **dict.fromkeys(("whom",), "merged into"),
    },
    "relevo_scheduler": dict.fromkeys(("tell", "told", "ring", "rang"), "report, fire"),
    "relevo_runtime": {
        **dict.fromkeys(("patiently", "surely", "patience"), "retry"),
        **dict.fromkeys(("tell", "told", "said"), "log, report"),
        **dict.fromkeys(("sink",), "dead letters"),
        **dict.fromkeys(("bury",), "dead letter"),
        **dict.fromkeys(("cope",), "keep stale"),
    },
    "relevo_cli": {
        **dict.fromkeys(("tell", "tells", "told"), "print, describe"),
        **dict.fromkeys(("says", "said"), "printer, message"),
        **dict.fromkeys(("stood",), "reading"),
        **dict.fromkeys(("standing",), "progress"),
    },
    "relevo_contracts": {
        **dict.fromkeys(("tell", "told", "said", "ticked"), "with profile, with consent"),
    },
    "relevo_templates": {
        **dict.fromkeys(("tell", "told", "said"), "error"),
    },
}
"""Words that modules, classes and functions of a package no longer use, each with the field's own word."""
FORMER_NAMES = {
    "relevo_workflow": {
        "Wrong": "TextProblem",
        "Never": "ImpossibleComparison",
        "Walk": "RunExecution",
        "Deployment": "WorkflowIndex",
        "Names": "TypeEnvironment",
        "Compiler": "ExpressionCompiler",
        "Effected": "TimedEffect",
        "Recorded": "RecordedDecision",
        "Retired": "RetiredWorkflow",
        "Underway": "RunInProgress",
    },
    "relevo_notifier": {
        "Broken": "ConnectionLost",
        "Barred": "Blocked",
        "Unreached": "Unreachable",
        "Wrong": "InvalidCall",
        "Hosts": "HostLimiter",
        "Answer": "ProviderResult",
        "Refused": "Rejected",
        "refused": "why_blocked, give_up",
        "Busy": "HostBusy",
        "Send": "MaySend",
        "learning": "contact_changes",
    },
    "relevo_engine": {
        "Arrived": "IncomingMessage",
        "Wanted": "UnassignedTask",
        "Claimed": "ClaimedFanout",
        "Said": "Vote",
        "Scope": "RunScope",
        "Place": "RestingPlace",
        "Going": "MovableRuns",
        "Stuck": "ImmovableRuns",
    },
    "relevo_runtime": {
        "_Held": "_WaitingPartition",
        "CatalogUnread": "CatalogUnavailable",
        "NotTaken": "CallRefused",
        "unfit_schema": "is_schema_mismatch",
        "Position": "ConsumerPosition",
        "Said": "LogLine",
        "Masters": "MasterKeys",
    },
    "relevo_cli": {
        "Ran": "SavedClock",
        "For": "TokenPurpose",
        "Made": "NewWorkflow",
        "Held": "EffectiveSetting",
        "Wanted": "TargetVersion",
        "Signed": "SignOff",
        "Done": "DeploymentResult",
        "Written": "DrawnWorkflow",
        "Away": "Unavailable",
        "Saves": "SaveWatcher",
        "ReadAlong": "TopicReader",
        "Neighbourhood": "StartReferences",
        "Neighbours": "SiblingWorkflows",
    },
    "relevo_sandbox": {"Mischief": "FaultInjector"},
    "relevo_ingest": {
        "Wrong": "FieldProblem",
        "Known": "KnownKey",
    },
}


def sources() -> Iterator[Path]:
    for member in MEMBERS:
        for path in sorted((ROOT / member).rglob("*.py")):
            if not {"build", "dist", ".venv", "generated"} & set(path.parts):
                yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    documented = ast.get_docstring(node, clean=False)
    return (node.end_lineno or node.lineno) - node.lineno + 1 - (documented.count("\n") + 1 if documented else 0)


def test_imports_keep_the_layers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_banned_functions_are_not_used() -> None:
    folders = [member for member in MEMBERS if (ROOT / member).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251,DTZ,T20", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_time_is_read_in_one_module() -> None:
    """Also where a line says noqa: only the clock may."""
    allowed = ROOT / "shared/runtime/relevo_runtime/clock.py"
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if path != allowed
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"datetime.now", "datetime.utcnow", "time.time"}
    ]
    assert wrong == []


def test_modules_are_nouns_of_the_field() -> None:
    assert [str(path) for path in sources() if FORBIDDEN_NAMES & {path.stem, *path.parent.parts}] == []


def words_of(name: str) -> set[str]:
    """The words of an identifier in lower case: `_read_goto`, `WorkflowIndex`."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def names_in(path: Path) -> Iterator[str]:
    """The module's own name, and those of its classes and functions."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


@pytest.mark.parametrize("package", sorted({*FORMER_WORDS, *FORMER_NAMES}))
def test_names_use_the_words_of_the_field(package: str) -> None:
    former, names = FORMER_WORDS.get(package, {}), FORMER_NAMES.get(package, {})
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        if package in path.parts
        for name in names_in(path)
        if name in names or former.keys() & words_of(name)
    ]
    assert wrong == []


def texts_in(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module, docstrings too, each with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_texts_say_what_something_is_not_in_plain_english() -> None:
    """`is not an e-mail address`, never `is no e-mail address`."""
    stilted = re.compile(
        r"(?<!there )\b(is|are|was|were) (no(?!\s+(longer|such|more|older)\b)|none of the)\b", re.IGNORECASE
    )
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources()
        for line, text in texts_in(path)
        if stilted.search(text)
    ]
    assert wrong == []


def test_statements_are_constants_of_the_module_that_runs_them() -> None:
    """One way to have SQL: read once, at the first use, and found by whoever reads the module."""
    wrong = []
    for path in sources():
        tree = ast.parse(path.read_text())
        constants = [node.value for node in tree.body if isinstance(node, ast.Assign)]
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Statements.load" and node not in constants
        ]
    assert wrong == []


def test_modules_are_short_enough_to_be_read() -> None:
    assert [str(path) for path in sources() if len(path.read_text().splitlines()) >= 400] == []


def test_functions_are_short() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": length(node)
        for path in sources()
        for node in functions(path)
    }
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    longer = [lines for lines in lengths.values() if lines > 25]
    assert len(longer) <= len(lengths) / 10


@pytest.mark.parametrize("package", ["relevo_contracts", "relevo_workflow"])
def test_pure_packages_read_no_clock_and_do_no_io(package: str) -> None:
    forbidden = {"asyncio", "socket", "os", "random", "subprocess", "time", "logging", "httpx", "asyncpg", "aiokafka"}
    for path in sources():
        if package not in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            assert not {name.split(".")[0] for name in names} & forbidden, path


def test_runs_and_steps_are_values_that_nobody_changes() -> None:
    """What happens to a run gives another one (`tests/workflow/test_run_execution.py` tries it).

    The correlation of an event asks thousands of runs in one scope, which is its own.
    """
    wrong = [
        f"{path.name}: {ast.unparse(node)}"
        for room in ("runs", "steps")
        for path in sorted((ROOT / "shared/workflow/relevo_workflow" / room).rglob("*.py"))
        for function in functions(path)
        if function.name != "__init__"
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    assert wrong == ["correlation.py: self._scope.run_state"]
