"""The tests in YAML as items of pytest, and tests that need containers."""

import pytest

WORKFLOW = """
workflow: thanks
trigger: {event: order.placed}
steps:
  - wait: 2d
  - task: {title: Say thank you, deadline: 1d}
"""
CASES = """
given:
  start: 2026-03-10 10:00
  trigger: {event: order.placed, data: {order_id: o-1}}
tests:
  - name: it waits two days
    until: +2d1h
    expect: {tasks: [{at: 2026-03-12 10:00, open: task-1}]}
  - name: it waits three days
    until: +2d1h
    expect:
      tasks:
        - {at: 2026-03-13 10:00, open: task-1}
"""
NEEDS_CONTAINERS = """
import pytest

def test_without(): pass

@pytest.mark.relevo_containers
def test_on_both(relevo_servers_kind): assert relevo_servers_kind

@pytest.mark.relevo_containers
def test_that_starts(relevo_servers): pass
"""
NO_DOCKER = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


@pytest.fixture
def flow(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A workflow with two tests, one of which fails; and no Docker engine."""
    folder = pytester.mkdir("workflows") / "thanks"
    (folder / "tests").mkdir(parents=True)
    (folder / "workflow.yaml").write_text(WORKFLOW)
    (folder / "tests" / "cases.yaml").write_text(CASES)
    for name, value in NO_DOCKER.items():
        monkeypatch.setenv(name, value)
    return pytester


def ran(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio", *arguments)


def test_each_test_in_yaml_is_an_item_and_says_where_it_differs(flow: pytest.Pytester) -> None:
    result = ran(flow, "workflows", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "workflows/thanks/tests/cases.yaml::it waits two days PASSED*",
            "workflows/thanks/tests/cases.yaml::it waits three days FAILED*",
            "workflows/thanks/tests/cases.yaml:13: expected task {at: 2026-03-13 10:00, open: task-1}",
            "    got {at: 2026-03-12 10:00, open: task-1*",
            "    ('at' differs)",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_one_can_be_chosen_by_its_name(flow: pytest.Pytester) -> None:
    ran(flow, "workflows", "-k", "two and days").assert_outcomes(passed=1, deselected=1)


def test_a_broken_workflow_is_an_error_with_its_place(flow: pytest.Pytester) -> None:
    file = flow.path / "workflows" / "thanks" / "workflow.yaml"
    file.write_text(WORKFLOW.replace("wait: 2d", "wiat: 2d"))
    result = ran(flow, "workflows")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["workflows/thanks/workflow.yaml:5: *wiat*", "*wait*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_broken_test_is_an_error_with_its_place(flow: pytest.Pytester) -> None:
    file = flow.path / "workflows" / "thanks" / "tests" / "cases.yaml"
    file.write_text(CASES.replace("until:", "untl:", 1))
    result = ran(flow, "workflows")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["workflows/thanks/tests/cases.yaml:7: a test has no field 'untl'*"])


def test_other_yaml_is_left_alone(flow: pytest.Pytester) -> None:
    (flow.path / "tests").mkdir()
    (flow.path / "tests" / "data.yaml").write_text("tests: [of nothing]")
    assert ran(flow, "tests").ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_needs_containers_is_named_loudly_where_there_are_none(
    flow: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    flow.makepyfile(test_servers=NEEDS_CONTAINERS)
    result = ran(flow, "test_servers.py", *workers)
    assert result.ret == 0
    result.assert_outcomes(passed=3, deselected=0 if workers else 2)
    result.stdout.fnmatch_lines(
        [
            "*NOT RUN on containers*",
            "2 tests were not run: no Docker engine answers at unix:///nowhere/docker.sock*",
            "  test_servers.py::test_on_both?containers?",
            "  test_servers.py::test_that_starts?containers?",
        ]
    )


def test_a_run_that_requires_containers_fails_without(flow: pytest.Pytester) -> None:
    flow.makepyfile(test_servers=NEEDS_CONTAINERS)
    result = ran(flow, "test_servers.py", "-k", "starts", "--relevo-require-containers")
    result.assert_outcomes(passed=1, errors=1, deselected=3)
    result.stdout.fnmatch_lines(["containers are required here, and no Docker engine answers at *"])


def test_a_run_on_containers_names_every_test_that_needs_servers(flow: pytest.Pytester) -> None:
    flow.makepyfile(test_servers="def test_it(relevo): pass\n\ndef test_without(): pass\n")
    flow.makeini("[pytest]\nrelevo_servers = containers\n")
    result = ran(flow, "test_servers.py")
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(["*NOT RUN on containers*", "  test_servers.py::test_it"])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("relevo_servers = kafka", "relevo_servers is embedded, containers or given, not 'kafka'"),
        ("relevo_start = noon", "relevo_start is a time such as *, not 'noon'"),
    ],
)
def test_a_setting_that_can_not_be_is_told(flow: pytest.Pytester, setting: str, told: str) -> None:
    flow.makepyfile(test_servers="def test_it(relevo): pass\n")
    flow.makeini(f"[pytest]\n{setting}\n")
    result = ran(flow, "test_servers.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}*"])
