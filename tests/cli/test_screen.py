"""What the demonstration shows: nothing that a person reads is cut off, however narrow the terminal is."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from rich.live import Live

from relevo_cli.demonstration.screen import LiveScreen, Progress
from relevo_cli.demonstration.verdict import Arrived

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SUBJECT = "Your basket is still here, and so is the blue stoneware mug"
REASON = "the cart was left for four hours without an order"


def remark(width: int) -> str:
    written = io.StringIO()
    console = Console(file=written, width=width, height=24, force_terminal=True, color_system=None)
    with Live(console=console, auto_refresh=False) as live:
        screen = LiveScreen(live)
        screen.message(
            NOON,
            ZoneInfo("Europe/Madrid"),
            Arrived(number=1, channel="email", recipient="ada@example.com", subject=SUBJECT, reason=REASON, effect="e"),
        )
        screen.progress(
            Progress(now=NOON, share=1.0, posted=1, webhooks=1, events=1, emails=1, sms=0, expected=1, restarts=0)
        )
    return written.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_every_word_of_a_message_is_shown_and_stays_at_the_end(width: int) -> None:
    shown = remark(width)
    last = shown.rpartition("Messages as they are sent")[2]
    words = last.split()
    for word in (*SUBJECT.split(), *REASON.split(), "13:00"):
        assert any(word in one for one in words), (width, word)
