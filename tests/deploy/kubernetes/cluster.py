"""A cluster as whoever installs the chart sees it: by kubectl and helm."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.deploy.kubernetes.control_plane import ControlPlane
from tests.deploy.kubernetes.names import Names
from tests.deploy.kubernetes.network import MACHINES
from tests.deploy.kubernetes.node import Node
from tests.deploy.kubernetes.processes import Processes, search_path

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent


class Cluster:
    """A cluster that was made for the test."""

    def __init__(self, folder: Path, processes: Processes, config: Path) -> None:
        self.folder = folder
        self.processes = processes
        self.environment = os.environ | {
            "KUBECONFIG": str(config),
            "KUBECACHEDIR": str(folder / "kubectl"),
            "HELM_CACHE_HOME": str(folder / "helm"),
            "HELM_CONFIG_HOME": str(folder / "helm"),
            "HELM_DATA_HOME": str(folder / "helm"),
            "PATH": search_path(),
        }

    def ask(self, *command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command with what it printed and how it ended."""
        return subprocess.run(
            command,
            input=text,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def run(self, *command: str, text: str | None = None) -> str:
        """What a command prints; it must succeed."""
        done = self.ask(*command, text=text)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def kubectl(self, *words: str, text: str | None = None) -> str:
        return self.run("kubectl", *words, text=text)

    def get(self, *words: str) -> list[Any]:
        """What `kubectl get` finds, as documents."""
        found: list[Any] = json.loads(self.kubectl("get", *words, "--output=json"))["items"]
        return found

    def script(self, script: str, folder: Path, helm_values: Path) -> str:
        """What a script of a document prints, in a folder. What Helm installs has the test's values as well."""
        prelude = f"""set -euo pipefail
helm() {{
    local words=("$@")
    case " $* " in *" install "* | *" upgrade "*) words+=(--values {helm_values} --timeout 9m) ;; esac
    "$RELEVO_HELM" "${{words[@]}}"
}}
"""
        command = ("bash", "-c", prelude + script)
        done = subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{self.seen()}"
        return done.stdout

    def seen(self) -> str:
        """What is there and what has happened, for whoever reads of a failure."""
        looks = (
            ("get", "pods", "--all-namespaces", "--output=wide"),
            ("get", "events", "--namespace=shops", "--sort-by=.lastTimestamp"),
            ("logs", "--namespace=shops", "--selector=app.kubernetes.io/name=relevo", "--tail=15", "--prefix"),
        )
        return "\n".join(self.ask("kubectl", *look).stdout[-5000:] for look in looks)


@contextmanager
def control_plane(folder: Path) -> Iterator[tuple[Cluster, ControlPlane]]:
    """A cluster without a node."""
    processes = Processes(folder)
    plane = ControlPlane(folder, processes)
    try:
        plane.start()
        yield Cluster(folder, processes, plane.kubeconfig("admin")), plane
    finally:
        processes.end()


@contextmanager
def nodes(cluster: Cluster, plane: ControlPlane, images: Path) -> Iterator[None]:
    """The cluster's nodes, with these images. Their pods end with them."""
    names = Names(cluster.folder, cluster.processes, plane.kubectl())
    names.start()
    try:
        with ThreadPoolExecutor() as side_by_side:
            started = [
                side_by_side.submit(Node(machine, cluster.folder, cluster.processes, plane).start, images)
                for machine in MACHINES
            ]
        for one in started:
            one.result()
        yield
    finally:
        names.end()
