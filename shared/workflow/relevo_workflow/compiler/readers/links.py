"""Reads what a template says of its links: whether they are followed, and their campaign parameters."""

from relevo_contracts.link_rules import UTM
from relevo_contracts.template import TemplateLinks
from relevo_workflow.syntax.diagnostics import suggestion
from relevo_workflow.syntax.fields import Fields

_EXAMPLE = "utm: {campaign: spring}, or utm: off"


def read_links(fields: Fields) -> TemplateLinks:
    """The template's own rules; what the shop says counts where it has none."""
    tracking = fields.choice("tracking", ("on", "off"), "on") != "off"
    node = fields.get("utm")
    if node is None:
        return TemplateLinks(tracking=tracking)
    if node.entries is None:
        if node.text != "off":
            fields.wrong("utm", f"'utm' must be a mapping, but this is {node.kind}", _EXAMPLE)
        return TemplateLinks(tracking=tracking, utm=None)
    for name, value in node.entries.items():
        if name not in UTM:
            fields.wrong("utm", f"there is no campaign parameter '{name}'", suggestion(name, UTM) or _EXAMPLE)
        elif value.entries is not None or value.items is not None:
            fields.wrong("utm", f"'{name}' must be text, but this is {value.kind}", _EXAMPLE)
    return TemplateLinks(tracking=tracking, utm={name: value.text for name, value in node.entries.items()})
