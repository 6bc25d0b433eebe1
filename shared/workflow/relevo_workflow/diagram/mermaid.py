"""A diagram as a Mermaid flowchart, which code hosts and wikis draw."""

from relevo_workflow.diagram.model import Box, Diagram

_SHAPES = {
    "start": ("([", "])"),
    "end": ("([", "])"),
    "choice": ("{{", "}}"),
    "wait": ("(", ")"),
    "staff": ("[/", "/]"),
    "call": ("[[", "]]"),
}
_COLOURS = {
    "start": "fill:#e7f5ec,stroke:#2f855a",
    "end": "fill:#f1f1f1,stroke:#777",
    "send": "fill:#e8f0fe,stroke:#3367d6",
    "wait": "fill:#fff7e0,stroke:#b7791f",
    "choice": "fill:#f6ecfb,stroke:#8e44ad",
    "staff": "fill:#fdecea,stroke:#c0392b",
    "call": "fill:#e6f6f8,stroke:#1c7c8c",
    "change": "fill:#f7f7f2,stroke:#6b6b52",
}


def render_mermaid(diagram: Diagram) -> str:
    """The text of a flowchart, from top to bottom."""
    numbers = {box.id: f"n{number}" for number, box in enumerate(diagram.boxes)}
    lines = ["flowchart TD"]
    lines += [f"    {numbers[box.id]}{_shape(box)}:::{_class(box.kind)}" for box in diagram.boxes]
    for arrow in diagram.arrows:
        label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
        lines.append(f"    {numbers[arrow.source]} -->{label} {numbers[arrow.target]}")
    anytime = ("At any time:", *diagram.anytime) if diagram.anytime else ()
    for name, texts in (("rules", diagram.rules), ("anytime", anytime)):
        if texts:
            quoted = _quoted("\n".join(texts))
            lines += [f"    {name}[{quoted}]:::{_class('end')}", f"    {name} ~~~ {numbers[diagram.boxes[0].id]}"]
    kinds = dict.fromkeys([*(box.kind for box in diagram.boxes), "end"])
    lines += [f"    classDef {_class(kind)} {_COLOURS[kind]},color:#1a1a1a" for kind in kinds]
    return "\n".join(lines) + "\n"


def mermaid_page(diagram: Diagram) -> str:
    """A Markdown page with the flowchart."""
    return f"# {diagram.title}\n\n```mermaid\n{render_mermaid(diagram)}```\n"


def _class(kind: str) -> str:
    """The name of a kind's class. Mermaid refuses `end` and `call` alone, which are words of its own."""
    return f"{kind}Box"


def _shape(box: Box) -> str:
    opens, closes = _SHAPES.get(box.kind, ("[", "]"))
    return f"{opens}{_quoted(box.text)}{closes}"


def _quoted(text: str) -> str:
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return '"' + safe.replace("\n", "<br>") + '"'
