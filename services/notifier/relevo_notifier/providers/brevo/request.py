"""From a mail to the JSON that Brevo takes. Pure.

Source: Brevo's API reference, "Send a transactional email", and "Idempotency for batch emails": the key is a UUID and
holds for 30 minutes.
"""

from typing import Any
from uuid import UUID

from relevo_contracts.mailboxes import read_mailbox
from relevo_notifier.core.mime import MailContent, encoded, extra_headers, one_line, reference
from relevo_notifier.providers.brevo.options import BrevoOptions

REFERENCE = "X-Mailin-custom"
"""The header whose value an event about a mail gives back."""
_SPECIAL = frozenset('()<>[]:;@\\,."')


def idempotency_key(mail: MailContent) -> str:
    """The same for each attempt at a mail."""
    return str(UUID(hex=reference(mail.shop, mail.effect)[:32], version=4))


def request_of(mail: MailContent, options: BrevoOptions) -> dict[str, Any]:
    """The body of the request. The tag tells a mail that can be unsubscribed from."""
    headers = {name: value.replace("\r\n", "") for name, value in extra_headers(mail) if name != "Reply-To"}
    request: dict[str, Any] = {
        "sender": _mailbox(*read_mailbox(one_line(mail.sender))),
        "to": [_mailbox(mail.recipient_name, mail.recipient)],
        "subject": one_line(mail.subject) or "-",  # it takes none that is empty
        "htmlContent": mail.html.encode("utf-8", "replace").decode(),
        "textContent": mail.text.encode("utf-8", "replace").decode(),
        "headers": headers | {REFERENCE: reference(mail.shop, mail.effect), "idempotencyKey": idempotency_key(mail)},
        "tags": [options.marketing_tag if mail.unsubscribe_url else options.tag],
    }
    if mail.reply_to:
        request["replyTo"] = _mailbox(*read_mailbox(one_line(mail.reply_to)))
    return request


def _mailbox(name: str, address: str) -> dict[str, str]:
    """A name that is not ASCII and has special characters goes as encoded words: Brevo drops it otherwise."""
    name = one_line(name)[:70]
    if not name.isascii() and _SPECIAL & set(name):
        name = encoded(name).replace("\r\n", "")
    return {"email": address, "name": name} if name else {"email": address}
