"""Who reaches whom, as the pods themselves find it."""

from typing import NamedTuple

from tests.deploy.kubernetes.cluster import Cluster

_KNOCK = """
import socket, sys
[(*_, address)] = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), socket.AF_INET, socket.SOCK_STREAM)
try:
    socket.create_connection(address, 3).close()
except OSError:
    print("closed")
else:
    print("open")
"""


class Door(NamedTuple):
    """Who knocks (a namespace and what `kubectl exec` takes) and where (a Service and its port)."""

    namespace: str
    pod: str
    host: str
    port: int


OPEN = {
    Door("shops", "relevo-engine-0", "kafka.given", 9092),
    Door("shops", "relevo-engine-0", "db.given", 5432),
    Door("shops", "relevo-notifier-0", "mail.given", 1025),
    Door("shops", "deploy/relevo-command", "relevo-engine.shops", 9100),
    Door("given", "mail", "relevo-engine.shops", 9100),
    Door("elsewhere", "stranger", "relevo-ingest.shops", 8080),
    Door("elsewhere", "stranger", "db.given", 5432),
    Door("elsewhere", "stranger", "mail.given", 8025),
    Door("given", "mail", "stranger.elsewhere", 5432),
}
"""What the release needs, and what nobody has forbidden, which shows that somebody answers there."""
CLOSED = {
    Door("shops", "relevo-engine-0", "stranger.elsewhere", 5432),
    Door("shops", "relevo-engine-0", "relevo-notifier.shops", 9100),
    Door("shops", "relevo-notifier-0", "relevo-ingest.shops", 8080),
    Door("shops", "relevo-notifier-0", "mail.given", 8025),
    Door("shops", "deploy/relevo-scheduler", "relevo-engine.shops", 9100),
    Door("elsewhere", "stranger", "relevo-engine.shops", 9100),
    Door("elsewhere", "stranger", "relevo-ingest.shops", 9100),
}
"""Somebody answers at each of them, too, but not whoever knocks."""


def is_open(cluster: Cluster, door: Door) -> bool:
    command = ("exec", door.pod, "--", "/opt/relevo/bin/python3", "-c", _KNOCK, door.host, str(door.port))
    found = cluster.kubectl(f"--namespace={door.namespace}", *command).strip()
    assert found in {"open", "closed"}
    return found == "open"
