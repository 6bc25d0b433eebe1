"""Which links and openings of a shop's messages are followed, and with which campaign parameters links go out."""

from typing import Literal

from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.template import TemplateLinks

Tracking = Literal["off", "clicks", "opens", "all"]
TRACKING_TOPIC = "tracking"
"""The topic of a `consent.changed` by which a person lets their clicks and openings be known, or doesn't."""
UTM = ("source", "medium", "campaign", "content", "term")
"""The campaign parameters, without their `utm_`. Source: Google Analytics, "URL builders"."""


class LinkRules(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a shop has decided.

    `consent`: `assumed` follows whom nobody heard object, `required` those alone who agreed (the topic `tracking`).
    Transactional messages and SMS are followed only if the shop says so. `utm` is what stands in the campaign
    parameters in the place of what the workflow gives, by name without `utm_`; `None`: links get none. `hosts` get
    them too, beside the shop's own.
    """

    tracking: Tracking = "clicks"
    consent: Literal["assumed", "required"] = "assumed"
    transactional: bool = False
    sms: bool = False
    utm: dict[str, str] | None = {}
    hosts: list[str] = []


class Following(Struct, frozen=True, kw_only=True):
    """What is done with the links of one message to one person.

    `clicks` and `opens` are followed, `visits`: the shop's own pages are told who reads it. `utm` are the shop's
    campaign parameters, `None` if there are to be none.
    """

    clicks: bool = False
    opens: bool = False
    visits: bool = False
    utm: dict[str, str] | None = None


NOTHING = Following()
"""The message goes out as it was written."""


def following(
    rules: LinkRules, contact: Contact, channel: Channel, template: TemplateLinks, *, transactional: bool
) -> Following:
    """What the shop wants, the person doesn't object to and the template leaves.

    A person who objects gets the message as it was written. Campaign parameters tell nothing of a person: they need no
    consent, and concern transactional mails too. Links of WhatsApp and push go out as they are: what WhatsApp approved
    stays. An SMS has none unless its links are followed, since it is paid for by
    its length.
    """
    if channel not in ("email", "sms"):
        return NOTHING
    said = contact.topic_consent(channel, TRACKING_TOPIC).state
    if said == "withdrawn":
        return NOTHING
    agreed = (said == "granted" or rules.consent == "assumed") and template.tracking
    followed = agreed and (rules.transactional or not transactional) and (rules.sms or channel != "sms")
    plain = channel == "email" or followed
    return Following(
        clicks=followed and rules.tracking in ("clicks", "all"),
        opens=followed and channel == "email" and rules.tracking in ("opens", "all"),
        visits=agreed and channel == "email",
        utm=rules.utm if plain and template.utm is not None else None,
    )
