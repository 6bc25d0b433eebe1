"""Places the boxes of a diagram: in layers from top to bottom, paths side by side, nothing upon anything else.

The labels of arrows are boxes as well, and an arrow that passes layers gets a narrow place in each of them: so no
two things can overlap. An arrow that leads back up ends in a small box that says where it goes on.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from relevo_workflow.diagram.model import Arrow, Box, Diagram
from relevo_workflow.diagram.text import FONT, lines_of, width_of

GAP_X, GAP_Y, LABEL_GAP_Y = 28.0, 20.0, 14.0
PAD_X, PAD_Y = 14.0, 10.0
LINE = 18.0
MAX_TEXT, MAX_LABEL = 250.0, 190.0
_SWEEPS, _NUDGES = 16, 300


@dataclass(slots=True)
class Placed:
    """A thing with its place: its centre `x`, its `top`, its size. `kind` may also be label, passage or back."""

    id: str
    kind: str
    lines: list[str]
    note: str
    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    top: float = 0.0

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


@dataclass(slots=True)
class Layout:
    """Everything placed. `arrows` are chains of ids, from a box over labels and passages to a box."""

    nodes: dict[str, Placed]
    arrows: list[list[str]]
    width: float = 0.0
    height: float = 0.0
    _above: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _below: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def adjacent(self, node_id: str, *, above: bool) -> list[str]:
        """The ids that arrows connect with a thing, in the layer above or below."""
        return (self._above if above else self._below)[node_id]


def lay_out(diagram: Diagram) -> Layout:
    """The places of everything in the diagram; coordinates begin at 0."""
    boxes, arrows = _without_back_edges(diagram)
    nodes = {box.id: _box(box) for box in boxes}
    pairs = _with_labels(nodes, arrows)
    _find_layers(nodes, pairs)
    chains = _with_passages(nodes, pairs, arrows)
    layout = Layout(nodes, chains)
    for chain in chains:
        for upper, lower in pairwise(chain):
            layout._below[upper].append(lower)
            layout._above[lower].append(upper)
    rows = _ordered(layout)
    _place_across(layout, rows)
    _place_down(layout, rows)
    return layout


def _box(box: Box) -> Placed:
    lines = lines_of(box.text, MAX_TEXT)
    note_width = width_of(box.note, FONT - 1)
    width = max([*(width_of(line) for line in lines), note_width]) + 2 * PAD_X + (24 if box.kind == "choice" else 0)
    height = len(lines) * LINE + 2 * PAD_Y + (15 if box.note else 0)
    return Placed(box.id, box.kind, lines, box.note, max(width, 60), height)


def _without_back_edges(diagram: Diagram) -> tuple[list[Box], list[Arrow]]:
    """The boxes and arrows with each arrow that leads back up turned to a box of its own."""
    boxes, arrows = list(diagram.boxes), list[Arrow]()
    back = _back_arrows(diagram)
    for number, arrow in enumerate(diagram.arrows):
        if number in back:
            box = Box(f"back-{number}", "back", f"back to “{arrow.target}”")
            boxes.append(box)
            arrows.append(Arrow(arrow.source, box.id, arrow.label))
        else:
            arrows.append(arrow)
    return boxes, arrows


def _back_arrows(diagram: Diagram) -> set[int]:
    """The numbers of the arrows that close a cycle, found by walking from the start."""
    leaving: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, arrow in enumerate(diagram.arrows):
        leaving[arrow.source].append((number, arrow.target))
    found: set[int] = set()
    on_way: set[str] = set()
    done: set[str] = set()
    todo: list[tuple[str, bool]] = [(diagram.boxes[0].id, True)]
    while todo:
        box_id, entering = todo.pop()
        if not entering:
            on_way.discard(box_id)
            done.add(box_id)
            continue
        if box_id in done or box_id in on_way:
            continue
        on_way.add(box_id)
        todo.append((box_id, False))
        for number, target in reversed(leaving[box_id]):
            if target in on_way:
                found.add(number)
            else:
                todo.append((target, True))
    return found


def _with_labels(nodes: dict[str, Placed], arrows: list[Arrow]) -> list[list[str]]:
    """Each arrow as a chain of ids, with its label as a thing in between."""
    chains = []
    for number, arrow in enumerate(arrows):
        chain = [arrow.source, arrow.target]
        if arrow.label:
            lines = lines_of(arrow.label, MAX_LABEL)
            label = Placed(f"label-{number}", "label", lines, "", max(map(width_of, lines)) + 10, len(lines) * LINE)
            nodes[label.id] = label
            chain.insert(1, label.id)
        chains.append(chain)
    return chains


def _find_layers(nodes: dict[str, Placed], chains: list[list[str]]) -> None:
    """Each thing one layer below the lowest that leads to it; labels directly below where they begin."""
    changed = True
    while changed:
        changed = False
        for chain in chains:
            for upper, lower in pairwise(chain):
                # Boxes have even layers and labels odd ones, so that labels share theirs with no box.
                step = 1 if "label" in (nodes[upper].kind, nodes[lower].kind) else 2
                layer = nodes[upper].layer + step
                if nodes[lower].layer < layer:
                    nodes[lower].layer, changed = layer, True


def _with_passages(nodes: dict[str, Placed], chains: list[list[str]], arrows: list[Arrow]) -> list[list[str]]:
    whole = []
    for number, chain in enumerate(chains):
        found = [chain[0]]
        for upper, lower in pairwise(chain):
            for layer in range(nodes[upper].layer + 1, nodes[lower].layer):
                passage = Placed(f"passage-{number}-{layer}", "passage", [], "", 8, 0, layer)
                nodes[passage.id] = passage
                found.append(passage.id)
            found.append(lower)
        whole.append(found)
    return whole


def _ordered(layout: Layout) -> list[list[str]]:
    """The layers, each in an order with few crossings: that of the file first, then by the middle of what is next."""
    count = max(node.layer for node in layout.nodes.values()) + 1
    rows: list[list[str]] = [[] for _ in range(count)]
    for node_id in _first_order(layout):
        rows[layout.nodes[node_id].layer].append(node_id)
    best, fewest = [list(row) for row in rows], _crossings(layout, rows)
    for sweep in range(_SWEEPS):
        above = sweep % 2 == 0
        for row in rows if above else reversed(rows):
            spots = {one: index for other in rows for index, one in enumerate(other)}
            row.sort(key=lambda one: _middle(layout, one, spots, above=above))
        crossings = _crossings(layout, rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _first_order(layout: Layout) -> list[str]:
    """Depth first from the start, so that the paths of a branch stand from left to right as in the file."""
    found: dict[str, None] = {}
    todo = [next(iter(layout.nodes))]
    while todo:
        one = todo.pop()
        if one not in found:
            found[one] = None
            todo.extend(reversed(layout.adjacent(one, above=False)))
    return list(found)


def _middle(layout: Layout, one: str, spots: dict[str, int], *, above: bool) -> float:
    near = layout.adjacent(one, above=above)
    return sum(spots[other] for other in near) / len(near) if near else spots[one]


def _crossings(layout: Layout, rows: list[list[str]]) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        spots = {one: index for index, one in enumerate(lower)}
        ends = [sorted(spots[two] for two in layout.adjacent(one, above=False)) for one in upper]
        flat = [end for row in ends for end in row]
        total += sum(first > second for index, first in enumerate(flat) for second in flat[index + 1 :])
    return total


def _place_across(layout: Layout, rows: list[list[str]]) -> None:
    """Each thing as near to the middle of the adjacent things as the things beside it allow."""
    for row in rows:
        _pack(layout, row, [0.0] * len(row))
    for sweep in range(_NUDGES):
        above = sweep % 2 == 0
        for row in rows if above else reversed(rows):
            _pack(layout, row, [_wanted_x(layout, one, above=above) for one in row])
    left = min(node.x - node.width / 2 for node in layout.nodes.values())
    for node in layout.nodes.values():
        node.x -= left
    layout.width = max(node.x + node.width / 2 for node in layout.nodes.values())


def _wanted_x(layout: Layout, one: str, *, above: bool) -> float:
    near = layout.adjacent(one, above=above) or layout.adjacent(one, above=not above)
    return sum(layout.nodes[other].x for other in near) / len(near) if near else layout.nodes[one].x


def _pack(layout: Layout, row: list[str], wanted: list[float]) -> None:
    """The places nearest to what is wanted, in this order and without overlap (pool adjacent violators)."""
    groups: list[tuple[float, int]] = []  # the mean of what is wanted, without the space before each; how many
    offsets, space = [], 0.0
    for index, one in enumerate(row):
        node = layout.nodes[one]
        if index:
            space += (layout.nodes[row[index - 1]].width + node.width) / 2 + _gap(layout, row[index - 1], one)
        offsets.append(space)
        groups.append((wanted[index] - space, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (first, some), (second, more) = groups[-2:]
            groups[-2:] = [((first * some + second * more) / (some + more), some + more)]
    means = [mean for mean, count in groups for _ in range(count)]
    for one, mean, offset in zip(row, means, offsets, strict=True):
        layout.nodes[one].x = mean + offset


def _gap(layout: Layout, one: str, other: str) -> float:
    kinds = {layout.nodes[one].kind, layout.nodes[other].kind}
    return GAP_X if not kinds & {"passage", "label"} else 14.0


def _place_down(layout: Layout, rows: list[list[str]]) -> None:
    top = 0.0
    for row in rows:
        height = max((layout.nodes[one].height for one in row), default=0.0)
        for one in row:
            node = layout.nodes[one]
            node.top = top + (height - node.height) / 2 if node.kind != "passage" else top
            if node.kind == "passage":
                node.height = height
        if row:
            top += height + (LABEL_GAP_Y if height else GAP_Y / 2)
    layout.height = top - LABEL_GAP_Y
