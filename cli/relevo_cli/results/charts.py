"""Charts as inline SVG, in the colours of the page's style sheet; the numbers stand in a table beside each. Pure."""

from collections.abc import Sequence
from html import escape

from relevo_engine.core.statistics import Interval

WIDTH, HEIGHT = 720, 220
_LEFT, _BELOW, _ABOVE = 44, 24, 12
_ROW, _NAMES = 30, 180
_LONGEST = 24
"""Characters of a name that are shown."""
_GAP = 0.2
"""How much of a bar's place is left free."""


def columns(title: str, names: Sequence[str], whole: Sequence[int], part: Sequence[int]) -> str:
    """A column for each name, with the part of it that counts in front."""
    most = _round_up(max((*whole, *part), default=0))
    place = (WIDTH - _LEFT) / max(len(names), 1)
    drawn = [_grid(most)]
    for at, (name, all_, some) in enumerate(zip(names, whole, part, strict=True)):
        x, width = _LEFT + (at + _GAP / 2) * place, place * (1 - _GAP)
        about = f"<title>{escape(name)}: {all_}, {some}</title>"
        drawn.append(f"<g>{about}{_column('whole', x, width, all_ / most)}{_column('part', x, width, some / most)}</g>")
    every = max(1, -(-len(names) // 8))
    for at in range(0, len(names), every):
        x = _LEFT + (at + 0.5) * place
        drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(names[at])}</text>')
    return _drawing(title, HEIGHT, drawn)


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """A bar for each row: its name, its value, and what stands at its end."""
    most = max((value for _, value, _ in rows), default=0) or 1
    room, drawn = WIDTH - _NAMES - 90, list[str]()
    for at, (name, value, label) in enumerate(rows):
        y, width = at * _ROW, room * value / most
        drawn.append(_name(name, y))
        drawn.append(f'<rect class="part" x="{_NAMES}" y="{y + 5}" width="{width:.1f}" height="{_ROW - 10}" rx="3"/>')
        drawn.append(f'<text x="{_NAMES + width + 8:.1f}" y="{y + 20}">{escape(label)}</text>')
    return _drawing(title, len(rows) * _ROW, drawn)


def intervals(title: str, rows: Sequence[tuple[str, Interval, str]]) -> str:
    """A point with its interval for each row, on one scale from 0."""
    most = max((one.high for _, one, _ in rows), default=0.0) or 1.0
    room, drawn = WIDTH - _NAMES - 90, list[str]()
    for at, (name, one, label) in enumerate(rows):
        y = at * _ROW + _ROW / 2
        low, middle, high = (_NAMES + room * value / most for value in (one.low, one.estimate, one.high))
        drawn.append(_name(name, at * _ROW))
        drawn.append(f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<circle class="part" cx="{middle:.1f}" cy="{y}" r="6"/>')
        drawn.append(f'<text x="{high + 12:.1f}" y="{y + 5}">{escape(label)}</text>')
    return _drawing(title, len(rows) * _ROW, drawn)


def _drawing(title: str, height: int, drawn: Sequence[str]) -> str:
    name = escape(title, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}">{"".join(drawn)}</svg>'


def _name(name: str, y: float) -> str:
    shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return f'<text x="{_NAMES - 10}" y="{y + 20}" text-anchor="end">{escape(shown)}<title>{escape(name)}</title></text>'


def _column(kind: str, x: float, width: float, share: float) -> str:
    height = (HEIGHT - _BELOW - _ABOVE) * share
    place = f'x="{x:.1f}" y="{HEIGHT - _BELOW - height:.1f}"'
    return f'<rect class="{kind}" {place} width="{width:.1f}" height="{height:.1f}"/>'


def _grid(most: int) -> str:
    """Lines at nothing, half and all."""
    lines = []
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - _BELOW - (HEIGHT - _BELOW - _ABOVE) * share
        lines.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{most * share:g}</text>')
    return "".join(lines)


def _round_up(most: int) -> int:
    """The next even round number, 2 at least."""
    size = 10 ** max(len(str(most)) - 1, 1)
    steps = (one * size // 10 for one in (2, 4, 6, 8, 10, 12, 16, 20, 30, 40, 60, 80, 100))
    return next((one for one in steps if one >= most), most)
