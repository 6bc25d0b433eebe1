"""`relevo check` and `relevo test`: what they print, and how they end."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from relevo_cli.errors import CommandError
from relevo_cli.main import application
from relevo_workflow import workflow_schema

ROOT = Path(__file__).parents[2]
CLI = CliRunner()
WORKFLOW = """\
workflow: thanks
trigger: {event: order.placed, when: event.total.amount > 0.0}
exit: {event: order.cancelled, reason: cancelled}
steps:
  - wait: 1h
  - branch:
      - when: customer.orders_count == 1
        steps:
          - set: {tags: {add: [new]}}
"""
TESTS = """\
given:
  start: 2026-03-10 10:00
  customer: {email: ana@example.com, timezone: Europe/Madrid}
  trigger: {event: order.placed, data: {order_id: o-1, total: {amount: "9.00", currency: EUR}}}
tests:
  - name: a new customer
    expect: {tags: [new], end: {at: 2026-03-10 11:00}}
  - name: known <already>
    customer: {orders_count: 4}
    expect: {tags: []}
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one workflow, in the folder where the command runs."""
    folder = tmp_path / "workflows" / "thanks"
    (folder / "tests").mkdir(parents=True)
    (folder / "workflow.yaml").write_text(WORKFLOW)
    (folder / "tests" / "all.yaml").write_text(TESTS)
    monkeypatch.chdir(tmp_path)
    return folder


def relevo(*arguments: str) -> tuple[int, list[str]]:
    """The exit code and the lines of standard output."""
    result = CLI.invoke(application(arguments[0]), arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.stdout.splitlines()


@pytest.mark.parametrize("command", ["check", "deploy"])
def test_what_runs_and_is_refused_by_now_can_not_be_deployed(library: Path, command: str) -> None:
    change(library / "workflow.yaml", "customer.orders_count == 1", '''"'vip' in customer.segments"''')
    result = CLI.invoke(application(command), [command, str(library)])
    assert result.exit_code != 0
    assert "there is no segment 'vip'" in f"{result.output}{result.exception}"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_workflow_without_mistakes_prints_nothing_for_pipes(library: Path) -> None:
    assert relevo("check") == (0, [])
    assert relevo("check", "workflows/thanks/workflow.yaml") == (0, [])


def test_each_mistake_is_a_line_with_its_place(library: Path) -> None:
    change(library / "workflow.yaml", "total.amount > 0.0", "totl.amount > 0.0")
    change(library / "workflow.yaml", "wait: 1h", "wiat: 1h")
    assert relevo("check") == (
        1,
        [
            "workflows/thanks/workflow.yaml:2:44: error: event has no field 'totl' (help: did you mean 'total'?)",
            "workflows/thanks/workflow.yaml:5:5: error: there is no step 'wiat' (help: did you mean 'wait'?)",
        ],
    )


def test_mistakes_as_json_with_the_sums_in_the_last_line(library: Path) -> None:
    change(library / "workflow.yaml", "wait: 1h", "wiat: 1h")
    code, lines = relevo("check", "--json")
    assert code == 1
    assert json.loads(lines[0]) == [
        {
            "file": "workflows/thanks/workflow.yaml",
            "line": 5,
            "column": 5,
            "severity": "error",
            "message": "there is no step 'wiat'",
            "help": "did you mean 'wait'?",
        }
    ]
    assert json.loads(lines[-1]) == {"workflows": 1, "errors": 1, "warnings": 0}


def test_a_warning_fails_only_if_asked_to(library: Path) -> None:
    (library / "templates").mkdir()
    (library / "templates" / "odd.yaml").write_text("channel: sms\nen: {text: Hello}\n")
    assert relevo("check") == (0, ["workflows/thanks/templates/odd.yaml:1:1: warning: no step sends 'odd'"])
    assert relevo("check", "--strict")[0] == 1


def test_files_that_are_no_yaml_and_shared_ones_have_their_own_place(library: Path) -> None:
    (library.parent / "segments.yaml").write_text("loyal: customer.orders > 3\n")
    (library / "workflow.yaml").write_text(WORKFLOW + "segments: [")
    assert [line.partition(": error")[0] for line in relevo("check")[1]] == ["workflows/thanks/workflow.yaml:10:12"]
    (library / "workflow.yaml").write_text(
        WORKFLOW.replace("when: event", """when: '"loyal" in customer.segments && event""")
    )
    (library / "workflow.yaml").write_text(WORKFLOW.replace("> 0.0}", """> 0.0 && "loyal" in customer.segments}"""))
    assert relevo("check")[1][0].startswith("workflows/segments.yaml:1:17: error: customer has no field 'orders'")


