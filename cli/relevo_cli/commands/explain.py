"""`relevo explain`: why a customer got what they got, and why not."""

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Annotated

import typer

from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.operations import operations
from relevo_contracts.zones import zone_of
from relevo_control.app.explanations import Asked, CustomerExplanation
from relevo_notifier.adapters.privacy import Consent
from relevo_workflow.explain import Line, RunInProgress

_MARGIN = 18
"""The width of a time in front, with its blanks."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain_customer)


def explain_customer(
    *,
    shop: Annotated[str, typer.Option(help="The shop.")],
    customer: Annotated[str, typer.Option(help="E-mail address, phone number, customer id, order id or key.")],
    workflow: Annotated[str, typer.Option(help="Of this workflow only.")] = "",
    since: Annotated[str, typer.Option(help="From when on: 7d, or a date such as 2026-03-10; default: 30d.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Tell what was started, sent, skipped and ended for a customer, in order of time and why; what was not, too."""
    answer = asyncio.run(operations().explain(Asked(shop=shop, customer=customer, workflow=workflow, since=since)))
    if as_json:
        print_json(answer)
        return
    for line in lines(answer, terminal_width()):
        out().print(line, markup=False, soft_wrap=True)


def lines(answer: CustomerExplanation, width: int | None = None) -> Iterator[str]:
    """The explanation as lines, in the shop's time, wrapped at `width`."""
    return (hanging(line, width, indent) for line, indent in _lines(answer))


def in_words(text: str, zone: tzinfo) -> str:
    """Instants inside a sentence as people read them, in the shop's time; what only looks like one stays."""
    return _INSTANT.sub(lambda found: _local(found[0], zone), text)


def _local(written: str, zone: tzinfo) -> str:
    try:
        return local_minute(datetime.fromisoformat(written), zone)
    except (ValueError, OverflowError):
        return written


def _lines(answer: CustomerExplanation) -> Iterator[tuple[str, int | None]]:
    """Each line, and how far what follows of it is indented."""
    zone, explanation = zone_of(answer.timezone), answer.explanation
    email = f" ({answer.email})" if answer.email else ""
    since = local_minute(answer.since, zone)
    yield f"{answer.customer}{email} of {answer.shop}, since {since}, in {answer.timezone} time", None
    if not explanation.lines:
        yield "nothing was decided about them", None
    for line in explanation.lines:
        yield f"{local_minute(line.at, zone)}  {_named(line)}  {in_words(line.text, zone)}", _MARGIN
        yield from ((f"{'':{_MARGIN}}{text}", None) for text in line.conditions)
    if explanation.underway:
        yield "on their way:", None
        yield from ((f"  {_named(run)}: {in_words(run.text, zone)}", None) for run in explanation.underway)
    if explanation.absences:
        yield "not entered:", None
        yield from ((f"  {one.workflow}: {in_words(one.text, zone)}", None) for one in explanation.absences)
    if answer.consents:
        yield "said about consent:", None
        yield from ((f"{local_minute(one.at, zone)}  {_consent(one, zone)}", _MARGIN) for one in answer.consents)
    for name in answer.unreadable:
        yield f"  {name}: its version can't be read by this release, so nobody enters; deploy it anew", None


def _consent(one: Consent, zone: tzinfo) -> str:
    """A statement with its proof."""
    version = f" (version {one.wording_version})" if one.wording_version else ""
    asked = f"“{one.wording}”{version}" if one.wording else ""
    form = f"form {one.form}" if one.form else ""
    since = f" that was asked for at {local_minute(one.requested_at, zone)}" if one.requested_at else ""
    confirmed = f"confirmed by a second message{since}" if one.double_opt_in else ""
    proof = ", ".join(part for part in (one.form_url or one.source, form, asked, confirmed) if part)
    return f"{one.channel}, {one.purpose}: {one.state}{f' ({proof})' if proof else ''}"


def _named(one: Line | RunInProgress) -> str:
    return f"{one.workflow} [{one.run}]" if one.run else one.workflow
