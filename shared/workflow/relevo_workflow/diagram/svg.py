"""A diagram as SVG that stands alone: no scripts, no fonts to fetch, readable in print and on dark pages."""

from xml.sax.saxutils import escape

from relevo_workflow.diagram.layout import LINE, Layout, Placed, lay_out
from relevo_workflow.diagram.model import Diagram
from relevo_workflow.diagram.text import FONT, lines_of, width_of

_MARGIN = 24.0
_COLOURS = {
    "start": ("#e7f5ec", "#2f855a"),
    "end": ("#f1f1f1", "#777777"),
    "back": ("#ffffff", "#777777"),
    "send": ("#e8f0fe", "#3367d6"),
    "wait": ("#fff7e0", "#b7791f"),
    "choice": ("#f6ecfb", "#8e44ad"),
    "staff": ("#fdecea", "#c0392b"),
    "call": ("#e6f6f8", "#1c7c8c"),
    "change": ("#f7f7f2", "#6b6b52"),
}
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" \
viewBox="0 0 {width:.0f} {height:.0f}" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" \
font-size="{font:.0f}" role="img">
<title>{title}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
"""


def render_svg(diagram: Diagram) -> str:
    """The picture, with its title and what may happen at any time above it."""
    layout = lay_out(diagram)
    above, height = _above(diagram, max(layout.width, 480.0))
    width = max(layout.width, max((width_of(line, size) for line, size, _ in above), default=0.0))
    shift = (width - layout.width) / 2 + _MARGIN
    for node in layout.nodes.values():
        node.x += shift
        node.top += height + _MARGIN
    parts = [
        _HEAD.format(
            width=width + 2 * _MARGIN,
            height=layout.height + height + 2 * _MARGIN,
            font=FONT,
            title=escape(diagram.title),
        )
    ]
    parts += [_line(line, size, y + _MARGIN) for line, size, y in above]
    parts += [_arrow(layout, chain) for chain in layout.arrows]
    parts += [_node(node) for node in layout.nodes.values() if node.kind != "passage"]
    return "".join(parts) + "</svg>\n"


def _above(diagram: Diagram, width: float) -> tuple[list[tuple[str, float, float]], float]:
    """The lines above the picture with their sizes and their base lines; and how high they are together."""
    found = [(diagram.title, 20.0, 18.0)]
    y = 42.0
    for text in (*diagram.rules, *(f"At any time: {one}" for one in diagram.anytime)):
        for number, line in enumerate(lines_of(text, width)):
            found.append((line if not number else f"    {line}", FONT, y))
            y += LINE
    return found, y


def _line(text: str, size: float, y: float) -> str:
    weight = ' font-weight="bold"' if size > FONT else ""
    shape = f'x="{_MARGIN:.0f}" y="{y:.1f}" font-size="{size:.0f}"{weight}'
    return f'<text {shape} fill="#1a1a1a" xml:space="preserve">{escape(text)}</text>\n'


def _node(node: Placed) -> str:
    left = node.x - node.width / 2
    words = _words(node)
    if node.kind == "label":
        shape = f'x="{left:.1f}" y="{node.top:.1f}" width="{node.width:.1f}" height="{node.height:.1f}"'
        return f'<rect {shape} fill="#ffffff"/>\n' + words
    fill, stroke = _COLOURS[node.kind]
    dash = ' stroke-dasharray="4 3"' if node.kind == "back" else ""
    if node.kind == "choice":
        cut, right, middle = 14.0, left + node.width, node.top + node.height / 2
        points = (
            f"{left:.1f},{middle:.1f} {left + cut:.1f},{node.top:.1f} {right - cut:.1f},{node.top:.1f} "
            f"{right:.1f},{middle:.1f} {right - cut:.1f},{node.bottom:.1f} {left + cut:.1f},{node.bottom:.1f}"
        )
        return f'<polygon points="{points}" fill="{fill}" stroke="{stroke}"/>\n' + words
    round_by = node.height / 2 if node.kind in ("end", "back") else 18.0 if node.kind == "start" else 6.0
    shape = f'x="{left:.1f}" y="{node.top:.1f}" width="{node.width:.1f}" height="{node.height:.1f}" rx="{round_by:.1f}"'
    return f'<rect {shape} fill="{fill}" stroke="{stroke}"{dash}/>\n' + words


def _words(node: Placed) -> str:
    height = len(node.lines) * LINE + (15 if node.note else 0)
    y = node.top + (node.height - height) / 2 + 13.0
    colour = "#444444" if node.kind in ("label", "back") else "#1a1a1a"
    found = ""
    for line in node.lines:
        found += f'<text x="{node.x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}">{escape(line)}</text>\n'
        y += LINE
    if node.note:
        small = f'x="{node.x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="12" fill="#6a6a6a"'
        found += f"<text {small}>{escape(node.note)}</text>\n"
    return found


def _arrow(layout: Layout, chain: list[str]) -> str:
    """One smooth line from box to box, straight down through labels and passages."""
    nodes = [layout.nodes[one] for one in chain]
    first, last = nodes[0], nodes[-1]
    path = f"M{first.x:.1f} {first.bottom:.1f}"
    x, y = first.x, first.bottom
    for node in nodes[1:]:
        end = node.top if node is not last else node.top - 1
        middle = (y + end) / 2
        path += f"C{x:.1f} {middle:.1f} {node.x:.1f} {middle:.1f} {node.x:.1f} {end:.1f}"
        if node is not last and node.height:
            path += f"V{node.bottom:.1f}"
        x, y = node.x, node.bottom
    return f'<path d="{path}" fill="none" stroke="#555" stroke-width="1.2" marker-end="url(#tip)"/>\n'
