"""A metrics server, which Kubernetes' autoscaler asks for the CPU of pods."""

import json
from typing import Any

from tests.deploy.kubernetes.cluster import Cluster
from tests.deploy.kubernetes.control_plane import ControlPlane
from tests.deploy.kubernetes.network import CONTROL
from tests.deploy.kubernetes.processes import succeeds

PORT = 4443
NAME = "metrics-server"


def start_metrics_server(cluster: Cluster, plane: ControlPlane) -> None:
    """Start it beside the control plane, and return once the API server gives out what it serves."""
    config = plane.kubeconfig("admin")
    cluster.processes.start(
        *(NAME, NAME, f"--secure-port={PORT}", f"--cert-dir={cluster.folder / NAME}", "--metric-resolution=15s"),
        *("--kubelet-insecure-tls", "--kubelet-preferred-address-types=InternalIP", f"--kubeconfig={config}"),
        *(f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}"),
    )
    items = served_by(NAME, CONTROL, PORT, "metrics.k8s.io")
    cluster.kubectl("create", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    served = ("wait", "apiservice/v1beta1.metrics.k8s.io", "--for=condition=Available", "--timeout=5s")
    cluster.processes.wait(NAME, lambda: succeeds(*plane.kubectl(), *served))


def served_by(name: str, address: str, port: int, group: str) -> list[dict[str, Any]]:
    """What makes the API server ask a process at an address for what belongs to an API group."""
    at = {"name": name, "namespace": "kube-system"}
    slice_of = {"labels": {"kubernetes.io/service-name": name}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": at, "spec": {"ports": [{"port": 443, "targetPort": port}]}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": at | slice_of,
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [{"name": "", "port": port}],
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"v1beta1.{group}"},
            "spec": {
                "group": group,
                "version": "v1beta1",
                "service": at,
                "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        },
    ]
