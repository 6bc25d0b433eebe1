"""Messages as they would arrive: what tests look into, made by the renderer that sends them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from relevo_templates.blocks import Occasion
from relevo_templates.errors import TemplateError
from relevo_templates.messages import OwnLinks, Rendered, Templates
from relevo_workflow.compiler.readers.layouts import with_words
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.effects import Send, run_of
from relevo_workflow.model.state import Facts, Run, Shop
from relevo_workflow.testing.expectation_form import RENDERED
from relevo_workflow.values.text_context import TextFields, liquid_context

OF_MESSAGE = ("body", "locale", "blocks", *RENDERED)
"""What a test can say of a message that is not in its effect."""
_UNSUBSCRIBE = "https://shop.example.com/unsubscribe"
_PREFERENCES = "https://shop.example.com/preferences"
_SURVEY = "https://shop.example.com/survey"
"""They stand for the links that the notifier signs."""


class MessageReader(Struct, frozen=True):
    """Who reads a message: the locales to choose from, the best first, and the zone."""

    locales: tuple[str, ...]
    zone: str


class Previews:
    """The messages of a definition, rendered; each template and layout is parsed once.

    `samples` are the first message of each template that was looked at, and who reads it; `policy` is the contact
    policy by which they go out.
    """

    def __init__(self, definition: Definition) -> None:
        self.policy = definition.policy
        self._templates = Templates(definition.templates, with_words(definition.files), definition.blocks)
        self.samples: dict[str, tuple[Send, MessageReader]] = {}

    def of(self, send: Send, reader: MessageReader) -> Rendered:
        """A message as its reader gets it. Raises `TemplateError`."""
        marketing_mail = send.channel == "email" and send.purpose == "marketing"
        own = OwnLinks(_UNSUBSCRIBE if marketing_mail else "", _PREFERENCES if send.channel == "email" else "", _SURVEY)
        occasion = Occasion(run_of(send.id), send.decided_at, self._templates.blocks)
        return self._templates.render(send.template, send.context, reader.locales, reader.zone, own, occasion=occasion)

    def why_not(self, send: Send, reader: MessageReader) -> str:
        """Why a message can't be rendered; empty if it can."""
        self.samples.setdefault(send.template, (send, reader))
        try:
            self.of(send, reader)
        except TemplateError as error:
            return str(error)
        return ""


def as_seen_by(
    send: Send, definition: Definition, facts: Facts, shop: Shop, now: datetime, *, run: Run | None = None
) -> Send:
    """The same message as its template would see this customer now.

    Of a `run` of theirs it also takes the trigger and what steps saved; without one these stay the sample's.
    """
    shown = {name: None if name == "shop" else tuple(send.context.get(name, ())) for name in send.context}
    nobody = Run(id="", workflow=definition.name, version="", key="", customer="", started_at=now, at=now)
    scope = Scope(
        run_state=run or nobody,
        facts=facts,
        shop_state=shop,
        now=now,
        rules=definition.segments,
        types=definition.types,
    )
    own = liquid_context(
        scope, TextFields(trigger=shown.get("trigger"), run=shown.get("run"), customer=shown.get("customer"))
    )
    taken = own if run is not None else {name: own[name] for name in ("customer", "shop")}
    return structs.replace(send, context={**send.context, **taken}, recipient=facts.contact)


def unlike_message(wanted: Mapping[str, Any], previews: Previews, send: Send, reader: MessageReader) -> str:
    """What differs between a message and what a test says of it; empty if nothing does.

    `locale` chooses the language; `body` is in the subject or the text; `subject`, `text` and `html` are equal, or
    have what `contains` says and not what `lacks` says; `blocks` are the
    entries of content, as `block/entry`. White space counts as one space everywhere.
    """
    if not wanted:
        return ""
    if "locale" in wanted:
        reader = MessageReader((str(wanted["locale"]), *reader.locales), reader.zone)
    try:
        message = previews.of(send, reader)
    except TemplateError as error:
        return str(error)
    if "body" in wanted and _spaced(wanted["body"]) not in _spaced(f"{message.subject}\n{message.text}"):
        return f"'{wanted['body']}' is not in the text"
    if "blocks" in wanted and list(message.blocks) != wanted["blocks"]:
        return f"it shows {', '.join(message.blocks) or 'no content blocks'}"
    differences = (_unlike(name, wanted[name], getattr(message, name)) for name in RENDERED if name in wanted)
    return next(filter(None, differences), "")


def _unlike(name: str, wanted: Any, got: str) -> str:
    got = _spaced(got)
    if not isinstance(wanted, Mapping):
        return "" if _spaced(wanted) == got else f"the {name} is '{_short(got)}'"
    for text in _texts(wanted.get("contains")):
        if _spaced(text) not in got:
            return f"'{text}' is not in the {name}: '{_short(got)}'"
    for text in _texts(wanted.get("lacks")):
        if _spaced(text) in got:
            return f"'{text}' is in the {name}"
    return ""


def _texts(given: Any) -> Sequence[Any]:
    return given if isinstance(given, list) else [] if given is None else [given]


def _spaced(text: Any) -> str:
    """White space of every kind and length is one space: no-break spaces in amounts, folded lines of YAML."""
    return " ".join(str(text).split())


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
