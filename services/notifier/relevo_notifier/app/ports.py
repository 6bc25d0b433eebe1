"""What the use cases need of the world: tables, the catalog, a provider, Kafka, and whoever makes the attempts."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import ConsentChanged, MessageEngagement
from relevo_contracts.policy import Policy
from relevo_contracts.sending import Sent
from relevo_contracts.template import Approved
from relevo_notifier.core.contact_changes import Known, Person
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.core.mime import MailContent
from relevo_notifier.core.posted_mail import PostedMail
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.core.push import PushContent
from relevo_notifier.core.work import C, Due, Incoming, Result, W, Work, Workable
from relevo_runtime.catalog import Shop
from relevo_templates.messages import Templates

W_contra = TypeVar("W_contra", bound=Workable, contravariant=True)
R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)
R_contra = TypeVar("R_contra", bound=Result, contravariant=True)


class Queue(Protocol[W]):
    """The open rows of a table, as a worker pool and its poll see them."""

    async def begin(
        self, works: Sequence[W], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[W]:
        """Commit that these are begun, until `lease`. Returns those that still are the caller's, each row once.

        What is held until after `enough` stays as it is. `tried` are the leases of earlier tries at the same of which
        nobody knows whether they were committed.
        """
        ...

    async def release(self, works: Sequence[W], now: datetime) -> None:
        """Give back what was held and not begun."""
        ...

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[W]:
        """Claim up to `limit` rows that are due at `now`, until `lease`."""
        ...

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """Commit that these rows (shop, id, why) are over: nobody can read them."""
        ...

    async def next_wake(self) -> datetime | None:
        """When the next row is due; `None`: there is none open."""
        ...


class Intake(Protocol[C, W]):
    """A table into which work is taken over."""

    async def accept(self, incoming: Sequence[Incoming[C]], now: datetime) -> list[W]:
        """Keep new commands; known ones are left alone. Returns the new ones, in order."""
        ...


class Rows(Queue[W], Intake[C, W], Protocol[C, W]):
    """A table, or the part of one, that work goes through."""


class Ledger(Protocol[R_contra]):
    """A table in which the end of attempts is written down."""

    async def settle(
        self, settled: Sequence[R_contra], now: datetime, reported: Sequence[tuple[str, str]] = ()
    ) -> set[tuple[str, str]]:
        """Commit what became of these attempts, and that Kafka has the outcomes of `reported`.

        Returns which of the attempts were still the caller's.
        """
        ...


class Attempting(Protocol[W_contra, R_co]):
    """Whoever makes the attempts of a worker pool."""

    async def ready(self, work: W_contra, /) -> None:
        """Read what the attempt needs, before it begins; raises what is temporary, to be called again."""
        ...

    async def __call__(self, work: W_contra, /) -> R_co:
        """One attempt. What it raises was raised before anything went out."""
        ...

    def put_back(self, work: W_contra, now: datetime, /) -> R_co:
        """How work is settled that was begun and then not attempted: certainly nothing went out."""
        ...

    def failed(self, work: W_contra, why: str, now: datetime, /) -> R_co:
        """How work is settled of which nothing went out now, because something failed at it that will fail again."""
        ...


class Message(Struct, frozen=True):
    """A message ready for a provider: a mail, a text, or an approved template. `notes` say what was left out of it.

    `blocks` are the entries of content that it shows, as `block/entry`. `sender` is an address, a number or the shop.
    `reference` is by what it is known again when the provider tells of it (`core.mime.reference`). `asked` is which
    message it is, if it asks a survey.
    """

    effect: str
    sender: str
    recipient: str
    content: MailContent | Approved | PushContent | str
    notes: tuple[str, ...] = ()
    reference: str = ""
    blocks: tuple[str, ...] = ()
    asked: Sent | None = None

    @property
    def mail(self) -> MailContent:
        """The mail. Raises `TypeError` if it is an SMS."""
        if isinstance(self.content, MailContent):
            return self.content
        raise TypeError(f"{self.effect} is not a mail")

    @property
    def text(self) -> str:
        """The text of an SMS, or by WhatsApp. Raises `TypeError` if it is something else."""
        if isinstance(self.content, str):
            return self.content
        raise TypeError(f"{self.effect} is not a text")

    @property
    def push(self) -> PushContent:
        """The push message. Raises `TypeError` if it is something else."""
        if isinstance(self.content, PushContent):
            return self.content
        raise TypeError(f"{self.effect} is not a push message")


class FoundText(Struct, frozen=True):
    """A text that a provider has: its name for it, and how long ago it took it, by its own clock (wall time)."""

    provider_id: str
    age: timedelta


class TakenTexts(Protocol):
    """Which texts at providers are which deliveries: two that say the same to one number are told apart by it alone."""

    async def take(self, work: Work, provider_ids: Sequence[str], now: datetime, /) -> str | None:
        """Commit that the first of these that no other delivery has is `work`, and return it; `None`: there is none."""
        ...

    async def free(self, work: Work, provider_ids: Sequence[str], /) -> list[str]:
        """Those that no other delivery has."""
        ...


class Provider(Protocol):
    """One way out. `slots` messages may be under way at once; `can_ask`: `find` can tell what became of a message.

    `repeatable_for`: so long after the first attempt (wall time) a message may be handed over again and arrives once.
    """

    channel: Channel
    slots: int
    can_ask: bool
    repeatable_for: timedelta

    async def send(self, message: Message) -> ProviderResult:
        """Hand `message` over and say what came of it; never raises for what a provider or a network does."""
        ...

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        """What it took within `age` (wall time) that says the same to the same number, the oldest first.

        Raises `OSError` if the provider can't be asked now.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class Catalog(Protocol):
    """What sending and watching need of the catalog."""

    async def load(self, shops: Collection[str], versions: Collection[str]) -> None:
        """Have these shops and definitions ready for `shop` and `templates`."""
        ...

    def shop(self, name: str) -> Shop | None:
        """A shop that was loaded; `None`: there is none of this name."""
        ...

    def policy(self, shop: str) -> Policy:
        """The contact policy of a shop that was loaded; one that changes nothing if it has none."""
        ...

    def in_service(self, shop: str, workflow: str) -> str:
        """The version with which new runs of a workflow start in a shop; empty: there is none."""
        ...

    def templates(self, version: str) -> Templates:
        """The templates of a definition that was loaded. Raises `TemplateError` if it has none that can be read."""
        ...


