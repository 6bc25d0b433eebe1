"""`relevo preview`: a message as its reader would get it, in the terminal or as a page."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from relevo_cli.authoring.preview import message_page
from relevo_cli.authoring.samples import Sample, found_system, in_bytes, in_parameters, in_segments, of_customer, sample
from relevo_cli.console import hanging, out, terminal_width
from relevo_cli.errors import CommandError
from relevo_templates.messages import Rendered

WorkflowArgument = Annotated[str, typer.Argument(help="The workflow: its folder, or its name in workflows/.")]
TemplateArgument = Annotated[str, typer.Argument(help="The template; may be left out if there is only one.")]
ShopOption = Annotated[str, typer.Option(help="The shop of the customer.")]
CustomerOption = Annotated[str, typer.Option(help="A real customer: e-mail address, customer id or key.")]
LocaleOption = Annotated[str, typer.Option(help="In this language; default: the reader's.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("preview")(preview)


def preview(
    workflow: WorkflowArgument,
    template: TemplateArgument = "",
    *,
    shop: ShopOption = "",
    customer: CustomerOption = "",
    locale: LocaleOption = "",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page, wide and narrow.")] = None,
) -> None:
    """Show the message of TEMPLATE, with the values of the workflow's tests or of a customer."""
    found = read(workflow, template, shop, customer)
    message = found.rendered(locale)
    if html is not None:
        languages = [locale] if locale else sorted(found.definition.templates[found.send.template].locales)
        html.write_text(message_page(found, languages), encoding="utf-8")
        out().print(f"{html.as_posix()} has '{found.send.template}' in {', '.join(languages)}", markup=False)
        return
    for line in lines(found, message):
        out().print(hanging(line, terminal_width(), 0), markup=False, soft_wrap=True)


def read(workflow: str, template: str, shop: str, customer: str) -> Sample:
    """The message that was asked for. Raises `CommandError` for what does not fit together."""
    if bool(shop) != bool(customer):
        raise CommandError("--shop and --customer belong together: a customer is one of a shop")
    found = sample(workflow, template)
    return asyncio.run(of_customer(found_system(), found, shop, customer)) if customer else found


def lines(found: Sample, message: Rendered) -> Iterator[str]:
    """The message for a terminal: what it is, its subject, its text, and what is paid for or approved."""
    send = found.send
    yield f"{found.definition.name} · {send.template} · {send.channel} · {send.purpose} · {message.locale}"
    if message.subject:
        yield f"{'Title' if send.channel == 'push' else 'Subject'}: {message.subject}"
    yield ""
    yield from message.text.rstrip().splitlines()
    yield from (f"({note})" for note in message.notes)
    if send.channel == "sms":
        yield ""
        yield in_segments(message.text)
    if send.channel == "push":
        yield ""
        yield f"Leads to {message.link or 'the first page of the shop'}; {in_bytes(message)}"
    if message.approved is not None:
        yield ""
        yield in_parameters(message.approved)
        if message.reply:
            yield f"To who wrote within a day: {message.reply}"
