"""A node: containerd, a kubelet and kube-proxy, in the network of a machine."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.deploy.kubernetes.control_plane import SERVICES, ControlPlane
from tests.deploy.kubernetes.names import DOMAIN
from tests.deploy.kubernetes.network import CONTROL, Machine, attach
from tests.deploy.kubernetes.processes import Processes, search_path, succeeds

CGROUPS = Path("/sys/fs/cgroup")
SANDBOX = "relevo-test/sandbox:test"
"""The image of the process that holds a pod's namespaces; run.sh builds it."""


class Node:
    """One node, with pods on a bridge of its own. Its state is in a folder of its name in `folder`."""

    def __init__(self, machine: Machine, folder: Path, processes: Processes, control_plane: ControlPlane) -> None:
        self.machine = machine
        self.folder = folder / machine.name
        self.socket = self.folder / "containerd.sock"
        self._processes = processes
        self._control_plane = control_plane

    def start(self, images: Path) -> None:
        """Start it with the images of a `docker save`, and wait until the cluster counts on it."""
        self.folder.mkdir()
        attach(self.machine)
        self._write_network()
        self._start_containerd(images)
        self._start_kubelet()
        self._start_proxy()
        ready = ("wait", f"node/{self.machine.name}", "--for=condition=Ready", "--timeout=5s")
        self._processes.wait(self._name("kubelet"), lambda: succeeds(*self._control_plane.kubectl(), *ready))
        if shutil.which("kube-router", path=search_path()):
            self._start_firewall()  # which asks for its node

    def _name(self, program: str) -> str:
        return f"{self.machine.name}-{program}"

    def _run(self, *command: str) -> None:
        self._processes.start(self._name(command[0]), *self.machine.command(*command))

    def _write_network(self) -> None:
        """What the bridge plugin needs."""
        ranges = [[{"subnet": self.machine.pods}]]
        addresses = {"type": "host-local", "dataDir": str(self.folder / "addresses"), "ranges": ranges}
        bridge = {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "hairpinMode": True,
            "ipam": addresses | {"routes": [{"dst": "0.0.0.0/0"}]},
        }
        (self.folder / "cni").mkdir()
        (self.folder / "cni/10-pods.conflist").write_text(
            json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]})
        )

    def _start_containerd(self, images: Path) -> None:
        config = self.folder / "containerd.toml"
        config.write_text(f"""
version = 2
root = "{self.folder}/containerd"
state = "{self.folder}/containerd-state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{self.socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "docker.io/{SANDBOX}"
netns_mounts_under_state_dir = true
restrict_oom_score_adj = true # root may be kept from lowering it
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{self.folder}/cni"
""")
        self._run("containerd", "--config", str(config))
        ctr = ("ctr", f"--address={self.socket}", "--namespace=k8s.io")
        self._processes.wait(self._name("containerd"), lambda: succeeds(*ctr, "version"))
        subprocess.run([*ctr, "images", "import", str(images)], check=True, capture_output=True)

    def _start_kubelet(self) -> None:
        cgroup = make_cgroup(self.machine.name)
        config = self.folder / "kubelet.json"
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "kubelet.config.k8s.io/v1beta1",
                    "kind": "KubeletConfiguration",
                    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
                    "authorization": {"mode": "AlwaysAllow"},
                    "cgroupDriver": "cgroupfs",
                    "cgroupRoot": f"/{cgroup}",
                    "clusterDNS": [CONTROL],
                    "clusterDomain": DOMAIN,
                    "containerRuntimeEndpoint": f"unix://{self.socket}",
                    "evictionHard": {"memory.available": "100Mi"},
                    "failSwapOn": False,
                    "imageGCHighThresholdPercent": 100,  # whatever else fills the disk: no image can be pulled again
                    "podLogsDir": str(self.folder / "pod-logs"),
                    "resolvConf": "",
                }
            )
        )
        user = f"system:node:{self.machine.name}"
        self._run(
            *("kubelet", f"--config={config}", f"--root-dir={self.folder / 'kubelet'}"),
            *(f"--kubeconfig={self._control_plane.kubeconfig(user)}", f"--hostname-override={self.machine.name}"),
            *(f"--node-ip={self.machine.address}", f"--cert-dir={self.folder / 'kubelet-certificates'}"),
        )

    def _start_proxy(self) -> None:
        config = self.folder / "proxy.json"
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
                    "kind": "KubeProxyConfiguration",
                    "clientConnection": {"kubeconfig": str(self._control_plane.kubeconfig("system:kube-proxy"))},
                    "clusterCIDR": "10.244.0.0/16",
                    "conntrack": {"maxPerCore": 0},
                    "hostnameOverride": self.machine.name,
                    "mode": "iptables",
                }
            )
        )
        self._run("kube-proxy", f"--config={config}")

    def _start_firewall(self) -> None:
        """What carries out network policies: the bridge plugin does not."""
        self._run(
            *("kube-router", "--run-router=false", "--run-service-proxy=false", "--enable-cni=false"),
            *(f"--hostname-override={self.machine.name}", f"--service-cluster-ip-range={SERVICES}"),
            f"--kubeconfig={self._control_plane.kubeconfig('admin')}",
        )


def make_cgroup(name: str) -> str:
    """A cgroup of the test's own for a kubelet, which ends what it does not know below it; run.sh removes it."""
    made = f"relevo-test-{os.environ['RELEVO_TEST_CLUSTER']}-{name}"
    unified = CGROUPS / "cgroup.controllers"
    for controller in unified.read_text().split() if unified.exists() else []:
        (CGROUPS / "cgroup.subtree_control").write_text(f"+{controller}")
    for hierarchy in [CGROUPS] if unified.exists() else [one for one in CGROUPS.iterdir() if one.is_dir()]:
        (hierarchy / made).mkdir(exist_ok=True)
    return made
