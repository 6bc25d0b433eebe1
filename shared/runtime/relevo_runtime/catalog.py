"""The catalog: shops and deployed workflows. Written by the relevo command only, read by every service.

Every function works inside the caller's transaction. The connection is one of `open_pool` (jsonb by msgspec).
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec
from msgspec import Struct

from relevo_contracts.link_rules import LinkRules
from relevo_runtime.errors import RuntimeFault, SecretsSealed, ShopExists, ShopUnknown
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_runtime", "catalog.sql")
EVERY_SHOP = "*"
Purpose = Literal["events", "tasks"]
"""What a bearer token opens: `POST /events/{shop}` of ingest, or `/tasks/{shop}` of the engine."""


class Secret(Struct, frozen=True, omit_defaults=True):
    """A secret and until when it is valid (None: without end). Two may be valid at once while one rotates.

    The `value` of one that is `sealed` is what `relevo_runtime.secret_keys` made of it, and opens.
    """

    value: str
    until: datetime | None = None
    sealed: bool = False

    def __repr__(self) -> str:
        return f"Secret(value='********', until={self.until!r}, sealed={self.sealed!r})"


class Shop(Struct, frozen=True, kw_only=True):
    """What is known of a shop. `locale` is BCP 47, `timezone` an IANA name, `currency` ISO 4217.

    `token_hashes` are of tokens that post events, `task_token_hashes` of those that answer tasks. `postal_address`
    stands at the end of e-mails; `quiet_hours` (`21:00-08:00`, local time of the recipient) get no marketing; `links`
    say what of its messages is followed. A shop that is held since `held_at` is being moved to another cell, or has
    `moved_to` another: nothing is taken for it.
    """

    shop: str
    platform: str
    name: str = ""
    domain: str = ""
    secrets: list[Secret] = []
    token_hashes: list[str] = []
    task_token_hashes: list[str] = []
    email_from: str = ""
    sms_from: str = ""
    locale: str = "en"
    timezone: str = "UTC"
    currency: str = "EUR"
    postal_address: str = ""
    quiet_hours: str = ""
    links: LinkRules = LinkRules()
    held_at: datetime | None = None
    moved_to: str = ""

    @property
    def held(self) -> str:
        """Why nothing is taken for the shop here; empty: it is served."""
        if self.held_at is None:
            return ""
        return f"shop {self.shop} has moved to another cell" if self.moved_to else f"shop {self.shop} is being moved"

    def valid_secrets(self, now: datetime) -> list[str]:
        """The webhook secrets that hold at `now`. Raises `SecretsSealed` if there are some, and none was opened."""
        valid = [secret for secret in self.secrets if secret.until is None or now < secret.until]
        opened = [secret.value for secret in valid if not secret.sealed]
        if valid and not opened:
            raise SecretsSealed(self.shop)
        return opened

    def accepts_token(self, token: str, purpose: Purpose) -> bool:
        """Whether `token` is one of the shop's for this purpose; takes the same time whichever it is."""
        given = hash_token(token)
        known = self.token_hashes if purpose == "events" else self.task_token_hashes
        return sum(hmac.compare_digest(given, one) for one in known) > 0


class Deployed(Struct, frozen=True, kw_only=True):
    """A version of a workflow that was deployed for `shop` (`*`: every shop). `files` are its raw files by path.

    `retired_…` tell who took it out of service, when and why; not set where another version took its place.
    """

    shop: str
    workflow: str
    version: str
    files: dict[str, str]
    revision: int
    active: bool
    author: str = ""
    note: str = ""
    deployed_at: datetime | None = None
    reviewer: str = ""
    approver: str = ""
    in_flight: str = "pin"
    retired_at: datetime | None = None
    retired_by: str = ""
    retired_note: str = ""


class Approver(Struct, frozen=True):
    """Somebody who may approve administrative changes of `shop` (`*`: of every shop)."""

    shop: str
    name: str
    added_at: datetime


class EventType(Struct, frozen=True, kw_only=True):
    """An event that `shop` (`*`: every shop) declared itself, with the JSON Schema of its data."""

    shop: str
    name: str
    schema: dict[str, Any]
    author: str
    declared_at: datetime


class DefinitionUnknown(RuntimeFault):
    """No definition with this version was ever deployed here."""

    def __init__(self, version: str) -> None:
        super().__init__(f"no definition has the version {version!r}; deploy it first")
        self.version = version


