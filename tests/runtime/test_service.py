"""The shell of a service as a process: it stops gracefully, says how it is, and never outlives its parent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relevo_embedded.process import free_ports

PROGRAM = Path(__file__).with_name("sample_service.py")


class Running:
    """A sample service in a process of its own."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        [self.port] = free_ports(1)
        environment = {f"RELEVO_{name.upper()}": value for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            env={**os.environ, "RELEVO_ADMIN_PORT": str(self.port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def finish(self) -> tuple[int, list[dict[str, object]]]:
        """Its exit code and its log."""
        _, log = self.process.communicate(timeout=120)
        return self.process.returncode, [json.loads(line) for line in log.splitlines()]


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str, **settings: str) -> Running:
        started.append(Running(*arguments, **settings))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_service_after_it_finished_its_work(run: Callable[..., Running], number: int) -> None:
    service = run()
    assert service.line() == "started"
    service.process.send_signal(number)
    assert service.line() == "finished the turn"
    code, log = service.finish()
    assert code == 0
    assert log[-1]["message"] == "sample has stopped"


def test_the_admin_endpoints_say_how_it_is(run: Callable[..., Running]) -> None:
    service = run()
    assert service.line() == "started"
    assert service.get("/healthz") == (200, "ok\n")
    status, ready = service.get("/readyz")
    assert status == 200
    assert json.loads(ready)["parts"]["database"]["ok"] is True
    assert "relevo_loop_seconds_count" in service.get("/metrics")[1]


def test_a_part_that_does_not_work_makes_it_unready(run: Callable[..., Running]) -> None:
    service = run("sick")
    assert service.line() == "started"
    status, ready = service.get("/readyz")
    assert status == 503
    assert json.loads(ready)["parts"]["database"] == {"ok": False, "why": "OSError: no route"}
    assert service.get("/healthz")[0] == 200


def test_it_is_not_ready_while_it_starts(run: Callable[..., Running]) -> None:
    service = run("starting")
    assert service.line() == "connecting"
    status, ready = service.get("/readyz")
    assert (status, json.loads(ready)["parts"]["service"]) == (503, {"ok": False, "why": "it is starting"})
    assert service.get("/healthz")[0] == 200


def test_a_fatal_failure_ends_it_with_1_and_its_reason(run: Callable[..., Running]) -> None:
    code, log = run("failing").finish()
    assert code == 1
    assert any("the disk is full" in str(line["message"]) for line in log)


def test_what_it_refuses_at_the_start_is_one_clear_sentence(run: Callable[..., Running]) -> None:
    code, log = run("refusing").finish()
    assert code == 1
    [critical] = [line for line in log if line["level"] == "critical"]
    assert "set RELEVO_LINK_SECRET" in str(critical["message"])
    assert not any("Traceback" in str(line) for line in log)


@pytest.mark.parametrize(
    ("mode", "setting", "address", "named"),
    [
        ("without-database", "postgres", "postgresql://ada:hunter2@127.0.0.1:9/tea", "127.0.0.1:9 (database tea)"),
        ("without-database", "postgres", "postgresql://ada:hunter2@nowhere.invalid/tea", "nowhere.invalid (database"),
        ("without-database", "postgres", "postgresql://ada:hunter2@/tea?host=/nowhere", "/nowhere (database tea)"),
        ("without-database", "postgres", "mysql://ada:hunter2@127.0.0.1:9/tea", "does not begin with postgresql://"),
        ("without-kafka", "kafka", "127.0.0.1:9,127.0.0.1:10", "Kafka can't be reached at 127.0.0.1:9,127.0.0.1:10"),
    ],
)
def test_a_server_that_is_missing_at_the_start_is_named_with_its_address_and_its_setting(
    run: Callable[..., Running], mode: str, setting: str, address: str, named: str
) -> None:
    code, log = run(mode, **{setting: address}).finish()
    assert code == 1
    [critical] = [str(line["message"]) for line in log if line["level"] == "critical"]
    assert named in critical
    assert f"RELEVO_{setting.upper()}" in critical
    assert not any("Traceback" in str(line) or "hunter2" in str(line) for line in log)


def test_a_traceback_for_people_shows_no_values(run: Callable[..., Running]) -> None:
    crashed = run("crashing", log_format="console")
    _, log = crashed.process.communicate(timeout=120)
    assert crashed.process.returncode == 1
    assert "wrong password" in log
    assert "hunter2" not in log


def test_what_hangs_while_stopping_is_cut_off(run: Callable[..., Running]) -> None:
    service = run("hanging", stop_timeout="1")
    assert service.line() == "started"
    service.process.terminate()
    code, log = service.finish()
    assert code == 1
    assert any("was cut off" in str(line["message"]) for line in log)


def test_a_signal_ends_a_service_that_still_waits_for_its_database(run: Callable[..., Running]) -> None:
    service = run("starting")
    assert service.line() == "connecting"
    service.process.terminate()
    assert service.finish()[0] == 0


def test_a_watched_parent_takes_its_service_along(run: Callable[..., Running]) -> None:
    parent = run("parent", watch_parent="true")
    child = int(parent.line())
    assert parent.line() == "started"
    parent.process.kill()
    parent.process.wait()
    deadline = time.monotonic() + 20
    while _alive(child):
        assert time.monotonic() < deadline, "the service outlived its parent"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc").joinpath("self").exists()


def test_logs_carry_ids_and_hide_secrets(run: Callable[..., Running]) -> None:
    service = run("talking")
    assert service.line() == "started"
    service.process.terminate()
    _, log = service.finish()
    [line] = [line for line in log if line["message"] == "hello"]
    assert line["shop"] == "acme"
    assert line["event"] == "evt-1"
    assert line["service"] == "sample"
    assert line["api_key"] == line["nested"]["token"] == "********"  # type: ignore[index]
    assert line["url"] == "postgresql://relevo:********@127.0.0.1/relevo"
    [plain] = [line for line in log if line["message"] == "by the standard library: 7"]
    assert plain["shop"] == "acme"


async def test_the_event_loop_is_not_needed_to_notice_a_dead_parent() -> None:
    program = (
        "import os, sys, time\n"
        "from relevo_runtime.service import _watch_parent\n"
        "if os.fork() == 0:\n"
        "    _watch_parent(0.5)\n"
        "    print(os.getpid(), flush=True)\n"
        "    while True: time.sleep(60)\n"
        "time.sleep(60)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    process.kill()
    await process.wait()
    async with asyncio.timeout(20):
        while _alive(child):
            await asyncio.sleep(0.05)
