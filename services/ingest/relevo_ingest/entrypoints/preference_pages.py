"""The preference page as HTML: one form without a script, a group of boxes for each channel, real labels."""

from html import escape
from typing import assert_never

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_contracts.policy import Policy
from relevo_ingest.core.preferences import Choice, Choices
from relevo_ingest.entrypoints.pages import Visit, whole_page
from relevo_ingest.entrypoints.preference_texts import PREFERENCE_TEXTS, PreferenceTexts

SAVE = "save"
LEAVE = "leave"


class Shown(Struct, frozen=True):
    """What the page shows. `saved`: it answers a form that was sent."""

    choices: Choices
    policy: Policy
    saved: bool = False


def page(visit: Visit, shown: Shown) -> str:
    """What the person gets, and the form by which they choose otherwise."""
    words, choices = _words(visit), shown.choices
    said = f'<p class="done" role="status">{escape(words.saved_more)}</p>' if shown.saved else ""
    groups = [_group(visit, shown, channel) for channel in choices.addresses]
    locked = any(not one.on and not one.can_agree for one in choices.choices)
    note = f"<p>{escape(words.locked)}</p>" if locked else ""
    offered = [*choices.choices, *([choices.tracking] if choices.tracking else [])]
    showed = [f'<input type="hidden" name="showed" value="{escape(one.name)}">' for one in offered if one.on]
    tracking = _box(choices.tracking, words.tracking) if choices.tracking else ""
    chosen = (
        f"<p>{escape(words.intro.replace('{shop}', visit.shop))}</p>"
        f'<form method="post" class="stack">{"".join(showed + groups)}{note}{_preferred(words, choices)}{tracking}'
        f'<div><button name="do" value="{SAVE}">{escape(words.save)}</button></div></form>'
    )
    body = (
        f"{said}{chosen if choices.choices else ''}"
        f'<form method="post"><p>{escape(words.leave_more)} {escape(visit.words.orders)}</p>'
        f'<button name="do" value="{LEAVE}" class="quiet">{escape(words.leave)}</button></form>'
    )
    return whole_page(visit, words.saved if shown.saved else words.title, body)


def erased(visit: Visit) -> str:
    """There is nothing to choose, and nobody to name."""
    words = _words(visit)
    return whole_page(visit, words.erased, f"<p>{escape(words.erased_more)}</p>")


def label_of(name: str, policy: Policy, language: str) -> str:
    """What a purpose is called: by the policy, else by the page's own words, else by its name."""
    purpose = policy.purposes.get(name)
    if purpose is not None and (own := purpose.label.get(language) or purpose.label.get("")):
        return own
    known: str = getattr(PREFERENCE_TEXTS[language], name, "") if name in _KNOWN else ""
    if known:
        return known
    english = purpose.label.get("en", "") if purpose is not None else ""
    return english or name.replace("_", " ").replace("-", " ").capitalize()


_KNOWN = ("marketing", "newsletter", "product_news", "survey", "partners", "similar_products", "tracking")


def _words(visit: Visit) -> PreferenceTexts:
    return PREFERENCE_TEXTS[visit.language]


def _group(visit: Visit, shown: Shown, channel: Channel) -> str:
    words = _words(visit)
    before, _, after = _by(words, channel).partition("{address}")
    # Addresses and numbers run from left to right in every script.
    masked = shown.choices.addresses[channel]
    address = f'<bdi dir="ltr">{escape(masked)}</bdi>' if masked else ""
    boxes = [_box(one, label_of(one.purpose, shown.policy, visit.language)) for one in shown.choices.of(channel)]
    return f"<fieldset><legend>{escape(before)}{address}{escape(after)}</legend>{''.join(boxes)}</fieldset>"


def _by(words: PreferenceTexts, channel: Channel) -> str:
    match channel:
        case "email":
            return words.email
        case "sms":
            return words.sms
        case "whatsapp":
            return words.whatsapp
        case "push":
            return words.push
        case _:
            assert_never(channel)


def _box(one: Choice, label: str) -> str:
    state = " checked" if one.on else "" if one.can_agree else " disabled"
    look = "" if one.on or one.can_agree else ' class="off"'
    box = f'<input type="checkbox" name="get" value="{escape(one.name)}"{state}>'
    return f"<label{look}>{box}<span>{escape(label)}</span></label>"


def _preferred(words: PreferenceTexts, choices: Choices) -> str:
    if len(choices.addresses) < 2:
        return ""
    names = {"email": words.by_email, "sms": words.by_sms, "whatsapp": "WhatsApp", "push": words.push}
    boxes = [
        f'<label><input type="radio" name="preferred" value="{channel}"'
        f"{' checked' if channel == choices.preferred else ''}><span>{escape(names[channel])}</span></label>"
        for channel in choices.addresses
    ]
    return f"<fieldset><legend>{escape(words.preferred)}</legend>{''.join(boxes)}</fieldset>"
