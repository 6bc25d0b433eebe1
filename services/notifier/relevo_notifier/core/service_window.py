"""WhatsApp's customer service window: who wrote to us may be answered freely for a day. Pure.

Source: Meta, "Customer service windows" of the WhatsApp Business Platform: 24 hours from the person's last message; at
any other time an approved template alone may be sent (error 131047).
"""

from datetime import datetime, timedelta

from relevo_contracts.contact import Contact

_WINDOW = timedelta(hours=24)
_SLACK = timedelta(minutes=5)
"""So much before its end it counts as closed: its end is by Meta's clock, and a message takes its time."""
WINDOW_CLOSED = (
    "the person has not written by WhatsApp within 24 hours, and the template has no 'approved' to send at other times"
)


def may_answer(contact: Contact, now: datetime) -> bool:
    """Whether the person wrote so lately that a text of ours may go out."""
    wrote = contact.whatsapp_wrote_at
    return wrote is not None and now < wrote + _WINDOW - _SLACK