def test_the_schema_for_editors() -> None:
    code, lines = relevo("check", "--schema")
    assert (code, json.loads("\n".join(lines))) == (0, workflow_schema())


def test_tests_that_pass_with_every_way_covered(library: Path) -> None:
    change(library / "tests" / "all.yaml", "tests:\n", "tests:\n" + _CANCELLED)
    code, lines = relevo("test", "--coverage-min", "100")
    assert code == 0, lines
    assert lines[0].split()[:5] == ["✓", "thanks", "3", "of", "3"]
    assert lines[-1].startswith("3 of 3 tests passed, 100 % of 3 paths covered, ")


_CANCELLED = """\
  - name: cancelled
    events: [{at: +5m, event: order.cancelled, data: {order_id: o-1}}]
    expect: {end: {at: 2026-03-10 10:05, reason: cancelled}}
"""


def test_what_is_not_covered_has_its_name_and_its_place(library: Path) -> None:
    code, lines = relevo("test", "--coverage-min", "100")
    assert code == 1
    assert "    not covered: exit/cancelled  workflows/thanks/workflow.yaml:3" in lines
    assert lines[-1] == "the coverage is below 100 %"
    assert relevo("test", "--coverage-min", "60")[0] == 0


def test_a_failure_says_what_was_expected_and_what_came(library: Path) -> None:
    change(library / "workflow.yaml", "wait: 1h", "wait: 2h")
    code, lines = relevo("test")
    assert code == 1
    assert "    workflows/thanks/tests/all.yaml:7:37" in lines
    assert "      expected the end's 'at' to be 2026-03-10 11:00" in lines
    assert "      got 2026-03-10 12:00" in lines


def test_the_sums_as_json(library: Path) -> None:
    code, lines = relevo("test", "--json")
    sums = json.loads(lines[-1])
    assert list(sums) == ["tests", "passed", "failed", "branches", "covered", "seconds"]
    assert (code, sums["tests"], sums["passed"], sums["failed"], sums["branches"], sums["covered"]) == (
        0,
        2,
        2,
        0,
        3,
        2,
    )
    assert json.loads(lines[0])["coverage"]["missed"] == ["exit/cancelled"]


def test_junit_xml_has_a_case_a_test_and_the_failure_in_it(library: Path) -> None:
    change(library / "workflow.yaml", "== 1", "== 5")
    code, _ = relevo("test", "--junit", "reports/junit.xml")
    root = ET.fromstring(Path("reports/junit.xml").read_text())
    assert code == 1
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "2",
        "failures": "2",
        "errors": "0",
    }
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == {"a new customer", "known <already>"}
    failure = cases["known <already>"].find("failure")
    assert failure is not None
    assert failure.get("message") == "expected the customer's tags to be [], got [new]"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("workflow.yaml", "wait: 1h", "wiat: 1h", "there is no step 'wiat'"),
        ("tests/all.yaml", "orders_count", "order_count", "a customer has no field 'order_count'"),
        ("tests/all.yaml", "tests:", "tsets:", "a file of tests has no field 'tsets'"),
    ],
)
def test_a_suite_that_cannot_be_read_fails_and_is_an_error_in_junit(
    library: Path, file: str, old: str, new: str, said: str
) -> None:
    change(library / file, old, new)
    code, lines = relevo("test", "--junit", "junit.xml")
    assert code == 1
    assert any(said in line for line in lines)
    assert ET.fromstring(Path("junit.xml").read_text()).get("errors") == "1"


def test_a_workflow_without_tests_fails(library: Path) -> None:
    (library / "tests" / "all.yaml").unlink()
    code, lines = relevo("test")
    assert code == 1
    assert (
        "    workflows/thanks/workflow.yaml:1:1: error: there are no tests (help: add tests/*.yaml beside it)" in lines
    )


def test_the_library_has_no_mistakes_and_every_way_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert relevo("check", "--strict") == (0, [])
    code, lines = relevo("test", "workflows", "--coverage-min", "100")
    assert code == 0, "\n".join(lines)
    assert ", 100 % of " in lines[-1]


def test_a_diagram_as_text_as_a_picture_and_beside_its_workflow(library: Path) -> None:
    code, lines = relevo("diagram", "workflows/thanks")
    assert (code, lines[0]) == (0, "flowchart TD")
    assert relevo("diagram", "workflows/thanks", "--format", "svg", "-o", "pictures/thanks.svg") == (0, [])
    assert Path("pictures/thanks.svg").read_text().startswith("<svg ")
    files = "workflows/thanks/diagram.svg, workflows/thanks/diagram.md"
    assert relevo("diagram", "--write") == (0, [f"thanks  wrote {files}"])
    assert relevo("diagram", "--write") == (0, ["thanks  is drawn as it is"])


