"""What the scripts of deploy/ say where Docker is not as they need it, and how they stop. A script plays Docker."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(120)


def played(folder: Path, script: str) -> dict[str, str]:
    """An environment in which this is `docker`, and the secrets are in a folder of their own."""
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "ENV_FILE": str(folder / "env")}


@pytest.mark.parametrize("script", ["deploy/images.sh", "deploy/up.sh"])
def test_where_no_engine_answers_nothing_is_made_and_it_is_said(script: str, tmp_path: Path) -> None:
    away = played(tmp_path, "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    done = subprocess.run([script], cwd=ROOT, env=away, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot connect to the Docker daemon\nThis needs a Docker engine that answers")
    assert not (tmp_path / "env").exists()


def test_where_not_everything_can_start_it_says_what_to_do_about_a_port(tmp_path: Path) -> None:
    taken = played(tmp_path, 'case "$*" in *" up "*) echo "bind: address already in use" >&2; exit 1 ;; esac')
    done = subprocess.run(["deploy/up.sh"], cwd=ROOT, env=taken, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "bind: address already in use\nNot everything runs. For a port that is taken" in done.stderr


def test_what_was_started_is_named_with_its_addresses(tmp_path: Path) -> None:
    running = played(tmp_path, 'case "$*" in *" port ingest 8080") echo 127.0.0.1:18080 ;; *" port "*) exit 1 ;; esac')
    done = subprocess.run(["deploy/up.sh"], cwd=ROOT, env=running, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines() if "http" in line] == ["http://127.0.0.1:18080"]


def test_the_secrets_are_different_each_time(tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        subprocess.run(["deploy/up.sh"], cwd=ROOT, env=played(tmp_path / name, ""), check=True, capture_output=True)
        lines = (tmp_path / name / "env").read_text().split()
        written.append(dict(line.split("=", 1) for line in lines if not line.startswith("COMPOSE")))
    assert len({value for secrets in written for value in secrets.values()}) == 2 * len(written[0]) == 10
    assert {len(value) for secrets in written for value in secrets.values()} == {43, 44}


def test_ctrl_c_ends_a_build_by_a_client_that_goes_on(tmp_path: Path) -> None:
    """As Docker 20.10 does: it takes no notice of the signal."""
    building = tmp_path / "building"
    docker = played(tmp_path, f"[ $1 = build ] || exit 0\ntrap '' INT\necho $$ > {building}\nexec sleep 600")
    process = subprocess.Popen(["deploy/images.sh"], cwd=ROOT, env=docker, start_new_session=True)
    while not (building.exists() and building.read_text().endswith("\n")):
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 130
    while psutil.pid_exists(int(building.read_text())):
        time.sleep(0.05)
