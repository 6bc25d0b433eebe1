"""The plugin: what pytest loads. Everything else is imported when a test asks for it, so that others lose no time.

`workflow` tests in virtual time, `relevo` on the real system; the tests in YAML beside workflows are collected.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from relevo_testing.servers import Servers
    from relevo_testing.shared_servers import ServerHost
    from relevo_testing.shop import ShopUnderTest
    from relevo_testing.system import Relevo
    from relevo_testing.virtual import Workflows

MARK = "relevo_containers"
KIND = "relevo_servers_kind"
"""The fixture by which a marked test runs on several kinds of servers."""
CONTAINERS = "containers"
MEETING_PLACE = pytest.StashKey[Path]()
"""The folder where tests ask for servers."""
HOST: "pytest.StashKey[ServerHost]" = pytest.StashKey()
"""What starts them, in the process that the run began with."""
NOT_RUN = pytest.StashKey[list[str]]()
"""The tests that need containers where there can't be any."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options, each also in the ini file."""
    group = parser.getgroup("relevo", "workflows of a shop")
    group.addoption(
        "--relevo-servers",
        choices=("embedded", CONTAINERS, "given"),
        help="Kafka and PostgreSQL: embedded (from packages), containers, or given (RELEVO_KAFKA, RELEVO_POSTGRES).",
    )
    group.addoption(
        "--relevo-require-containers",
        action="store_true",
        help="Tests that need containers fail where no Docker engine answers, instead of not being run.",
    )
    parser.addini("relevo_servers", "As --relevo-servers.", default="embedded")
    parser.addini("relevo_require_containers", "As --relevo-require-containers.", type="bool", default=False)
    parser.addini("relevo_workflows", "The folder of workflows.", default="workflows")
    parser.addini("relevo_start", "Where the clock of the real system begins, with a zone; now if it is empty.")


