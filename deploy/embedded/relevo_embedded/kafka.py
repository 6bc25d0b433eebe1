"""A real Apache Kafka in a folder: one node in KRaft mode, broker and controller in one process."""

import asyncio
import hashlib
import os
import signal
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from relevo_embedded import jars
from relevo_embedded.process import EmbeddedError, Guarded, GuardedProcess, accepts, free_ports, lock_folder

_ATTEMPTS = 3
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners={listeners}
advertised.listeners={advertised}
listener.security.protocol.map={protocols}
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
metadata.max.idle.interval.ms=5000
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
{more}"""
# A serial collector and only the quick compiler: a broker for one machine starts sooner and needs less memory.
JAVA_FLAGS = (
    *("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"),
    *("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """A further way into a broker, besides the one in clear: what tests of TLS and SASL go through.

    `protocol` is Kafka's (`SSL`, `SASL_SSL` …); `properties` are those of this listener, without their prefix.
    """

    protocol: str
    properties: Mapping[str, str]


class EmbeddedKafka:
    """Kafka for as long as the `async with` lasts, or between `start` and `stop`, on the loopback interface only.

    `port` 0 takes any free port. `advertised` is the port that clients are told to come to, where that is another one.
    `listeners` are further ways in, by name (upper case). `java` has further options of Java.
    Topics are not created by themselves. Raises `FolderInUseError`, or `EmbeddedError` with the end of its log.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        advertised: int | None = None,
        listeners: Mapping[str, Listener] = MappingProxyType({}),
        java: Sequence[str] = (),
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.advertised = advertised
        self.process = GuardedProcess("Kafka", self.folder)
        self._listeners = dict(listeners)
        self._ports: dict[str, int] = {}
        self._java = java
        self._any_port = port == 0
        self._data = self.folder / "data"
        self._start_cache = (f"-XX:AOTCache={_start_cache()}",) if _start_cache().exists() else ()

    @property
    def bootstrap(self) -> str:
        """The address for clients, host:port."""
        return f"127.0.0.1:{self.port}"

    def address(self, listener: str) -> str:
        """The address of a further listener, host:port. The host is a name, which its certificate should be for."""
        return f"localhost:{self._ports[listener]}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and return when it takes connections; a restart keeps the port."""
        class_path = await asyncio.to_thread(jars.class_path)
        for attempt in range(1, _ATTEMPTS + 1):
            lock = await lock_folder(self.folder, ours=self.process.started)
            self._configure()
            self.process.start(self._command(class_path), lock)
            try:
                await self.process.ready(self.is_ready, seconds=90.0)
                self._any_port = False
                return
            except EmbeddedError:
                # Between choosing a free port and listening on it someone else may have taken it.
                if attempt == _ATTEMPTS or not self._any_port or "Address already in use" not in self.process.tail():
                    raise

    async def stop(self) -> None:
        """Stop it and wait until it is gone."""
        await self.process.stop()

    async def kill(self) -> None:
        """End it as a crash would, for tests; `start` recovers."""
        await self.process.kill()

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        return all(map(accepts, (self.port, *self._ports.values())))

    def _configure(self) -> None:
        self._data.mkdir(exist_ok=True)
        identity = self._data / "meta.properties"
        if not identity.exists():
            # What `kafka-storage format` writes; with this file alone the broker starts at its newest metadata version.
            text = f"version=1\ncluster.id={_identifier()}\nnode.id=1\ndirectory.id={_identifier()}\n"
            fresh = identity.with_suffix(".new")
            fresh.write_text(text)
            fresh.replace(identity)
        [controller, free, *others] = free_ports(2 + len(self._listeners))
        if self._any_port:
            self.port = free
        if self._any_port or not self._ports:
            self._ports = dict(zip(self._listeners, others, strict=True))
        (self.folder / "server.properties").write_text(self._properties(controller))

    def _properties(self, controller: int) -> str:
        further = [f"{name}://localhost:{port}" for name, port in self._ports.items()]
        listeners = (f"PLAINTEXT://127.0.0.1:{self.port}", f"CONTROLLER://127.0.0.1:{controller}", *further)
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
        protocols |= {name: listener.protocol for name, listener in self._listeners.items()}
        more = [
            f"listener.name.{name.lower()}.{key}={value}\n"
            for name, listener in self._listeners.items()
            for key, value in listener.properties.items()
        ]
        return _PROPERTIES.format(
            listeners=",".join(listeners),
            advertised=",".join((f"PLAINTEXT://127.0.0.1:{self.advertised or self.port}", *further)),
            protocols=",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            controller=controller,
            data=self._data,
            more="".join(more),
        )

    def _command(self, class_path: list[Path]) -> Guarded:
        return Guarded(
            command=[
                *(
                    jars.java(),
                    *JAVA_FLAGS,
                    *self._java,
                    *self._start_cache,
                    "-cp",
                    os.pathsep.join(map(str, class_path)),
                ),
                *("kafka.Kafka", str(self.folder / "server.properties")),
            ],
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGKILL,  # Kafka recovers its log at the next start
            grace=30.0,
        )


async def prepare(say: Callable[[str], object]) -> None:
    """Download Kafka, and keep what Java learns of it at a first start: later starts take half as long.

    Optional: without it the first start downloads, and no start is quicker. Raises `EmbeddedError`.
    """
    await asyncio.to_thread(jars.class_path)
    target = _start_cache()
    if target.exists():
        say(f"Apache Kafka is ready in {jars.cache_folder()}\n")
        return
    say("Apache Kafka is downloaded; starting it once to make later starts quicker …\n")
    fresh = target.with_suffix(".new")
    with tempfile.TemporaryDirectory(prefix="relevo-kafka-") as folder:
        kafka = EmbeddedKafka(Path(folder) / "kafka")
        kafka._start_cache = (f"-XX:AOTCacheOutput={fresh}",)
        await kafka.start()
        await kafka.stop()
    if fresh.exists():
        fresh.replace(target)
    say(f"Apache Kafka is ready in {jars.cache_folder()}\n")


def _start_cache() -> Path:
    """Java's ahead-of-time cache (JEP 483), one for each Kafka, Java and set of flags."""
    made_for = hashlib.sha256(" ".join((jars.KAFKA, jars.java(), *JAVA_FLAGS)).encode()).hexdigest()[:12]
    return jars.cache_folder() / "kafka" / f"start-{made_for}.aot"


def _identifier() -> str:
    """A Kafka UUID: 22 characters of URL-safe base64; a leading dash is refused by its tools."""
    while True:
        text = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
