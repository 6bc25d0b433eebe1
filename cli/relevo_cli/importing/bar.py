"""How far an import is: a bar on a terminal, a line every ten seconds elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_SECONDS = 10.0
Show = Callable[[int, int], None]
"""Told how many lines were read and how many rows imported."""


@contextmanager
def shown(console: Console, name: str, lines: int, rows: int, monotonic: Callable[[], float]) -> Iterator[Show]:
    """Shows how far it is while the block runs; `rows` were imported before."""
    rate = _Rate(monotonic, rows)
    if not console.is_terminal:
        yield _plainly(console, name, lines, monotonic, rate)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=lines, rows=0, rate=0)
        yield lambda line, rows: progress.update(task, completed=line, rows=rows, rate=rate.of(rows))


def _plainly(console: Console, name: str, lines: int, monotonic: Callable[[], float], rate: "_Rate") -> Show:
    said = [monotonic()]

    def show(line: int, rows: int) -> None:
        now = monotonic()
        if now - said[0] >= _SECONDS:
            said[0] = now
            share = 100 * line // max(lines, 1)
            text = f"{name}: {share} %, {rows:,} rows, {rate.of(rows):,}/s"
            console.print(text, markup=False, soft_wrap=True)

    return show


class _Rate:
    """Rows a second since it was made, when there were `rows`."""

    def __init__(self, monotonic: Callable[[], float], rows: int) -> None:
        self._monotonic = monotonic
        self._began, self._rows = monotonic(), rows

    def of(self, rows: int) -> int:
        seconds = self._monotonic() - self._began
        return round((rows - self._rows) / seconds) if seconds > 0 else 0
