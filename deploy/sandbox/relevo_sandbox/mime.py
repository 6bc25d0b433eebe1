"""A mail as it arrives, made of what an API was given."""

from collections.abc import Iterable
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate


def mail_of(headers: Iterable[tuple[str, str]], text: str, html: str) -> bytes:
    """Raises `ValueError` for headers that can't be written."""
    message = EmailMessage(policy=policy.SMTP)
    message["Date"] = formatdate(usegmt=True)
    for name, value in headers:
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def mailbox(name: str, address: str) -> str:
    """A name and an address as a header's value."""
    return str(Address(name, addr_spec=address))
