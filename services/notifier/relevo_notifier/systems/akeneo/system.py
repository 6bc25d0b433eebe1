"""Akeneo as a PIM."""

from datetime import datetime

from relevo_contracts.systems.pim import PimProduct, ReadProduct
from relevo_notifier.core.systems import Access, Conversation, System, SystemCall, Token
from relevo_notifier.systems.akeneo import replies, requests


def sign_in(access: Access, now: datetime) -> Conversation[Token]:
    """A token of the connection."""
    return replies.token((yield requests.token(access)), access, now)


def product(given: ReadProduct, call: SystemCall) -> Conversation[PimProduct]:
    """Reads a product; the settings say in which language and channel, where the step does not."""
    access = call.access
    locale = given.locale or access.settings.get("locale", "")
    channel = given.channel or access.settings.get("channel", "")
    return replies.product((yield requests.product(given.sku, access)), access, locale, channel)


def probe(access: Access) -> Conversation[str]:
    """Which PIM it is."""
    return replies.version((yield requests.version(access)), access)


AKENEO = System(
    name="akeneo",
    title="Akeneo",
    port="pim",
    credentials={
        "client_id": "Connect, Connection settings, a connection of the type Other: its client id",
        "secret": "the same page: its secret",
        "username": "the same page: its username",
        "password": "the same page: its password, which is shown once",
    },
    settings={
        "locale": "optional: the language that is read where a step names none, such as en_US",
        "channel": "optional: the channel that is read where a step names none, such as ecommerce",
    },
    operations={"product": product},
    probe=probe,
    sign_in=sign_in,
)
