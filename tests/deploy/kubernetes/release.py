"""The release that docs/kubernetes.md installs, and what is done to it and asked of it."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.deploy.kubernetes.cluster import HERE, ROOT, Cluster
from tests.deploy.kubernetes.network import FRONT, MACHINES
from tests.deploy.kubernetes.orders import EVENT, TEMPLATE, WORKFLOW, Load, mails, messages

ELSEWHERE = {"@db/": "@db.given/", "kafka.brokers=kafka:": "kafka.brokers=kafka.given:"}
"""Where the test's servers are, beside what the page says."""
MAIL = f"{FRONT}:30025"
TOKEN = "tea-token-1"


class Release:
    """The release that docs/kubernetes.md installs, in the namespace `shops`."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        (folder / "deploy").symlink_to(ROOT / "deploy")
        shutil.copytree(ROOT / "workflows", folder / "workflows")
        for name, text in (
            ("events/custom.paid.yaml", EVENT),
            ("receipt/workflow.yaml", WORKFLOW),
            ("receipt/templates/receipt.yaml", TEMPLATE),
        ):
            (folder / "workflows" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "workflows" / name).write_text(text)

    def script(self, script: str) -> str:
        """Do what the page says, on the test's servers."""
        for usual, here in ELSEWHERE.items():
            script = script.replace(usual, here)
        return self.cluster.script(script, self.folder, HERE / "values.yaml")

    def helm(self, *words: str) -> str:
        return self.script(f"helm -n shops {' '.join(words)}")

    def upgrade(self, *values: str) -> None:
        """Change some values, and return once it is done."""
        sets = (f"--set={one}" for one in values)
        self.helm("upgrade", "relevo", "deploy/chart", "--reuse-values", *sets, "--wait")

    def wait_for_engines(self, number: int, which: str = "readyReplicas") -> None:
        there = f"--for=jsonpath={{.status.{which}}}={number}"
        self.kubectl("wait", "statefulset/relevo-engine", there, "--timeout=300s")

    def kubectl(self, *words: str) -> str:
        return self.cluster.kubectl("--namespace=shops", *words)

    def get(self, *words: str) -> list[Any]:
        return self.cluster.get("--namespace=shops", *words)

    def containerd(self, pod: Any, *words: str) -> None:
        """Do something to a pod's container past the kubelet."""
        socket = f"--address={self.cluster.folder}/{pod['spec']['nodeName']}/containerd.sock"
        name = str(pod["status"]["containerStatuses"][0]["containerID"]).rpartition("/")[2]
        self.cluster.run("ctr", socket, "--namespace=k8s.io", "task", *words, name)

    @property
    def ingest(self) -> str:
        """The address at which a node leads to the Service."""
        [service] = self.get("services", "--selector=app.kubernetes.io/component=ingest")
        [port] = [port["nodePort"] for port in service["spec"]["ports"] if port["name"] == "http"]
        return f"{FRONT}:{port}"

    def load(self, prefix: str) -> Load:
        return Load(self.ingest, TOKEN, prefix)

    def pods(self, component: str) -> list[Any]:
        return self.get("pods", f"--selector=app.kubernetes.io/component={component}")

    def settled(self) -> None:
        """Return once every workload has all its pods, new and ready."""
        for workload in self.kubectl("get", "deployments,statefulsets", "--output=name").split():
            self.kubectl("rollout", "status", workload, "--timeout=300s")

    def nodes(self, component: str) -> list[str]:
        """Where the pods of a component are, of those that stay."""
        return sorted(pod["spec"]["nodeName"] for pod in self.pods(component) if is_staying(pod))

    def spread(self) -> None:
        """Return once there is a pod of each service on each node: new pods go where there are fewer."""
        for component in ("ingest", "scheduler", "engine", "notifier"):
            while len(set(self.nodes(component))) < len(MACHINES):
                self.kubectl("delete", "pod", self.pods(component)[0]["metadata"]["name"])
                self.settled()

    def balanced(self, load: Load, *, cut_off: bool = False) -> Mapping[str, int]:
        """What does not agree between the orders that were taken and the mails, once there is a mail for each.

        Whoever is cut off can't say of a mail whether it was sent: then it may come again, as the same message.
        """
        count = messages if cut_off else mails
        taken = tuple(load.taken)
        end = time.monotonic() + 180
        while time.monotonic() < end:
            sent = count(MAIL)
            if all(sent[number] for number in taken):
                break
            time.sleep(1)
        return {number: sent[number] for number in taken if sent[number] != 1}

    def evict(self, pod: str) -> subprocess.CompletedProcess[str]:
        """Ask for a pod's place, as whoever empties a node does."""
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": "shops"}}
        path = f"/api/v1/namespaces/shops/pods/{pod}/eviction"
        return self.cluster.ask("kubectl", "create", "--raw", path, "--filename=-", text=json.dumps(eviction))

    def restarts(self) -> Mapping[str, int]:
        """How often each pod's container has been started anew. A pod on its way out is left out."""
        staying = [pod for pod in self.get("pods") if is_staying(pod)]
        return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in staying}


def until(condition: Callable[[], bool], cluster: Cluster, seconds: float = 300) -> None:
    """Return once it holds; the limit ends a test that hangs, which says what the cluster has seen."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not come about in time\n{cluster.seen()}"
        time.sleep(1)


def is_staying(pod: Any) -> bool:
    """Whether a pod is not on its way out."""
    return "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: Any) -> bool:
    """Whether Services lead to the pod."""
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"]["conditions"])
