"""A message of a workflow, filled in as its tests do, and with what is known of a real customer where one is named."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from relevo_cli import addresses, database
from relevo_cli.commands.check import SiblingWorkflows
from relevo_cli.commands.test import tested
from relevo_cli.console import counted
from relevo_cli.errors import CommandError
from relevo_cli.workflow_files import library, need_folders
from relevo_contracts.template import Approved
from relevo_control.app.shops import known_shop
from relevo_engine.adapters import decision_log
from relevo_engine.adapters.definitions import shop_facts
from relevo_ingest.adapters.lookup import key_of_person
from relevo_notifier.core.push import PushContent, Recipient, payload_of
from relevo_notifier.providers.webpush.encryption import LARGEST
from relevo_runtime.clock import make_clock
from relevo_runtime.settings import RuntimeSettings
from relevo_templates.messages import Rendered
from relevo_templates.segments import segments_of
from relevo_workflow import Definition, Send, WorkflowError, nearest
from relevo_workflow.testing import MessageReader, Previews, as_seen_by


class Sample(Struct, frozen=True):
    """One message, who reads it, and all that the tests of its workflow send."""

    definition: Definition
    previews: Previews
    send: Send
    reader: MessageReader

    def rendered(self, locale: str = "") -> Rendered:
        """The message in the reader's language, or that of `locale`. Raises `TemplateError`."""
        locales = (locale, *self.reader.locales) if locale else self.reader.locales
        return self.previews.of(self.send, MessageReader(locales, self.reader.zone))


def sample(workflow: str, template: str) -> Sample:
    """The first message of `template` that a test of `workflow` sends; empty text is the only template of it.

    `workflow` is a folder, or a name in the library. Raises `CommandError` or `WorkflowError`.
    """
    folder = _folder(workflow)
    definition, found = SiblingWorkflows().diagnosed(folder)
    if definition is None:
        raise WorkflowError([one for one in found if one.severity == "error"])
    name = _template(definition, template)
    previews = Previews(definition)
    tested(folder, definition, [], previews)
    if name not in previews.samples:
        raise CommandError(f"no test of {definition.name} sends '{name}': the values come from a test that does")
    return Sample(definition, previews, *previews.samples[name])


async def of_customer(settings: RuntimeSettings, found: Sample, shop: str, customer: str) -> Sample:
    """The message for a customer as they are now; of their newest run of the workflow, if one is under way.

    Raises `CommandError` if the shop or the customer is not known.
    """
    now = make_clock(settings).now()
    async with database.transaction(settings) as connection:
        place = await known_shop(connection, shop)
        key = await key_of_person(connection, shop, customer)
        if key is None:
            raise CommandError(f"nothing of {customer!r} was ever heard in {shop}; ask by e-mail, customer id or key")
        records = await decision_log.of_customer(connection, shop, key, now, workflow=found.definition.name)
    facts, run = records.facts, records.runs[-1] if records.runs else None
    send = as_seen_by(found.send, found.definition, facts, shop_facts(place), now, run=run)
    reader = MessageReader((facts.contact.locale, place.locale), facts.contact.timezone or place.timezone)
    return Sample(found.definition, found.previews, send, reader)


def found_system() -> RuntimeSettings:
    """The system that commands talk to."""
    return addresses.settings()


def in_segments(text: str) -> str:
    """`2 segments: 171 of GSM-7`, with the characters that make it UCS-2."""
    found = segments_of(text)
    because = f", because of {' '.join(found.foreign)}" if found.foreign.strip() else ""
    return f"{counted(found.count, 'segment')}: {found.units} characters in {found.encoding}{because}"


def in_parameters(approved: Approved) -> str:
    """`WhatsApp's order_shipped in en_US (utility): 2 parameters of the body, a header, 1 button`."""
    parts = [counted(len(approved.body), "parameter") + " of the body"] if approved.body else []
    parts += ["a header"] if approved.header is not None else []
    parts += [counted(len(approved.buttons), "button")] if approved.buttons else []
    takes = ", ".join(parts) or "no parameters"
    return f"WhatsApp's {approved.name} in {approved.language} ({approved.category}): {takes}"


def in_bytes(message: Rendered) -> str:
    """`201 of 3,993 bytes`: how much of what push services take a message is."""
    return f"{len(payload_of(push_content(message, 'x' * 40)))} of {LARGEST:,} bytes"


def push_content(message: Rendered, tag: str, devices: Sequence[Recipient] = ()) -> PushContent:
    """The message as it goes to these devices."""
    return PushContent(
        title=message.subject, text=message.text, link=message.link, tag=tag, urgency="high", devices=tuple(devices)
    )


def _folder(workflow: str) -> Path:
    named = Path(workflow)
    inside = library() / workflow
    folders = need_folders(inside if not named.exists() and inside.exists() else named)
    if len(folders) > 1:
        raise CommandError(f"{workflow} has {len(folders)} workflows: name one, such as {folders[0].as_posix()}")
    return folders[0]


def _template(definition: Definition, template: str) -> str:
    names = sorted(definition.templates)
    if template in definition.templates:
        return template
    if not template and len(names) == 1:
        return names[0]
    if not names:
        raise CommandError(f"{definition.name} has no templates")
    if not template:
        raise CommandError(f"name a template of {definition.name}: {', '.join(names)}")
    meant = nearest(template, names)
    advice = f"did you mean '{meant}'?" if meant else f"it has {', '.join(names)}"
    raise CommandError(f"{definition.name} has no template '{template}': {advice}")
