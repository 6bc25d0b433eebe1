"""Files that are imported, also compressed ones, and the files of what was rejected."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from msgspec import Struct

from relevo_ingest.core.imports.lines import LONGEST_LINE, Census, UnreadableFile
from relevo_ingest.core.imports.records import Table
from relevo_ingest.core.imports.rejecting import Rejected, header, written

_GZIP = b"\x1f\x8b"


class FileFacts(Struct, frozen=True):
    """What one walk over a file told. `written` is when it was last changed."""

    path: Path
    digest: bytes
    lines: int
    encoding: str
    written: datetime


def facts_of(path: Path) -> FileFacts:
    """Reads the whole file once. Raises `UnreadableFile` if its compression is damaged, `OSError` if it can't be read.

    The digest is that of the content, compressed or not.
    """
    census, digest = Census(), hashlib.sha256()
    with opened(path) as stream:
        while piece := stream.readline(LONGEST_LINE):
            census.add(piece)
            digest.update(piece)
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return FileFacts(path, digest.digest(), census.lines, census.encoding, changed)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The content of a file as bytes. Raises as `facts_of`."""
    try:
        with path.open("rb") as raw:
            compressed = raw.read(2) == _GZIP
            raw.seek(0)
            if not compressed:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as content:
                yield cast("BinaryIO", content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"{path} is damaged as a compressed file, or cut off: {error}") from None


class RejectedFile:
    """The file beside an imported one with what was rejected of it; there is none while nothing was.

    It is cut to `size` first: what a stopped import wrote and did not keep comes again.
    """

    def __init__(self, path: Path, table: Table, size: int) -> None:
        ending = ".rejected.jsonl" if table.is_json else ".rejected.csv"
        self.path = path.with_name(path.name.removesuffix(".gz") + ending)
        self._table = table
        self._size = size
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self._size and self.path.exists() and self.path.stat().st_size >= self._size:
            self._open()
        else:
            self.path.unlink(missing_ok=True)
            self._size = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, found: Sequence[Rejected]) -> int:
        """Writes these; returns how long the file is now."""
        if found:
            first = "" if self._file is not None else header(self._table)
            file = self._file or self._open()
            text = (first + written(self._table, found)).encode("utf-8", "replace")
            file.write(text)
            file.flush()
            self._size += len(text)
        return self._size

    def _open(self) -> BinaryIO:
        self._file = cast("BinaryIO", self.path.open("r+b" if self.path.exists() else "w+b"))
        self._file.seek(self._size)
        self._file.truncate()
        return self._file
