"""What a person sees while a file is imported, where there is no terminal."""

import io

from rich.console import Console

from relevo_cli.importing import bar


def test_every_ten_seconds_there_is_a_line_with_share_rows_and_rate() -> None:
    seconds, written = [0.0], io.StringIO()
    console = Console(file=written, force_terminal=False, width=100)
    with bar.shown(console, "customers.csv", 1000, 50, lambda: seconds[0]) as show:
        for now in (4.0, 12.0, 15.0, 25.0):
            seconds[0] = now
            show(int(now * 10), 50 + int(now * 100))
    assert written.getvalue().splitlines() == [
        "customers.csv: 12 %, 1,250 rows, 100/s",
        "customers.csv: 25 %, 2,550 rows, 100/s",
    ]


def test_on_a_terminal_there_is_a_bar_with_rows_and_rate() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    with bar.shown(console, "customers.csv", 100, 0, lambda: 1.0) as show:
        show(100, 5000)
    assert "5,000 rows" in written.getvalue()
