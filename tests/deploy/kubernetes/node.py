"""A node: containerd, a kubelet, kube-proxy, and dnsmasq, which answers for the names of Services."""

import json
import os
import subprocess
import threading
from pathlib import Path

from tests.deploy.kubernetes.control_plane import NAME, NODE, PODS, ControlPlane
from tests.deploy.kubernetes.processes import Processes, search_path, succeeds

DOMAIN = "cluster.local"
SANDBOX = "relevo-test/sandbox:test"
"""The image of the process that holds a pod's namespaces; run.sh builds it."""

LINKS = (
    "link add node0 type bridge",
    f"address add {NODE}/24 dev node0",
    "link set node0 up",
    "route add default via 192.0.2.254",
)


class Node:
    """One node, with pods on a bridge of its own. Its state is in `folder`."""

    def __init__(self, folder: Path, processes: Processes, control_plane: ControlPlane) -> None:
        self.folder = folder
        self.socket = folder / "containerd.sock"
        self._processes = processes
        self._control_plane = control_plane
        self._ended = threading.Event()

    def start(self, images: Path) -> None:
        """Start it with the images of a `docker save`, and wait until the cluster counts on it."""
        self._network()
        self._start_containerd(images)
        self._start_kubelet()
        self._start_proxy()
        self._start_names()
        ready = ("wait", f"node/{NAME}", "--for=condition=Ready", "--timeout=5s")
        self._processes.wait("kubelet", lambda: succeeds(*self._kubectl(*ready)))

    def end(self) -> None:
        self._ended.set()

    def _kubectl(self, *words: str) -> list[str]:
        return [*self._control_plane.kubectl(), *words]

    def _network(self) -> None:
        """The node's address, a default route that leads nowhere, and what the bridge plugin needs."""
        for words in LINKS:
            subprocess.run(["ip", *words.split()], check=True)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        addresses = {"type": "host-local", "dataDir": str(self.folder / "addresses"), "ranges": [[{"subnet": PODS}]]}
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
        self._processes.start("containerd", "containerd", "--config", str(config))
        ctr = ("ctr", f"--address={self.socket}", "--namespace=k8s.io")
        self._processes.wait("containerd", lambda: succeeds(*ctr, "version"))
        subprocess.run([*ctr, "images", "import", str(images)], check=True, capture_output=True)

    def _start_kubelet(self) -> None:
        config = self.folder / "kubelet.json"
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "kubelet.config.k8s.io/v1beta1",
                    "kind": "KubeletConfiguration",
                    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
                    "authorization": {"mode": "AlwaysAllow"},
                    "cgroupDriver": "cgroupfs",
                    "clusterDNS": [NODE],
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
        self._processes.start(
            *("kubelet", "kubelet", f"--config={config}", f"--root-dir={self.folder / 'kubelet'}", f"--node-ip={NODE}"),
            *(f"--kubeconfig={self._control_plane.kubeconfig(f'system:node:{NAME}')}", f"--hostname-override={NAME}"),
            f"--cert-dir={self.folder / 'kubelet-certificates'}",
        )

    def _start_proxy(self) -> None:
        config = self.folder / "proxy.json"
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
                    "kind": "KubeProxyConfiguration",
                    "clientConnection": {"kubeconfig": str(self._control_plane.kubeconfig("system:kube-proxy"))},
                    "clusterCIDR": PODS,
                    "conntrack": {"maxPerCore": 0},
                    "hostnameOverride": NAME,
                    "mode": "iptables",
                }
            )
        )
        self._processes.start("kube-proxy", "kube-proxy", f"--config={config}")

    def _start_names(self) -> None:
        """Names of Services, as a cluster's DNS has them; a name that there is not is not asked for elsewhere."""
        names = self.folder / "names"
        names.mkdir()
        self._processes.start(
            *("dnsmasq", "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--local=/{DOMAIN}/"),
            *(f"--listen-address={NODE}", "--bind-interfaces", f"--hostsdir={names}", "--pid-file=", "--user=root"),
        )
        threading.Thread(target=self._follow_services, args=(names,), daemon=True).start()

    def _follow_services(self, names: Path) -> None:
        """A file for each Service that comes: dnsmasq looks for new ones."""
        get = self._kubectl("get", "services", "--all-namespaces", "--output=json")
        while not self._ended.wait(1):
            done = subprocess.run(get, capture_output=True, check=False, env=os.environ | {"PATH": search_path()})
            for one in json.loads(done.stdout)["items"] if done.returncode == 0 else []:
                host = f"{one['metadata']['name']}.{one['metadata']['namespace']}"
                line = f"{one['spec']['clusterIP']} {host}.svc.{DOMAIN}\n"
                file = names / f"{host}.{one['metadata']['uid']}"
                if one["spec"]["clusterIP"] != "None" and not file.exists():
                    file.write_text(line)