STARTS = """\
workflow: parcels
trigger: {event: order.placed}
steps:
  - start: {workflow: thank, for_each: trigger.items}
"""


def test_a_workflow_that_a_step_starts_must_be_there_and_may_be_started(library: Path) -> None:
    parcels = library.parent / "parcels"
    parcels.mkdir()
    (parcels / "workflow.yaml").write_text(STARTS)
    place = "workflows/parcels/workflow.yaml:4:5"
    for path in ("workflows", "workflows/parcels"):
        code, lines = relevo("check", path)
        missing = f"{place}: error: there is no workflow 'thank' (help: did you mean 'thanks'?)"
        assert (code, lines[0]) == (1, missing)
    change(parcels / "workflow.yaml", "thank,", "thanks,")
    advice = "(help: add {manual: } to the trigger of 'thanks')"
    assert relevo("check")[1][0] == f"{place}: error: 'thanks' can't be started by a step {advice}"
    thanks = library / "workflow.yaml"
    change(thanks, "trigger: {event: order.placed, when: event.total.amount > 0.0}", "trigger: {manual: }")
    code, lines = relevo("check")
    assert code == 0
    assert lines[0].startswith(f"{place}: warning: only the first element starts 'thanks'")
    change(thanks, "exit:", "key: string(trigger.data.item.sku)\nexit:")
    assert relevo("check") == (0, [])


def test_a_workflow_alone_may_start_one_from_elsewhere(library: Path) -> None:
    change(library / "workflow.yaml", "  - wait: 1h", "  - start: {workflow: other}")
    place = "workflows/thanks/workflow.yaml:5:5"
    assert relevo("check")[1][0] == (
        f"{place}: warning: there is no workflow 'other' (help: it has to be deployed from elsewhere)"
    )


def test_two_folders_with_one_workflow(library: Path) -> None:
    shutil.copytree(library, library.parent / "thanks-too")
    code, lines = relevo("check")
    assert code == 1
    assert lines[0].startswith("workflows/thanks-too/workflow.yaml:1:1: error: 'thanks' is also the workflow of")


def test_a_file_that_is_no_text_is_a_finding_like_others(library: Path) -> None:
    (library.parent / "odd").mkdir()
    (library.parent / "odd" / "workflow.yaml").write_bytes(b"\xff\xfe\x00")
    found = "workflows/odd/workflow.yaml:1:1: error: this is not UTF-8 text (help: save it as UTF-8)"
    assert relevo("check") == (1, [found])
    code, lines = relevo("test")
    assert code == 1
    assert any(found in line for line in lines)


def test_a_path_may_be_here_and_files_may_end_in_yml(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = library / "tests"
    for path in tests.glob("*.yaml"):
        path.rename(path.with_suffix(".yml"))
    monkeypatch.chdir(library)
    assert relevo("check", ".")[0] == 0
    assert relevo("test", ".")[1][-1].startswith("2 of 2 tests passed")
    monkeypatch.chdir(ROOT / "workflows" / "quote")
    assert relevo("check", ".")[0] == 0


@pytest.mark.parametrize(
    ("command", "path", "advice"),
    [
        ("check", "thanks", "did you mean workflows/thanks?"),
        ("test", "thansk", "did you mean workflows/thanks?"),
        ("diagram", "workflows/thank", "did you mean workflows/thanks?"),
        ("check", "nothing-like-it", "a workflow is a folder with a workflow.yaml"),
    ],
)
def test_a_path_without_a_workflow_comes_with_the_one_that_was_meant(
    library: Path, command: str, path: str, advice: str
) -> None:
    assert library.is_dir()
    with pytest.raises(CommandError) as remark:
        CLI.invoke(application(command), [command, path], catch_exceptions=False)
    assert str(remark.value) == f"there is no workflow in {path}: {advice}"


def test_where_there_is_no_workflow_at_all_the_command_that_writes_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="`relevo new my-workflow` writes one"):
        CLI.invoke(application("check"), ["check"], catch_exceptions=False)


def test_inside_the_folder_of_workflows_it_is_the_dot(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(library.parent)
    with pytest.raises(CommandError, match="name one, or \\. for all of them"):
        CLI.invoke(application("check"), ["check"], catch_exceptions=False)
