"""A workflow as a picture: in words, as Mermaid text, as SVG. Pure: the same workflow, the same picture."""