class NeededSecrets(Protocol):
    """What the workflows in service need to be given."""

    async def if_changed(self, revision: int) -> tuple[int, Mapping[str, Collection[str]]] | None:
        """The catalog's revision and the secrets that each workflow needs; `None`: it is still at `revision`."""
        ...


class ReportPublisher(Protocol):
    """Where reports go."""

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]], /) -> None:
        """Return once all of these (key, value) are acknowledged. Raises `PublishError`."""
        ...


class Contacts(Protocol):
    """What is known of people, inside of one transaction. With the key '' everyone of a shop is meant."""

    async def for_update(self, people: Sequence[Person]) -> dict[Person, Contact]:
        """What is known of `people`, locked until the transaction ends; those not known are left out."""
        ...

    async def keep(self, contacts: Mapping[Person, Contact], known: Container[Person]) -> bool:
        """Write these contacts, under the keys too that the people had before.

        `known` are those that are locked. False: somebody else began the contact of another one meanwhile.
        """
        ...

    async def keep_unsubscribed(self, statements: Sequence[tuple[str, Channel, str, datetime]]) -> None:
        """Write down that these addresses (shop, channel, address) get no marketing since then."""
        ...

    async def lift_unsubscribed(self, undone: Sequence[tuple[str, Channel, str, datetime]]) -> None:
        """Take back that these addresses were unsubscribed at that instant."""
        ...

    async def forget(self, erased: Mapping[Person, datetime], now: datetime) -> None:
        """Erase these people: their contacts, what is queued for them and what was sent."""
        ...

    async def erased_already(self, erased: Mapping[Person, datetime]) -> set[Person]:
        """Those who are erased as of that time, or of a later one."""
        ...

    async def redactions(self, people: Sequence[Person]) -> dict[Person, datetime]:
        """When those of `people` who were erased, or whose shop was, were."""
        ...

    async def keep_consents(self, statements: Sequence[tuple[Event, ConsentChanged]]) -> None:
        """Keep what was said about consent, with its proof."""
        ...

    async def merged_into(self, people: Iterable[Person]) -> dict[Person, str]:
        """Of these people those who were merged, with the key that stands for them now."""
        ...

    async def earlier_keys(self, people: Iterable[Person]) -> dict[Person, str]:
        """The keys that these people had before, each with the key that they have now."""
        ...

    async def hold_places(self, merged: Mapping[Person, str]) -> None:
        """Have nobody count what these people were sent, nor what those were who they turned out to be."""
        ...

    async def keep_merges(self, merged: Mapping[Person, str]) -> None:
        """Write down that these people are others, in this order."""
        ...


