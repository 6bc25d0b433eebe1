"""etcd, an API server, the controllers and a scheduler, as processes on the wire of the test."""

import json
import secrets
import subprocess
from pathlib import Path

from tests.deploy.kubernetes.network import CONTROL, MACHINES, lay
from tests.deploy.kubernetes.processes import Processes, succeeds

SERVER = f"https://{CONTROL}:6443"
SERVICES = "10.96.0.0/16"
USERS = {
    "admin": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    "system:kube-proxy": "system:node-proxier",
} | {f"system:node:{machine.name}": "system:nodes" for machine in MACHINES}
"""Who logs in, and the groups that Kubernetes' own roles are for."""


class ControlPlane:
    """A control plane whose state is in `folder`."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder = folder
        self._processes = processes
        self._tokens = {user: secrets.token_hex(16) for user in USERS}

    def start(self) -> None:
        lay()
        for user in USERS:
            self._write_kubeconfig(user)
        self._start_etcd()
        self._start_api_server()
        self._start_client("kube-scheduler")
        self._start_client(
            "kube-controller-manager",
            f"--service-account-private-key-file={self.folder / 'service-accounts.key'}",
            f"--root-ca-file={self.folder / 'apiserver.crt'}",
            "--use-service-account-credentials=true",
        )

    def _start_client(self, name: str, *options: str) -> None:
        config = self.kubeconfig(f"system:{name}")
        logins = [f"--{use}kubeconfig={config}" for use in ("", "authentication-", "authorization-")]
        self._processes.start(name, name, *logins, "--leader-elect=false", f"--cert-dir={self.folder / name}", *options)

    def _start_etcd(self) -> None:
        command = ("etcd", "--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync")
        self._processes.start("etcd", *command)
        self._processes.wait("etcd", lambda: succeeds("curl", "-sf", "http://127.0.0.1:2379/health"))

    def _start_api_server(self) -> None:
        key = self.folder / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        logins = self.folder / "tokens.csv"
        logins.touch(mode=0o600)
        logins.write_text("".join(f'{token},{user},{user},"{USERS[user]}"\n' for user, token in self._tokens.items()))
        self._processes.start(
            *("kube-apiserver", "kube-apiserver"),
            *("--etcd-servers=http://127.0.0.1:2379", f"--advertise-address={CONTROL}", f"--cert-dir={self.folder}"),
            *("--authorization-mode=Node,RBAC", f"--token-auth-file={logins}", "--allow-privileged=true"),
            *(f"--service-cluster-ip-range={SERVICES}", "--service-account-issuer=https://kubernetes.default.svc"),
            *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
            *("--enable-admission-plugins=NodeRestriction", "--kubelet-preferred-address-types=InternalIP"),
            *self._aggregation(),
        )
        ready = (*self.kubectl(), "get", "--raw=/readyz")
        self._processes.wait("kube-apiserver", lambda: succeeds(*ready))

    def _aggregation(self) -> list[str]:
        """How the API server hands on to others what they serve, such as metrics: they believe this certificate."""
        key, certificate = self.folder / "front-proxy.key", self.folder / "front-proxy.crt"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=front-proxy"]
        subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        return [
            "--enable-aggregator-routing=true",
            f"--requestheader-client-ca-file={certificate}",
            f"--proxy-client-cert-file={certificate}",
            f"--proxy-client-key-file={key}",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        ]

    def kubectl(self) -> list[str]:
        """What a command of the administrator begins with."""
        return ["kubectl", f"--kubeconfig={self.kubeconfig('admin')}", f"--cache-dir={self.folder / 'kubectl'}"]

    def kubeconfig(self, user: str) -> Path:
        """The file by which a user logs in."""
        return self.folder / f"{user.replace(':', '-')}.kubeconfig"

    def _write_kubeconfig(self, user: str) -> None:
        """Where the API server is; it makes its certificate at its start."""
        certificate = self.folder / "apiserver.crt"
        path = self.kubeconfig(user)
        path.touch(mode=0o600)
        cluster = {"server": SERVER, "certificate-authority": str(certificate), "tls-server-name": "kubernetes"}
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "test", "cluster": cluster}],
                    "users": [{"name": user, "user": {"token": self._tokens[user]}}],
                    "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
                    "current-context": "test",
                }
            )
        )
