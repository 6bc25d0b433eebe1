"""A message template in compiled form: what the notifier renders, without knowing YAML.

Every text is Liquid; its variables are `trigger`, `run`, `customer` and `shop`. The layout (`layouts/<layout>.mjml`
and `.txt`) sees the rendered texts.
"""

from msgspec import Struct

from relevo_contracts.contact import Channel

TemplateTexts = dict[str, str | list[str]]


class Template(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One template of a workflow, in all its languages.

    `link` is Liquid and says where the button leads. `items` and `total` are paths (`trigger.items`): the list that
    the item table shows and the `Money` of the total line; empty text means that there is none. `locales` maps a
    BCP 47 tag to the texts of that language: `subject`, `preview`, `heading`, `body` (paragraphs), `code`, `button` and
    `note` for e-mail, `text` for SMS. `code` is the discount code that the layout draws in a box, in every language
    that has none of its own.
    """

    name: str
    channel: Channel
    layout: str = ""
    link: str = ""
    items: str = ""
    total: str = ""
    code: str = ""
    locales: dict[str, TemplateTexts] = {}