class ContactStore(Protocol):
    """Where the contacts are."""

    def transaction(self) -> AbstractAsyncContextManager[Contacts]:
        """All or nothing of what is done with it."""
        ...

    async def keep_engagements(self, engagements: Sequence[tuple[Event, MessageEngagement]], now: datetime) -> None:
        """Keep who opened a message and followed its links; the same event twice is one row."""
        ...

    async def known(self, people: Sequence[Person]) -> Mapping[Person, Known] | None:
        """What is known of all of `people`; `None` if some of them are others by now."""
        ...

    async def keep_if_unchanged(self, contacts: Mapping[Person, Contact], known: Mapping[Person, Known]) -> bool:
        """Write these contacts, unless what is known of one of them is not `known` any more; says whether they are.

        Either all of them are written, under the keys too that the people had before, or none.
        """
        ...

    async def erased_already(self, erased: Mapping[Person, datetime]) -> set[Person]:
        """`Contacts.erased_already`, by itself."""
        ...

    async def forget_shop(self, shop: str, at: datetime) -> None:
        """Erase what is kept of a shop beyond its people, page by page; again after a crash in between."""
        ...


class WebhookRequest(Struct, frozen=True):
    """What a provider sent. `headers` have lower-case names; `query` is that of the address, as it came."""

    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    method: str = "POST"


class WebhookForm(Struct, frozen=True):
    """How a provider asks, and what it wants to be answered: what was taken is `thanks`, or JSON if that is empty.

    A body has `largest` bytes at most.
    """

    methods: tuple[str, ...] = ("POST",)
    thanks: str = ""
    media_type: str = "application/json"
    largest: int = 2 * 1024 * 1024


class Webhook(Protocol):
    """What a provider tells by HTTP: of the messages that it was given, and what people write to us."""

    form: WebhookForm

    def missing(self) -> str:
        """What has to be set before anything can be believed, as advice; empty: nothing is missing."""
        ...

    async def read(self, request: WebhookRequest) -> Sequence[Feedback | Inbound | PostedMail]:
        """What it says; what is of no interest is left out, and an odd statement costs itself only.

        Raises `NotAuthenticError` if it is not the provider's, `UnreadableError` if nothing of it can be read, and
        `OSError` if that can't be told now.
        """
        ...


@runtime_checkable
class Challenged(Protocol):
    """A webhook whose provider asks first whether it is ours."""

    def challenge(self, query: str) -> str:
        """What it wants to hear. Raises `NotAuthenticError` if it is not the provider that asks."""
        ...


class NotAuthenticError(Exception):
    """Whoever posted it is not the provider."""


class UnreadableError(Exception):
    """It is the provider's, and nothing of it can be read."""
