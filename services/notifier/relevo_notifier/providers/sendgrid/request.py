"""From a mail to the JSON that SendGrid takes. Pure.

Source: SendGrid's API reference, "Mail Send" (v3).
"""

from typing import Any

from relevo_contracts.mailboxes import read_mailbox
from relevo_notifier.core.mime import MailContent, extra_headers, one_line, reference
from relevo_notifier.providers.sendgrid.options import SendGridOptions

REFERENCE = "relevo_message"
"""The custom argument by which an event about a mail names it."""
# Whatever SendGrid would put into the mail: links of its own, a List-Unsubscribe of its own.
_LEFT_ALONE = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
}
_OWN_FIELDS = {"Reply-To"}


def request_of(mail: MailContent, options: SendGridOptions) -> dict[str, Any]:
    """The body of the request. A mail that can be unsubscribed from goes over the pool for marketing."""
    headers = {name: value.replace("\r\n", "") for name, value in extra_headers(mail) if name not in _OWN_FIELDS}
    request: dict[str, Any] = {
        "personalizations": [{"to": [_mailbox(mail.recipient_name, mail.recipient)]}],
        "from": _mailbox(*read_mailbox(one_line(mail.sender))),
        "subject": one_line(mail.subject) or "-",  # it takes none that is empty
        "content": [
            {"type": kind, "value": text.encode("utf-8", "replace").decode()}
            for kind, text in (("text/plain", mail.text), ("text/html", mail.html))
            if text
        ],
        "headers": headers,
        "custom_args": {REFERENCE: reference(mail.shop, mail.effect)},
        "tracking_settings": _LEFT_ALONE,
    }
    if mail.reply_to:
        request["reply_to"] = _mailbox(*read_mailbox(one_line(mail.reply_to)))
    marketing = options.marketing_pool if mail.unsubscribe_url else ""
    if pool := marketing or options.pool:
        request["ip_pool_name"] = pool
    return request


def _mailbox(name: str, address: str) -> dict[str, str]:
    name = one_line(name)
    return {"email": address, "name": name} if name else {"email": address}
