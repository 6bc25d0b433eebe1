"""What a person sees of the demonstration: live on a terminal, plain lines elsewhere."""

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from relevo_cli.demonstration.verdict import Arrived

SHOWN = 14
WIDE = 120
"""From so many columns on a message is one row; on a narrower terminal it has a line for each thing to read."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far the demonstration is. `share` of the recorded time has passed, 0 to 1."""

    now: datetime
    share: float
    posted: int
    webhooks: int
    events: int
    emails: int
    sms: int
    expected: int
    restarts: int
    unit: str = "webhooks"


class Screen(Protocol):
    """Shows messages as they are sent, and how far the demonstration is."""

    def message(self, at: datetime, zone: ZoneInfo, message: Arrived) -> None:
        """One message has arrived at a sink; `at` is the clock's time, shown in the recipient's `zone`."""
        ...

    def progress(self, progress: Progress) -> None:
        """How far it is now."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line: a process died and was started again."""
        ...


class Lines:
    """Plain lines for logs and pipes: one a message."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._hour: datetime | None = None

    def message(self, at: datetime, zone: ZoneInfo, message: Arrived) -> None:
        """`when channel recipient subject (why)`."""
        line = f"{_local(at, zone)}  {message.channel:5}  {message.recipient}  {message.subject}  ({message.reason})"
        self._console.print(line, markup=False, soft_wrap=True)

    def progress(self, progress: Progress) -> None:
        """A line every six hours of clock time."""
        hour = progress.now.replace(hour=progress.now.hour // 6 * 6, minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour = hour
            self._console.print(f"-- {_counts(progress)}", markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """The text as a line."""
        self._console.print(f"-- {text}", markup=False, soft_wrap=True)


class LiveScreen:
    """A table of the newest messages over a progress bar, drawn anew four times a second.

    It stays when the demonstration is over. Nothing in it is cut off: a narrow terminal gets fewer messages.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._rows: deque[tuple[str, ...]] = deque(maxlen=SHOWN)
        self._progress: Progress | None = None
        self._note = ""

    def message(self, at: datetime, zone: ZoneInfo, message: Arrived) -> None:
        """A row of the table."""
        self._rows.append((_local(at, zone), message.channel, message.recipient, message.subject, message.reason))
        self._draw()

    def progress(self, progress: Progress) -> None:
        """The bar and the counts."""
        self._progress = progress
        self._draw()

    def note(self, text: str) -> None:
        """A line under the bar."""
        self._note = text
        self._draw()

    def _draw(self) -> None:
        size = self._live.console.size
        table = wide_table(self._rows) if size.width >= WIDE else narrow_table(self._rows, size.height)
        self._live.update(Group(table, *self._footer()))

    def _footer(self) -> list[RenderableType]:
        if self._progress is None:
            return []
        bar = ProgressBar(total=1.0, completed=min(self._progress.share, 1.0))
        return [bar, Text(_counts(self._progress)), Text(self._note, style="yellow")]


def wide_table(rows: Iterable[tuple[str, ...]]) -> Table:
    """One row a message."""
    table = Table(expand=True, title="Messages as they are sent", title_justify="left")
    table.add_column("local time", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("recipient", overflow="fold", max_width=30)
    table.add_column("subject", overflow="fold", ratio=3)
    table.add_column("why", overflow="fold", ratio=3, style="dim")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def narrow_table(rows: Sequence[tuple[str, ...]], height: int) -> Table:
    """Three lines a message: to whom, the subject, why; as many messages as fit."""
    table = Table(expand=True, title="Messages as they are sent", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    fitting = max(1, (height - 8) // 4)
    for at, channel, recipient, subject, why in list(rows)[-fitting:]:
        cell = Text("\n").join([Text(f"{channel} to {recipient}"), Text(subject, style="bold"), Text(why, style="dim")])
        table.add_row(Text(at), cell)
    return table


@contextlib.contextmanager
def opened(console: Console) -> Iterator[Screen]:
    """The screen that suits the console."""
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield LiveScreen(live)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %H:%M %Z")


def _counts(progress: Progress) -> str:
    restarts = f", {progress.restarts} restarts" if progress.restarts else ""
    return (
        f"{progress.now:%a %d %b %H:%M} UTC  {progress.posted}/{progress.webhooks} {progress.unit}, "
        f"{progress.events} events, {progress.emails} e-mails and {progress.sms} SMS of {progress.expected} "
        f"expected messages{restarts}"
    )