def hash_token(token: str) -> str:
    """What is kept of a bearer token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def _row(shop: Shop) -> tuple[object, ...]:
    return (
        *(shop.shop, shop.platform, shop.name, shop.domain, shop.secrets, shop.token_hashes),
        *(shop.task_token_hashes, shop.email_from, shop.sms_from, shop.locale, shop.timezone, shop.currency),
        *(shop.postal_address, shop.quiet_hours, shop.links),
    )


async def add_shop(connection: Connection, shop: Shop) -> None:
    """Make a shop known. Raises `ShopExists`; a bad name (lower case, digits, `-`, `_`) is asyncpg's CheckViolation."""
    try:
        await connection.execute(STATEMENTS["add_shop"], *_row(shop))
    except asyncpg.UniqueViolationError as error:
        raise ShopExists(shop.shop) from error
    await connection.execute(STATEMENTS["next_revision"])


async def update_shop(connection: Connection, shop: Shop) -> None:
    """Replace what is known of a shop. Raises `ShopUnknown`."""
    if await connection.execute(STATEMENTS["update_shop"], *_row(shop)) == "UPDATE 0":
        raise ShopUnknown(shop.shop)
    await connection.execute(STATEMENTS["next_revision"])


async def shops(
    connection: Connection, *, after: str = "", among: Collection[str] | None = None, limit: int | None = None
) -> list[Shop]:
    """The shops by name: all, or up to `limit` of those `among` these that come `after` one."""
    rows = await connection.fetch(STATEMENTS["shops"], after, among, limit)
    return [msgspec.convert(dict(row), Shop) for row in rows]


async def shop(connection: Connection, name: str) -> Shop | None:
    """One shop, or None if it is not known."""
    row = await connection.fetchrow(STATEMENTS["shop"], name)
    return None if row is None else msgspec.convert(dict(row), Shop)


async def hold_shop(connection: Connection, name: str, at: datetime) -> None:
    """Take nothing for a shop from now on, while it is moved; one that is held stays so. Raises `ShopUnknown`."""
    await _change_hold(connection, "hold_shop", name, at)


async def release_shop(connection: Connection, name: str) -> None:
    """Serve a shop that was held. Raises `ShopUnknown`."""
    await _change_hold(connection, "release_shop", name)


async def moved_shop(connection: Connection, name: str, to: str) -> None:
    """A shop that is held is at `to` by now. Raises `ShopUnknown`."""
    await _change_hold(connection, "moved_shop", name, to)


async def _change_hold(connection: Connection, statement: str, name: str, *values: object) -> None:
    if await connection.execute(STATEMENTS[statement], name, *values) == "UPDATE 0":
        raise ShopUnknown(name)
    await connection.execute(STATEMENTS["next_revision"])


async def deploy(
    connection: Connection,
    *,
    shop: str = EVERY_SHOP,
    workflow: str,
    version: str,
    files: Mapping[str, str],
    at: datetime,
    author: str = "",
    note: str = "",
    reviewer: str = "",
    approver: str = "",
    in_flight: str = "pin",
) -> int:
    """Make `version` what new runs of `workflow` start with; returns the new revision. Needs a transaction.

    `in_flight` is kept for the history: what becomes of runs on their way is the caller's to do.
    """
    revision: int = await connection.fetchval(STATEMENTS["next_revision"])
    await connection.execute(STATEMENTS["add_definition"], version, workflow, dict(files))
    await connection.execute(STATEMENTS["deactivate"], shop, workflow)
    row = (shop, workflow, revision, version, author, note, at, reviewer, approver, in_flight)
    await connection.execute(STATEMENTS["add_deployment"], *row)
    return revision


async def retire(
    connection: Connection, *, shop: str = EVERY_SHOP, workflow: str, at: datetime, by: str = "", note: str = ""
) -> bool:
    """Start no further runs of `workflow`; those in flight go on. False if it was not deployed."""
    await connection.execute(STATEMENTS["next_revision"])
    return await connection.execute(STATEMENTS["retire"], shop, workflow, by, note, at) != "UPDATE 0"


async def active_definitions(connection: Connection) -> list[Deployed]:
    """What new runs start with, by workflow and shop."""
    return [msgspec.convert(dict(row), Deployed) for row in await connection.fetch(STATEMENTS["active_definitions"])]


async def versions_in_service(connection: Connection) -> dict[tuple[str, str], str]:
    """The version that new runs start with, by shop (`*`: every shop) and workflow."""
    rows = await connection.fetch(STATEMENTS["versions_in_service"])
    return {(row["shop"], row["workflow"]): row["version"] for row in rows}


async def needed_secrets(connection: Connection) -> dict[str, set[str]]:
    """The names of the secrets that calls of the workflows in service need, by workflow."""
    found: dict[str, set[str]] = {}
    for row in await connection.fetch(STATEMENTS["needed_secrets"]):
        found.setdefault(row["workflow"], set()).update(msgspec.json.decode(row["names"], type=list[str]))
    return found


