"""The child processes of a system on one machine: their command lines, settings and order."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import Struct

from relevo_cli.child import Spec, python
from relevo_cli.errors import CommandError
from relevo_embedded.process import accepts, free_ports
from relevo_runtime.settings import RuntimeSettings

HOST = "127.0.0.1"
LAST_PORT = 65535
SERVICES = ("notifier", "engine", "scheduler", "ingest")
"""In the order of starting: who is sent to before who sends. Stopping goes the other way."""
POLLER = "poller"
"""The process that asks shops without webhooks: it runs if a connected shop needs it."""
CONTROL = "control"
"""The control API, which `relevo up` starts too."""
SHORT_LEASE = 4
"""Seconds for which a message that is being sent is its notifier's own, under a clock that runs fast."""
LONGEST_COMMIT_DELAY = 180.0
"""Seconds of clock time: what is not committed holds back a clock that runs fast."""
SMS_ACCOUNT = "ACsandbox"
WHATSAPP_NUMBER = "106540352242922"
SMS_TOKEN = "sandbox-token"  # noqa: S105  # the sandbox's own, it opens nothing else


_NONE: Mapping[str, str] = MappingProxyType({})


class Ports(Struct, frozen=True, kw_only=True):
    """Where the processes listen on the loopback interface. `admin` is by service."""

    ingest: int
    tasks: int
    sandbox: int
    control: int
    smtp: int
    poller: int
    control_admin: int
    admin: dict[str, int]


def choose_ports(first: int = 0) -> Ports:
    """Ports on which nobody listens: `first` for ingest, and the three after it; any free ones if it is 0.

    Raises `CommandError` if somebody listens on one of the four.
    """
    smtp, poller, control_admin, *free = free_ports(7 + len(SERVICES))
    known = [first, first + 1, first + 2, first + 3] if first else free[:4]
    if first > LAST_PORT - 3:
        raise CommandError(f"--port {first} leaves no room for the three ports after it: {LAST_PORT - 3} at most")
    for port in known:
        if first and accepts(port):
            raise CommandError(
                f"port {port} is in use ({first} to {first + 3} are needed); choose others with --port, or --port 0 for"
                " any free ones"
            )
    ingest, tasks, sandbox, control = known
    admin = dict(zip(SERVICES, free[4:], strict=True))
    return Ports(
        ingest=ingest,
        tasks=tasks,
        sandbox=sandbox,
        control=control,
        smtp=smtp,
        poller=poller,
        control_admin=control_admin,
        admin=admin,
    )


def specs(
    settings: RuntimeSettings, ports: Ports, data: Path, *, polling: bool = False, ingest: Mapping[str, str] = _NONE
) -> list[Spec]:
    """The sandbox first, then the services, and the poller if there is something to ask. `ingest` is for ingest."""
    services = [_service(name, settings, ports, data) for name in SERVICES]
    services = [_with(one, ingest) if one.name == "ingest" else one for one in services]
    return [_sandbox(ports, data), *services, *([poller(settings, ports, data)] if polling else [])]


def _with(spec: Spec, more: Mapping[str, str]) -> Spec:
    return msgspec.structs.replace(spec, environment={**spec.environment, **more})


def _sandbox(ports: Ports, data: Path) -> Spec:
    options = ["--smtp-port", ports.smtp, "--http-port", ports.sandbox, "--folder", mail_folder(data)]
    return Spec(
        name="sandbox",
        command=python("relevo_sandbox", *map(str, options), "--token", SMS_TOKEN, "--watch-parent"),
        environment={},
        ready_url=f"http://{HOST}:{ports.sandbox}/counts",
        log=data / "logs" / "sandbox.log",
    )


def _service(name: str, settings: RuntimeSettings, ports: Ports, data: Path) -> Spec:
    admin = ports.admin[name]
    own = {"ingest": _ingest, "engine": _engine, "notifier": _notifier, "scheduler": _scheduler}[name]
    return Spec(
        name=name,
        command=python(f"relevo_{name}"),
        environment={**environment(settings), "RELEVO_ADMIN_PORT": str(admin), **own(settings, ports)},
        ready_url=f"http://{HOST}:{admin}/readyz",
        log=data / "logs" / f"{name}.log",
    )


def poller(settings: RuntimeSettings, ports: Ports, data: Path) -> Spec:
    """What asks shops for what changed, and for what webhooks only name."""
    return Spec(
        name=POLLER,
        command=python("relevo_ingest", "poll"),
        environment={
            **environment(settings),
            "RELEVO_ADMIN_PORT": str(ports.poller),
            **(_fast_ingest() if settings.clock_speed != 1.0 else {}),
        },
        ready_url=f"http://{HOST}:{ports.poller}/readyz",
        log=data / "logs" / f"{POLLER}.log",
    )


