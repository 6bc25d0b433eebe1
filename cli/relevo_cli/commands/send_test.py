"""`relevo send-test`: one message to an address of one's own, through the shop's provider."""

import asyncio
import os
import uuid
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses, database
from relevo_cli.authoring.samples import Sample, found_system, in_segments, push_content
from relevo_cli.commands.preview import (
    CustomerOption,
    LocaleOption,
    TemplateArgument,
    WorkflowArgument,
    read,
)
from relevo_cli.console import out
from relevo_cli.errors import CommandError
from relevo_contracts.contact import Contact
from relevo_contracts.policy import Skip
from relevo_control.app.errors import unknown_shop
from relevo_ingest.adapters.lookup import key_of_person
from relevo_notifier.app.ports import Message
from relevo_notifier.core.mime import MailContent, reference
from relevo_notifier.core.policy import mail_address, phone_number
from relevo_notifier.core.provider_results import Rejected, Sent, TryLater
from relevo_notifier.core.push import Recipient, devices_of
from relevo_notifier.providers.registry import open_providers
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Connection
from relevo_templates.messages import Rendered

_MARK = "[Test] "
_CONTACT = "select contact from notifier.contact where shop = $1 and key = $2"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send-test")(send_test)


def send_test(
    workflow: WorkflowArgument,
    template: TemplateArgument = "",
    *,
    shop: Annotated[str, typer.Option(help="The shop that it is sent for.")],
    to: Annotated[str, typer.Option(help="Your own e-mail address, or number with +; by push yourself as a customer.")],
    customer: CustomerOption = "",
    locale: LocaleOption = "",
) -> None:
    """Send the message of TEMPLATE to an address of your own. It starts nothing, and counts as nobody's message."""
    found = read(workflow, template, shop if customer else "", customer)
    address = to if found.send.channel == "push" else _address(found, to)
    asyncio.run(_sent(found, found.rendered(locale), shop, address))


def _address(found: Sample, to: str) -> str:
    verdict = mail_address(to) if found.send.channel == "email" else phone_number(to, "")
    if isinstance(verdict, Skip):
        raise CommandError(f"--to {to!r}: {verdict.reason}")
    return verdict.address


async def _sent(found: Sample, rendered: Rendered, shop: str, address: str) -> None:
    """Hands the message to the provider and prints what it said. Raises `CommandError` if it did not take it."""
    async with database.transaction(found_system()) as connection:
        place = await catalog.shop(connection, shop)
        devices = await _devices(connection, shop, address) if found.send.channel == "push" else []
    if place is None:
        raise CommandError(unknown_shop(shop))
    message = _message(found, rendered, place, address, devices)
    settings = _settings()
    name = settings.routing.provider(shop, found.send.channel, found.send.purpose)
    providers = open_providers(settings, settings.routing)
    try:
        answer = await providers[name].send(message)
    finally:
        for provider in providers.values():
            await provider.close()
    if isinstance(answer, Sent):
        told = f" ({in_segments(message.text)})" if found.send.channel == "sms" else ""
        out().print(f"{name} took it for {address}: {answer.provider_id or 'no id'}{told}", markup=False)
        return
    kind = "refused it" if isinstance(answer, Rejected) else "can't take it now"
    raise CommandError(f"{name} {kind if isinstance(answer, Rejected | TryLater) else 'may have it'}: {answer.reason}")


async def _devices(connection: Connection, shop: str, customer: str) -> list[Recipient]:
    """The browsers of a customer. Raises `CommandError` if none takes messages."""
    key = await key_of_person(connection, shop, customer)
    contact = await connection.fetchval(_CONTACT, shop, key)
    devices = devices_of(msgspec.convert(contact, Contact)) if contact is not None else []
    if not devices:
        raise CommandError(f"no browser of {customer!r} takes push messages of {shop}: say yes to them on a page of it")
    return devices


def _message(
    found: Sample, rendered: Rendered, place: catalog.Shop, address: str, devices: Sequence[Recipient]
) -> Message:
    effect = f"test/{uuid.uuid4()}"
    if found.send.channel == "push":
        return Message(effect, place.shop, address, push_content(rendered, reference(place.shop, effect), devices))
    if found.send.channel == "whatsapp":
        return Message(effect, place.shop, address, rendered.approved or rendered.reply)
    if found.send.channel == "sms":
        if not place.sms_from:
            raise CommandError(f"{place.shop} has no sender for SMS: relevo shops update {place.shop} --sms-from …")
        return Message(effect, place.sms_from, address, f"{_MARK}{rendered.text}")
    if not place.email_from:
        raise CommandError(f"{place.shop} has no sender for mail: relevo shops update {place.shop} --email-from …")
    settings = found_system()
    marketing = found.send.purpose == "marketing"
    content = MailContent(
        effect=effect,
        shop=place.shop,
        workflow=found.definition.name,
        sender=place.email_from,
        recipient=address,
        recipient_name="",
        subject=f"{_MARK}{rendered.subject}",
        text=rendered.text,
        html=rendered.html,
        locale=rendered.locale,
        date=make_clock(settings).now(),
        # It looks like the real one and unsubscribes nobody.
        unsubscribe_url=f"{addresses.public_url()}/u/test" if marketing else "",
    )
    return Message(effect, place.email_from, address, content)


def _settings() -> NotifierSettings:
    """The notifier's settings; those of the sinks of a system that `relevo up` runs here, where nothing else is set."""
    found = addresses.running(addresses.DATA)
    if found is not None and "RELEVO_NOTIFIER_SMTP_HOST" not in os.environ:
        host, _, port = found.mail.rpartition(":")
        os.environ |= {"RELEVO_NOTIFIER_SMTP_HOST": host, "RELEVO_NOTIFIER_SMTP_PORT": port}
    return NotifierSettings(**addresses.of_system(found))  # type: ignore[arg-type]  # pydantic checks each value
