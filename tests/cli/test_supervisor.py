"""Children are started, started again when they die, and stopped in order; nothing outlives them."""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from relevo_cli.child import FIRST_PAUSE, LONGEST_PAUSE, Child, Died, Spec, StartError, pause_before_restart, python
from relevo_cli.supervisor import Supervisor, supervised
from relevo_embedded.process import free_ports

SERVER = """
import signal, sys, http.server
name, port, journal = sys.argv[1:]
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_):
        pass
def stop(*_):
    open(journal, "a").write(name + " stopped\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
http.server.HTTPServer(("127.0.0.1", int(port)), Page).serve_forever()
"""


def spec(name: str, folder: Path, port: int | None = None) -> Spec:
    """Those that run side by side need ports that were free at the same time, or one answers for the other."""
    port = port or free_ports(1)[0]
    script = folder / "server.py"
    script.write_text(SERVER)
    command = [*python("runpy")[:1], str(script), name, str(port), str(folder / "journal")]
    return Spec(
        name=name, command=command, environment={}, ready_url=f"http://127.0.0.1:{port}/", log=folder / f"{name}.log"
    )


async def test_children_stop_last_started_first(tmp_path: Path) -> None:
    names = ("kafka", "engine", "ingest")
    specs = [spec(name, tmp_path, port) for name, port in zip(names, free_ports(len(names)), strict=True)]
    async with supervised(specs, print) as all_up:
        pids = [child.pid for child in all_up.children.values()]
        assert all(pid is not None and psutil.pid_exists(pid) for pid in pids)
    assert (tmp_path / "journal").read_text().split("\n")[:3] == ["ingest stopped", "engine stopped", "kafka stopped"]
    assert not any(psutil.pid_exists(pid or 0) for pid in pids if pid)


async def test_one_more_is_started_later_and_stopped_first(tmp_path: Path) -> None:
    async with supervised([spec("ingest", tmp_path)], print) as supervisor:
        await supervisor.add(spec("poller", tmp_path))
        assert list(supervisor.children) == ["ingest", "poller"]
    assert (tmp_path / "journal").read_text().split("\n")[:2] == ["poller stopped", "ingest stopped"]


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    deaths: asyncio.Queue[Died] = asyncio.Queue()
    async with supervised([spec("engine", tmp_path)], deaths.put_nowait) as supervisor:
        child = supervisor.children["engine"]
        first = child.pid
        await child.kill()
        died = await deaths.get()
        assert (died.name, died.code, died.restarts, died.pause) == ("engine", -9, 1, FIRST_PAUSE)
        await child.wait_ready(timedelta(seconds=20))
        assert child.pid not in (None, first)
        assert supervisor.restarts == 1


async def test_a_child_that_is_never_ready_is_an_error_with_its_log(tmp_path: Path) -> None:
    broken = Spec(
        name="engine",
        command=[*python("x")[:1], "-c", "print('no database', flush=True); import time; time.sleep(60)"],
        environment={},
        ready_url="http://127.0.0.1:9/",
        log=tmp_path / "engine.log",
    )
    child = Child(broken, lambda _: None)
    await child.start()
    with pytest.raises(StartError, match="engine was not ready within 1 s") as raised:
        await child.wait_ready(timedelta(seconds=1))
    assert "no database" in str(raised.value)
    pid = child.pid
    await child.stop(timedelta(seconds=5))
    assert pid is not None
    assert not psutil.pid_exists(pid)


async def test_a_child_that_ends_again_and_again_is_an_error_at_once(tmp_path: Path) -> None:
    broken = Spec(
        name="engine",
        command=[*python("x")[:1], "-c", "raise SystemExit('no such setting')"],
        environment={},
        ready_url="http://127.0.0.1:9/",
        log=tmp_path / "engine.log",
    )
    with pytest.raises(StartError, match="engine ended 3 times while it started") as raised:
        async with supervised([broken], lambda _: None):
            pass
    assert "no such setting" in str(raised.value)


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = Spec(
        name="engine",
        command=[
            *python("x")[:1],
            "-c",
            "import signal, sys, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "pathlib.Path(sys.argv[1]).touch(); time.sleep(60)",
            str(ready),
        ],
        environment={},
        ready_url="http://127.0.0.1:9/",
        log=tmp_path / "engine.log",
    )
    supervisor = Supervisor([stubborn], lambda _: None)
    child = supervisor.children["engine"]
    await child.start()
    while not ready.exists():
        await asyncio.sleep(0.02)
    pid = child.pid
    await supervisor.stop(timedelta(milliseconds=200))
    assert pid is not None
    with contextlib.suppress(psutil.NoSuchProcess):
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_pause_before_a_restart_doubles_up_to_a_limit() -> None:
    assert pause_before_restart(1) == FIRST_PAUSE
    assert pause_before_restart(3) == FIRST_PAUSE * 4
    assert pause_before_restart(50) == LONGEST_PAUSE