async def history(
    connection: Connection,
    workflow: str,
    *,
    among: Collection[str] | None = None,
    before: int | None = None,
    limit: int | None = None,
    files: bool = True,
) -> list[Deployed]:
    """The deployments of `workflow`, newest first: all, or up to `limit` for shops `among` these `before` a revision.

    Without `files` they have none: those of a version may be megabytes.
    """
    rows = await connection.fetch(STATEMENTS["history"], workflow, among, before, limit, files)
    return [msgspec.convert(dict(row), Deployed) for row in rows]


async def newest_deployments(connection: Connection, shop: str = EVERY_SHOP) -> list[Deployed]:
    """The last deployment of each workflow for `shop`, by workflow; it is not active if it was taken out of service."""
    return [msgspec.convert(dict(row), Deployed) for row in await connection.fetch(STATEMENTS["newest"], shop)]


async def compiled_templates(connection: "Connection | Pool", version: str) -> str:
    """The templates of a version in compiled form, as JSON; of none if there is no such version."""
    found: str | None = await connection.fetchval(STATEMENTS["compiled_templates"], version)
    return found or "{}"


async def definition_files(connection: Connection, version: str) -> dict[str, str]:
    """The files of a version. Raises `DefinitionUnknown`."""
    files: dict[str, str] | None = await connection.fetchval(STATEMENTS["definition_files"], version)
    if files is None:
        raise DefinitionUnknown(version)
    return files


async def hold(connection: Connection) -> int:
    """The revision, which nobody else can change until this transaction ends."""
    number: int = await connection.fetchval(STATEMENTS["hold"])
    return number


async def revision(connection: Connection) -> int:
    """Grows with every change of shops or deployments: one cheap look tells whether to read again."""
    number: int = await connection.fetchval(STATEMENTS["revision"])
    return number


async def changed(connection: Connection) -> None:
    """The catalog is another one: services read it anew."""
    await connection.execute(STATEMENTS["next_revision"])


async def add_approver(connection: Connection, name: str, at: datetime, *, shop: str = EVERY_SHOP) -> bool:
    """`name` may approve administrative changes of `shop`; false if they could already."""
    added: bool = await connection.fetchval(STATEMENTS["add_approver"], shop, name, at)
    return added


async def remove_approver(connection: Connection, name: str, *, shop: str = EVERY_SHOP) -> bool:
    """`name` may no longer approve for `shop`; false if they could not before."""
    return await connection.execute(STATEMENTS["remove_approver"], shop, name) != "DELETE 0"


async def approvers(connection: Connection) -> list[Approver]:
    """Who may approve, by name."""
    return [msgspec.convert(dict(row), Approver) for row in await connection.fetch(STATEMENTS["approvers"])]


async def declare_event(connection: Connection, declared: EventType) -> None:
    """A shop has this event from now on, in place of what it declared by that name before."""
    row = (declared.shop, declared.name, declared.schema, declared.author, declared.declared_at)
    await connection.execute(STATEMENTS["next_revision"])
    await connection.execute(STATEMENTS["declare_event"], *row)


async def withdraw_event(connection: Connection, name: str, *, shop: str = EVERY_SHOP) -> bool:
    """A shop has this event no longer; false if it had not."""
    await connection.execute(STATEMENTS["next_revision"])
    return await connection.execute(STATEMENTS["withdraw_event"], shop, name) != "DELETE 0"


async def event_types(connection: Connection) -> list[EventType]:
    """The events that shops declared themselves, by name."""
    return [msgspec.convert(dict(row), EventType) for row in await connection.fetch(STATEMENTS["event_types"])]


def of_shop(declared: Iterable[EventType], shop: str) -> dict[str, EventType]:
    """The events that a shop has, by name: its own, and those of every shop that it has none of its own for."""
    every = list(declared)
    general = {one.name: one for one in every if one.shop == EVERY_SHOP}
    return general | {one.name: one for one in every if one.shop == shop}


async def winners(connection: Connection) -> dict[tuple[str, str], dict[str, str]]:
    """The variant that has won each split, by shop and workflow."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in await connection.fetch(STATEMENTS["winners"]):
        found.setdefault((row["shop"], row["workflow"]), {})[row["step"]] = row["variant"]
    return found


class Winner(Struct, frozen=True, kw_only=True):
    """The variant that has won a split, and since when."""

    step: str
    variant: str
    decided_at: datetime


async def winners_of(connection: Connection, shop: str, workflow: str) -> list[Winner]:
    """The variants that have won splits of a workflow."""
    rows = await connection.fetch(STATEMENTS["winners_of"], shop, workflow)
    return [msgspec.convert(dict(row), Winner) for row in rows]


async def decide_winner(
    connection: Connection, shop: str, workflow: str, *, step: str, variant: str, at: datetime
) -> bool:
    """`variant` has won the split, for good; false if one has won before. Needs a transaction."""
    await connection.execute(STATEMENTS["next_revision"])
    added: bool = await connection.fetchval(STATEMENTS["decide_winner"], shop, workflow, step, variant, at)
    return added
