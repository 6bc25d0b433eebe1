"""From a mail to the JSON that Postmark takes. Pure.

Source: Postmark's API reference, "Email API", section "Send a single email".
"""

from typing import Any

from relevo_contracts.mailboxes import read_mailbox
from relevo_notifier.core.mime import MailContent, extra_headers, one_line, reference
from relevo_notifier.providers.postmark.options import PostmarkOptions

REFERENCE = "relevo-message"
"""The metadata by which an event about a mail names it."""
LONGEST_SUBJECT = 2000
LONGEST_NAME = 100
"""A whole From or To may have 255 characters."""


def request_of(mail: MailContent, options: PostmarkOptions) -> dict[str, Any]:
    """The body of the request. A mail that can be unsubscribed from goes over the stream for broadcasts."""
    headers = [{"Name": name, "Value": value.replace("\r\n", "")} for name, value in extra_headers(mail)]
    return {
        "From": _mailbox(*read_mailbox(one_line(mail.sender))),
        "To": _mailbox(mail.recipient_name, mail.recipient),
        "Subject": one_line(mail.subject)[:LONGEST_SUBJECT],
        "TextBody": _valid(mail.text),
        "HtmlBody": _valid(mail.html),
        "MessageStream": options.broadcast_stream if mail.unsubscribe_url else options.stream,
        # Without it Postmark puts a Message-ID of its own, and a second copy could not be known as one.
        "Headers": [*headers, {"Name": "X-PM-KeepID", "Value": "true"}],
        "Metadata": {REFERENCE: reference(mail.shop, mail.effect)},
        "TrackOpens": False,
        "TrackLinks": "None",
    }


def _mailbox(name: str, address: str) -> str:
    quoted = one_line(name)[:LONGEST_NAME].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if quoted else address


def _valid(text: str) -> str:
    """`text` without what UTF-8 can't say."""
    return text.encode("utf-8", "replace").decode()
