"""A message template in compiled form: what the notifier renders, without knowing YAML.

Every text is Liquid; its variables are `trigger`, `run`, `customer` and `shop`. The layout (`layouts/<layout>.mjml`
and `.txt`) sees the rendered texts.
"""

from typing import Literal

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_contracts.content import ShownBlock
from relevo_contracts.surveys import Survey

TemplateTexts = dict[str, str | list[str]]


Category = Literal["marketing", "utility", "authentication"]
"""What WhatsApp approved a template for."""


class Parameter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is put into a text that WhatsApp approved, as Liquid or filled in; `index` is that of its button, from 0.

    In the header it is `text`, or the address of an `image`, a `video` or a `document`; of a button the end of its
    `url`, the `code` that it copies, or what a `reply` to it says to us.
    """

    kind: Literal["text", "image", "video", "document", "url", "code", "reply"] = "text"
    text: str
    index: int = 0


class Approved(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What goes into a template that WhatsApp approved under `name`: in the order of its `{{1}}`, `{{2}}` ….

    `language` is the one of a message, by Meta's code.
    """

    name: str
    category: Category = "utility"
    header: Parameter | None = None
    body: tuple[str, ...] = ()
    buttons: tuple[Parameter, ...] = ()
    language: str = ""


class TemplateLinks(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the links of a message differ from what the shop says (`LinkRules`).

    Without `tracking` nobody learns that it was opened or clicked. `utm` are campaign parameters by their names without
    `utm_`; `None`: its links get none.
    """

    tracking: bool = True
    utm: dict[str, str] | None = {}


class Template(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One template of a workflow, in all its languages.

    `link` is Liquid and says where the button leads. `items` and `total` are paths (`trigger.items`): the list that
    the item table shows and the `Money` of the total line; empty text means that there is none. `locales` maps a
    BCP 47 tag to the texts of that language: `subject`, `preview`, `heading`, `body` (paragraphs), `code`, `button` and
    `note` for e-mail, `text` for SMS, `title` and `text` for push. For WhatsApp `header`, `body` and `footer` are the
    texts as they were `approved` in the `language` there, with `{{1}}` for what goes into them, and `text` is what is
    said instead while the customer service window is open. `code` is the discount code that the layout draws in a box,
    in every language that has none of its own. `links` says how its links go out. `survey` is what
    the mail asks its reader: the layout shows the first question with a link for each answer. `blocks` are the content
    blocks that the layout shows below, in this order.
    """

    name: str
    channel: Channel
    layout: str = ""
    link: str = ""
    items: str = ""
    total: str = ""
    code: str = ""
    approved: Approved | None = None
    links: TemplateLinks = TemplateLinks()
    survey: Survey | None = None
    blocks: tuple[ShownBlock, ...] = ()
    locales: dict[str, TemplateTexts] = {}