def control(settings: RuntimeSettings, ports: Ports, data: Path) -> Spec:
    """The control API, on this machine alone."""
    return Spec(
        name=CONTROL,
        command=python("relevo_control"),
        environment={
            **environment(settings),
            "RELEVO_ADMIN_PORT": str(ports.control_admin),
            "RELEVO_CONTROL_HOST": HOST,
            "RELEVO_CONTROL_PORT": str(ports.control),
        },
        ready_url=f"http://{HOST}:{ports.control_admin}/readyz",
        log=data / "logs" / f"{CONTROL}.log",
    )


def mail_folder(data: Path) -> Path:
    """Where the sandbox keeps the messages."""
    return data / "mail"


def environment(settings: RuntimeSettings) -> dict[str, str]:
    """What every service is told: addresses, topics, the one clock, the secret of the links."""
    values = {
        "KAFKA": settings.kafka,
        "POSTGRES": settings.dsn,
        "TOPIC_PREFIX": settings.topic_prefix,
        "PARTITIONS": settings.partitions,
        "SESSION_TIMEOUT": settings.session_timeout,
        "COMMIT_DELAY": min(settings.commit_delay, LONGEST_COMMIT_DELAY / settings.clock_speed),
        "CLOCK_SPEED": settings.clock_speed,
        "CLOCK_ORIGIN": settings.clock_origin.isoformat() if settings.clock_origin else None,
        "CLOCK_ANCHOR": settings.clock_anchor,
        "CLOCK_FILE": settings.clock_file,
        "LINK_SECRET": settings.link_secret.get_secret_value(),
        "PUBLIC_URL": settings.public_url,
        "WATCH_PARENT": "true",
    }
    return {f"RELEVO_{name}": str(value) for name, value in values.items() if value not in (None, "")}


def _ingest(settings: RuntimeSettings, ports: Ports) -> dict[str, str]:
    values = {"RELEVO_INGEST_HOST": HOST, "RELEVO_INGEST_PORT": str(ports.ingest)}
    return values | (_fast_ingest() if settings.clock_speed != 1.0 else {})


def _fast_ingest() -> dict[str, str]:
    """A clock that runs fast lets hours of visits come in a second, and shops be asked within minutes of its time."""
    values = {"VISITOR_RATE": "0", "API_RATE": "0", "POLL_INTERVAL": "PT0.1S"}
    return {f"RELEVO_INGEST_{name}": value for name, value in _unless_given("INGEST", values).items()}


def _engine(settings: RuntimeSettings, ports: Ports) -> dict[str, str]:
    return {"RELEVO_ENGINE_HTTP_HOST": HOST, "RELEVO_ENGINE_HTTP_PORT": str(ports.tasks)}


def _notifier(settings: RuntimeSettings, ports: Ports) -> dict[str, str]:
    values = {
        # Workflows may call what runs on this machine, unless the environment says where they may.
        "CALL_HOSTS": os.environ.get("RELEVO_NOTIFIER_CALL_HOSTS", "localhost,127.0.0.0/8,::1"),
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(ports.smtp),
        "TWILIO_URL": f"http://{HOST}:{ports.sandbox}",
        "TWILIO_ACCOUNT": SMS_ACCOUNT,
        "TWILIO_TOKEN": SMS_TOKEN,
        "WHATSAPP_URL": f"http://{HOST}:{ports.sandbox}/v23.0",
        "WHATSAPP_NUMBERS": WHATSAPP_NUMBER,
        "WHATSAPP_TOKEN": SMS_TOKEN,
    }
    if settings.clock_speed != 1.0:
        # A clock that runs fast wants leases and pauses that are short by the wall clock: they are hours of its time.
        values |= _unless_given(
            "NOTIFIER",
            {
                "SMTP_TIMEOUT": "2",
                "TWILIO_TIMEOUT": "2",
                "WHATSAPP_TIMEOUT": "2",
                "LEASE": str(SHORT_LEASE),
                "RETRY_FIRST": "0.5",
                "RETRY_LONGEST": "2",
            },
        )
    return {f"RELEVO_NOTIFIER_{name}": value for name, value in values.items()}


def _scheduler(settings: RuntimeSettings, ports: Ports) -> dict[str, str]:
    if settings.clock_speed == 1.0:
        return {}
    values = {"LEASE": "3", "RESCUE_AFTER": "1", "RESCUE_PAUSE": "0.5", "LONGEST_SLEEP": "0.2"}
    return {f"RELEVO_SCHEDULER_{name}": value for name, value in _unless_given("SCHEDULER", values).items()}


def _unless_given(service: str, values: Mapping[str, str]) -> dict[str, str]:
    """Those of a service's settings that the environment does not give."""
    return {name: value for name, value in values.items() if f"RELEVO_{service}_{name}" not in os.environ}
