"""The machines of a cluster: a network namespace each, on one wire with the control plane, which leads nowhere."""

import subprocess
from typing import NamedTuple

CONTROL = "192.0.2.254"
"""The control plane's address, of a range that is nobody's (RFC 5737)."""


class Machine(NamedTuple):
    """What a node runs on. `pods` are the addresses of its pods."""

    name: str
    address: str
    pods: str

    def command(self, *words: str) -> tuple[str, ...]:
        """A command in the machine's network."""
        return ("nsenter", f"--net=/run/netns/{self.name}", *words)


MACHINES = (Machine("node-1", "192.0.2.1", "10.244.1.0/24"), Machine("node-2", "192.0.2.2", "10.244.2.0/24"))
FRONT = MACHINES[0].address
"""Where the ports of Services are asked for. The mail host of the test is on this machine, and stays there."""


def lay() -> None:
    """Lay the wire, with the control plane on it."""
    for words in ("link add wire type bridge", f"address add {CONTROL}/24 dev wire", "link set wire up"):
        _ip(words)


def attach(machine: Machine) -> None:
    """Put a machine on the wire, with a way to the pods of the others."""
    _ip(f"netns add {machine.name}")
    _ip(f"link add {machine.name} type veth peer name eth0 netns {machine.name}")
    _ip(f"link set {machine.name} master wire up")
    _ip(f"route add {machine.pods} via {machine.address}")
    inside = ["link set lo up", f"address add {machine.address}/24 dev eth0", "link set eth0 up"]
    inside.append(f"route add default via {CONTROL}")  # which passes nothing on
    inside += [f"route add {other.pods} via {other.address}" for other in MACHINES if other != machine]
    for words in inside:
        subprocess.run(machine.command("ip", *words.split()), check=True)
    subprocess.run(machine.command("sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1"), check=True)


def unplug(machine: Machine) -> None:
    _ip(f"link set {machine.name} down")


def plug(machine: Machine) -> None:
    _ip(f"link set {machine.name} up")


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)
