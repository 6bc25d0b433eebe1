"""Finds the commands in README.md and docs/*.md: blocks that are marked console, sh or bash."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(console|sh|bash)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(r"<<-?\s*'?(\w+)'?")
_PROMPT = "$ "
_IN_CONTAINER = re.compile(
    r"^(?:docker compose run --rm command|kubectl -n shops exec deploy/relevo-command -- relevo) "
)
_ELSEWHERE = re.compile(r"^(?:cd|helm|kubectl|tar) ")
_SERVICE = re.compile(r" --service \w+=\S+")
FIRST = ("README.md", "docs/demo.md", "docs/ingest.md")
"""The pages that are read first: the others use the shops of theirs."""


class Transcript(Struct, frozen=True):
    """One command, or one block of a script, with where it stands."""

    page: str
    line: int
    command: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """The pages with commands, in the order in which they are tried."""
    found = ["README.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
    return [*FIRST, *(page for page in found if page not in FIRST)]


def transcripts() -> list[Transcript]:
    """Every command of every page."""
    return [one for page in pages() for one in of_text(page, (ROOT / page).read_text(encoding="utf-8"))]


def of_text(page: str, text: str) -> Iterator[Transcript]:
    """The commands of a page: of `console` each line with a prompt and what continues it, else the block as a whole."""
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        if block[1] == "console":
            yield from _prompted(page, line, block[2].splitlines())
        else:
            yield Transcript(page, line, block[2].strip())


def _prompted(page: str, first: int, lines: list[str]) -> Iterator[Transcript]:
    number = 0
    while number < len(lines):
        if not lines[number].startswith(_PROMPT):
            number += 1  # what the command before has printed
            continue
        end = _end(lines, number)
        command = "\n".join([lines[number].removeprefix(_PROMPT), *lines[number + 1 : end]])
        yield Transcript(page, first + number, command.strip())
        number = end


def _end(lines: list[str], number: int) -> int:
    """The line after a command: a backslash and a here-document go on."""
    heredoc = _HEREDOC.search(lines[number])
    while heredoc is None and lines[number].endswith("\\") and number + 1 < len(lines):
        number += 1
    if heredoc is not None:
        while number + 1 < len(lines) and lines[number] != heredoc[1]:
            number += 1
    return number + 1


def outside_containers(script: str) -> str:
    """What a script does by the command in a container, and by curl, as it is done on this machine.

    Left out is what starts and feeds containers, and that doctor asks for services by their names there.
    """
    lines = (_IN_CONTAINER.sub("relevo ", line) for line in script.replace("\\\n", "").splitlines())
    kept = "\n".join(line for line in lines if not _ELSEWHERE.match(line))
    return re.sub(r"(?:/tmp)?/workflows", "workflows", _SERVICE.sub("", kept))
