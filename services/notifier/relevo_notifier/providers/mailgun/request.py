"""From a mail to the form that Mailgun takes. Pure.

Source: Mailgun's API reference, "Send an email in MIME format". The mail is ours as it is, its Message-ID included.
"""

from relevo_notifier.core.mime import MailContent, build_mail, reference
from relevo_notifier.providers.mailgun.options import MailgunOptions

REFERENCE = "relevo-message"
"""The variable by which an event about a mail names it."""


def path_of(mail: MailContent, options: MailgunOptions) -> str:
    """Where the mail goes: a mail that can be unsubscribed from over the domain for marketing."""
    marketing = options.marketing_domain if mail.unsubscribe_url else ""
    return f"/v3/{marketing or options.domain}/messages.mime"


def form_of(mail: MailContent) -> tuple[bytes, str]:
    """The body of the request (multipart/form-data, RFC 7578) and its content type."""
    named = reference(mail.shop, mail.effect)
    fields = {"to": mail.recipient, f"v:{REFERENCE}": named, "o:tracking": "no"}
    boundary = f"relevo-form-{named}"
    parts = [_part(boundary, name, value.encode()) for name, value in fields.items()]
    parts.append(_part(boundary, "message", build_mail(mail), '; filename="message.eml"'))
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, value: bytes, more: str = "") -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"
