"""dnsmasq, which answers for the names of Services as a cluster's DNS does."""

import json
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.deploy.kubernetes.network import CONTROL
from tests.deploy.kubernetes.processes import Processes, search_path

DOMAIN = "cluster.local"


class Names:
    """Names of Services, and no others: nobody else is asked. `kubectl` is what a command begins with."""

    def __init__(self, folder: Path, processes: Processes, kubectl: Sequence[str]) -> None:
        self._folder = folder / "names"
        self._processes = processes
        self._get = [*kubectl, "get", "services", "--all-namespaces", "--output=json"]
        self._ended = threading.Event()

    def start(self) -> None:
        self._folder.mkdir()
        self._processes.start(
            *("dnsmasq", "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--local=/{DOMAIN}/"),
            *(f"--listen-address={CONTROL}", "--bind-interfaces", f"--hostsdir={self._folder}", "--pid-file="),
            "--user=root",
        )
        threading.Thread(target=self._follow, daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _follow(self) -> None:
        """Write a file for each Service that comes: dnsmasq looks for new ones."""
        environment = os.environ | {"PATH": search_path()}
        while not self._ended.wait(1):
            done = subprocess.run(self._get, capture_output=True, check=False, env=environment)
            for one in json.loads(done.stdout)["items"] if done.returncode == 0 else []:
                host = f"{one['metadata']['name']}.{one['metadata']['namespace']}"
                file = self._folder / f"{host}.{one['metadata']['uid']}"
                if one["spec"]["clusterIP"] != "None" and not file.exists():
                    file.write_text(f"{one['spec']['clusterIP']} {host}.svc.{DOMAIN}\n")
