"""What the staff hears: shipped texts, which a workflow may replace by templates of the same names, and chat cards."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from relevo_contracts.template import Template
from relevo_templates.messages import COMPILED, Letter, Templates
from relevo_templates.texts import shortened

NOTICE = "staff-notice"
"""The mail about a task, and what a chat is told; its variables are `notice`, `task`, `member` and `shop`."""
DIGEST = "staff-digest"
"""The mail about somebody's day; `digest` has `overdue`, `today`, `undated` and `unassigned`, each with a `…_count`."""
REPORT = "staff-report"
"""The mail with a report; `report` has `every`, `first` and `last`, and its parts by name."""
_FOLDER = "staff_texts"
_HEADER = 150
"""Characters of a header (Slack: Block Kit, header block)."""
_SECTION = 3000
"""Characters of a section (Slack: Block Kit, section block)."""
_BUTTON = 75
_RUN = 2000
"""Characters of a text of a card: a message to Teams may have 28 KB."""


def sms_of(name: str) -> str:
    """The template of the text message that goes with that of a mail."""
    return f"{name}-sms"


NAMES = (NOTICE, sms_of(NOTICE))
"""The templates by which a workflow replaces what is shipped of its own tasks."""
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "notice": (),
    "task": ("id", "title", "approval", "urgent", "assignee", "workflow", "due", "link"),
    "member": ("name",),
    "shop": ("id", "name", "domain", "locale", "timezone", "currency", "postal_address"),
}
"""What their texts may name, with its fields."""


def staff_templates(own: Templates | None, name: str) -> Templates:
    """Those that have the template `name`: a workflow's `own`, or else the shipped ones."""
    return own if own is not None and own.has(name) else _shipped()


def staff_card(
    service: Literal["slack", "teams"],
    name: str,
    context: Mapping[str, Any],
    reader: tuple[Sequence[str], str],
    own: tuple[Mapping[str, Template], Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """What is posted to an incoming webhook: the texts of the mail `name`. Nothing in it is read as markup.

    `reader` are the locales and the time zone of whoever reads it, `own` the templates and files of a workflow.
    Raises `TemplateError`.
    """
    templates = staff_templates(Templates(*own) if own is not None else None, name)
    letter = templates.letter(name, context, *reader)
    return _slack(letter) if service == "slack" else _teams(letter)


def _slack(letter: Letter) -> dict[str, Any]:
    """A message of Block Kit. Source: Slack's documentation, "Sending messages using incoming webhooks"."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(letter.subject, _HEADER)}]
    blocks += [{"type": "section", "text": _plain(paragraph, _SECTION)} for paragraph in letter.body]
    if letter.link and letter.button:
        button = {"type": "button", "text": _plain(letter.button, _BUTTON), "url": letter.link}
        blocks.append({"type": "actions", "elements": [button]})
    escaped = letter.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped, "blocks": blocks}


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": shortened(text, most) or " ", "emoji": False}


def _teams(letter: Letter) -> dict[str, Any]:
    """An Adaptive Card. Source: Microsoft's documentation, "Create incoming webhooks with Workflows for Teams".

    Texts are runs of a RichTextBlock, in which no Markdown is read.
    """
    body = [_rich(letter.subject, size="Medium", weight="Bolder"), *(_rich(one) for one in letter.body)]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
    }
    if letter.link and letter.button:
        card["actions"] = [{"type": "Action.OpenUrl", "title": letter.button, "url": letter.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _rich(text: str, **look: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": shortened(text, _RUN), **look}]}


@cache
def _shipped() -> Templates:
    folder = files("relevo_templates") / _FOLDER
    layouts = {f"layouts/{one.name}": one.read_text("utf-8") for one in (folder / "layouts").iterdir()}
    texts = (folder / "templates.json").read_text("utf-8")
    return Templates.of_files({COMPILED: texts, **layouts})
