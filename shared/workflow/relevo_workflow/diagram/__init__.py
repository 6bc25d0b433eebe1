"""A workflow as a picture: in words, as Mermaid text, as SVG. Pure: the same workflow, the same picture.

Other packages import from here, not from the modules behind it.
Tested in `tests/workflow/test_diagram.py`.
"""

from relevo_workflow.diagram.mermaid import mermaid_page, render_mermaid
from relevo_workflow.diagram.model import Diagram, diagram_of
from relevo_workflow.diagram.svg import render_svg

__all__ = [
    "Diagram",
    "diagram_of",
    "mermaid_page",
    "render_mermaid",
    "render_svg",
]
