"""What SES tells of a mail, inside of a notification of SNS. Pure.

Source: Amazon SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS". What only a
configuration set publishes has the tags by which a mail is known.
"""

from collections.abc import Mapping
from typing import Any

from relevo_notifier.core.feedback import Feedback, FeedbackKind, enhanced_status, is_permanent
from relevo_notifier.providers.ses.request import REFERENCE
from relevo_notifier.providers.webhooks import each, instant_of, json_of, text_at

_ADDRESS = "emailAddress"


def feedback_of(message: str, message_id: str) -> list[Feedback]:
    """What a notification says of each recipient. Raises `UnreadableError`."""
    event = json_of(message) if message.startswith("{") else None  # the first one of a topic is a plain sentence
    kind = text_at(event, "eventType") or text_at(event, "notificationType")
    told = event.get(kind.lower()) if isinstance(event, dict) else None
    if not isinstance(told, dict):
        return []
    reference = text_at(event, "mail", "tags", REFERENCE, 0)
    named = {"reference": reference, "event_id": message_id, "told": told}
    match kind:
        case "Bounce":
            return each("ses", _each(told, "bouncedRecipients", named), _bounced)
        case "Complaint":
            # A person who marks a mail as no spam after all complains about nothing.
            complained = [] if text_at(told, "complaintFeedbackType") == "not-spam" else told
            return each("ses", _each(complained, "complainedRecipients", named), _complained)
        case "Delivery":
            return each("ses", _each(told, "recipients", named), _delivered)
        case _:
            return []


def _each(told: Any, name: str, named: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The recipients, with what is said of all of them; each has an id of its own."""
    found = told.get(name) if isinstance(told, dict) else None
    recipients = [one if isinstance(one, dict) else {_ADDRESS: one} for one in found] if isinstance(found, list) else []
    return [
        {**one, **named, "event_id": f"{named['event_id']}/{number}"}
        for number, one in enumerate(recipients)
        if text_at(one, _ADDRESS)
    ]


def _bounced(one: Mapping[str, Any]) -> Feedback:
    told, words = one["told"], text_at(one, "diagnosticCode")
    type_, subtype = text_at(told, "bounceType"), text_at(told, "bounceSubType")
    status = text_at(one, "status") or enhanced_status(words)
    permanent = type_ == "Permanent" and is_permanent(status, otherwise=True)
    reason = f"{type_}/{subtype}: {words}" if words else f"{type_}/{subtype}"
    return _of(one, "bounced", permanent=permanent, suppress=permanent, status=status, reason=reason)


def _complained(one: Mapping[str, Any]) -> Feedback:
    told = one["told"]
    reason = text_at(told, "complaintFeedbackType") or text_at(told, "complaintSubType")
    return _of(one, "complained", suppress=True, reason=reason)


def _delivered(one: Mapping[str, Any]) -> Feedback:
    words = text_at(one["told"], "smtpResponse")
    return _of(one, "delivered", status=enhanced_status(words), reason=words)


def _of(one: Mapping[str, Any], kind: FeedbackKind, **said: Any) -> Feedback:
    """What was `said` of one recipient, with what every notification has."""
    return Feedback(
        reference=one["reference"],
        kind=kind,
        event_id=one["event_id"],
        at=instant_of(text_at(one["told"], "timestamp")),
        address=text_at(one, _ADDRESS),
        **said,
    )