def pytest_configure(config: pytest.Config) -> None:
    """Check the settings; in a worker of pytest-xdist, take over where to ask for servers."""
    servers_kind(config)
    _start(config)
    config.addinivalue_line("markers", f"{MARK}: runs on containers, too, where a Docker engine answers")
    config.stash[NOT_RUN] = []
    if hasattr(config, "workerinput"):
        config.stash[MEETING_PLACE] = Path(config.workerinput["relevo_servers"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker, before it starts, where to ask."""
    node.workerinput["relevo_servers"] = str(meeting_place(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker what it did not run: each has the same tests."""
    told = getattr(node, "workeroutput", {}).get("relevo_not_run", [])
    known = node.config.stash[NOT_RUN]
    known += [one for one in told if one not in known]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: say what was not run."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["relevo_not_run"] = session.config.stash[NOT_RUN]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, whatever ended the run."""
    if HOST in config.stash:
        config.stash[HOST].close()
        shutil.rmtree(config.stash[MEETING_PLACE], ignore_errors=True)


def meeting_place(config: pytest.Config) -> Path:
    """The folder where tests ask for servers; whoever starts them is there from now on."""
    if MEETING_PLACE not in config.stash:
        from relevo_testing.shared_servers import ServerHost  # noqa: PLC0415 - see above

        config.stash[MEETING_PLACE] = Path(tempfile.mkdtemp(prefix="relevo-tests-servers-"))
        config.stash[HOST] = ServerHost(config.stash[MEETING_PLACE])
    return config.stash[MEETING_PLACE]


def servers_kind(config: pytest.Config) -> str:
    """The kind that the run asks for."""
    kind = str(config.getoption("--relevo-servers") or config.getini("relevo_servers"))
    if kind not in ("embedded", CONTAINERS, "given"):
        raise pytest.UsageError(f"relevo_servers is embedded, containers or given, not {kind!r}")
    return kind


# --- collecting ------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The tests in YAML beside a workflow, and those of a contact policy."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    from relevo_testing.cases import file_of_tests  # noqa: PLC0415 - see above

    return file_of_tests(file_path, parent)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A marked test runs on the kind that the run asks for, and on containers."""
    if metafunc.definition.get_closest_marker(MARK) is not None and KIND in metafunc.fixturenames:
        kinds = dict.fromkeys((servers_kind(metafunc.config), CONTAINERS))
        metafunc.parametrize(KIND, list(kinds), scope="session")


@pytest.hookimpl(trylast=True)  # what -k and -m leave out is not missed
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where no container can be started, take out what needs one, unless the run requires it."""
    in_need = [one for one in items if _kind_of(one) == CONTAINERS]
    if not in_need or _required(config) or not _missing():
        return
    config.stash[NOT_RUN] += [one.nodeid for one in in_need]
    config.hook.pytest_deselected(items=in_need)
    items[:] = [one for one in items if one not in in_need]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly what was not run."""
    not_run = config.stash[NOT_RUN]
    if not_run:
        terminalreporter.section("NOT RUN on containers", red=True, bold=True)
        count = "1 test was" if len(not_run) == 1 else f"{len(not_run)} tests were"
        terminalreporter.line(f"{count} not run: {_missing()}.", red=True)
        for one in not_run:
            terminalreporter.line(f"  {one}", red=True)
        terminalreporter.line("--relevo-require-containers makes this a failure.")


def _kind_of(item: pytest.Item) -> str:
    """On which servers a test runs; empty if on none."""
    if KIND not in getattr(item, "fixturenames", ()):
        return ""
    chosen = getattr(item, "callspec", None)
    return str(chosen.params.get(KIND, "")) if chosen and KIND in chosen.params else servers_kind(item.config)


def _required(config: pytest.Config) -> bool:
    return bool(config.getoption("--relevo-require-containers") or config.getini("relevo_require_containers"))


def _missing() -> str:
    from relevo_testing.servers import containers_missing  # noqa: PLC0415 - see above

    return containers_missing()


# --- fixtures --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def workflow(pytestconfig: pytest.Config) -> "Workflows":
    """Tests a workflow in virtual time: `workflow("abandoned-cart").given(…).event(…).after("4h").expect_send(…)`."""
    from relevo_testing.virtual import workflows_in  # noqa: PLC0415 - see above

    return workflows_in(_library(pytestconfig))


@pytest.fixture(scope="session")
def relevo_servers_kind(pytestconfig: pytest.Config) -> str:
    """On which servers the tests run."""
    return servers_kind(pytestconfig)


@pytest.fixture(scope="session")
def relevo_servers(pytestconfig: pytest.Config, relevo_servers_kind: str) -> "Servers":
    """Kafka and PostgreSQL of the run, the same for all workers; each starts when it is first asked for."""
    from relevo_testing.shared_servers import SharedServers  # noqa: PLC0415 - see above

    if relevo_servers_kind == CONTAINERS and (missing := _missing()):
        pytest.fail(f"containers are required here, and {missing}", pytrace=False)
    return SharedServers(meeting_place(pytestconfig), relevo_servers_kind)


@pytest.fixture(scope="session")
def relevo_shop() -> "ShopUnderTest":
    """The shop of the real system; override it for one like your own."""
    from relevo_testing.shop import ShopUnderTest  # noqa: PLC0415 - see above

    return ShopUnderTest()


@pytest.fixture(scope="session")
def relevo(
    pytestconfig: pytest.Config,
    relevo_servers: "Servers",
    relevo_shop: "ShopUnderTest",
    tmp_path_factory: pytest.TempPathFactory,
) -> "Iterator[Relevo]":
    """The real system, with the shop and the workflows of the repository, for all tests of the run."""
    from relevo_testing.bootstrap import started  # noqa: PLC0415 - see above
    from relevo_testing.running import SystemFailed  # noqa: PLC0415
    from relevo_testing.servers import ServersError  # noqa: PLC0415

    data, library, start = tmp_path_factory.mktemp("relevo"), _library(pytestconfig), _start(pytestconfig)
    with ExitStack() as stack:
        try:
            system = stack.enter_context(started(relevo_servers, relevo_shop, library, data, start))
        except (ServersError, SystemFailed) as error:
            pytest.fail(str(error), pytrace=False)
        yield system


def _library(config: pytest.Config) -> Path:
    return config.rootpath / str(config.getini("relevo_workflows"))


def _start(config: pytest.Config) -> datetime | None:
    """Where the clock begins; None is now. A time without a zone is UTC's."""
    given = str(config.getini("relevo_start") or "")
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise pytest.UsageError(f"relevo_start is a time such as 2026-03-10T10:00+01:00, not {given!r}") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
