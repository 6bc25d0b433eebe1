"""Mails that people write to a shop, as mail programs make them."""

from email.message import EmailMessage

SERVICE = "service@acme.example.com"
ANA = "ana@example.org"


def mail(text: str = "Is it still there?", **fields: str) -> EmailMessage:
    """What Ana writes; `fields` are of its head, with `_` for `-`; an empty one is left out."""
    found = EmailMessage()
    head = {
        "From": f"Ana <{ANA}>",
        "To": f"Acme <{SERVICE}>",
        "Subject": "A question",
        "Message-ID": "<1@mail.example.org>",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    for name, value in head.items():
        if value:
            found[name] = value
    found.set_content(text)
    return found


def quoting(text: str, above: str = "On Mon, 2 Mar 2026 at 12:01, Acme <hello@acme.example.com> wrote:") -> str:
    """A reply that has the mail that it answers below."""
    return f"{text}\n\n{above}\n\n> How was it?\n> 1 to 5\n"
