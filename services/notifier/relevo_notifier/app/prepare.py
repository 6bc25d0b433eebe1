"""From a delivery to a message that a provider takes, or to the reason why there is none."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import structs

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.content import Block
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Later, QuietHours, Skip
from relevo_contracts.sending import Sent
from relevo_contracts.template import Approved
from relevo_notifier.app.judge import Judge, sender_of
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.ports import Catalog, Message
from relevo_notifier.core.mime import MailContent, reference
from relevo_notifier.core.policy import ByChannel, MaySend
from relevo_notifier.core.push import PushContent, devices_of
from relevo_notifier.core.service_window import WINDOW_CLOSED, may_answer
from relevo_notifier.core.settle import final
from relevo_notifier.core.tracking import sent_of
from relevo_notifier.core.work import Settled, Work, by
from relevo_runtime.catalog import Shop
from relevo_templates.blocks import Occasion
from relevo_templates.errors import TemplateError
from relevo_templates.messages import OwnLinks, Rendered, Templates
from relevo_templates.staff import staff_templates


class Prepare:
    """Decides at the moment of sending and renders. `unsubscribe_url` makes the link of a marketing mail to an address,
    `preferences_url` that of a mail to the customer's own address, sent at a time, `survey_url` that of what it asks.

    `quiet` are the quiet hours of shops that have none of their own; `links` changes the links of messages, if given.
    `provider` names the one that sends a message.
    """

    def __init__(
        self,
        catalog: Catalog,
        unsubscribe_url: Callable[[SendDelivery, str], str],
        quiet: QuietHours | None = None,
        links: MessageLinks | None = None,
        provider: Callable[[SendDelivery], str] | None = None,
        *,
        preferences_url: Callable[[SendDelivery, str, datetime], str] | None = None,
        survey_url: Callable[[SendDelivery, datetime], str] | None = None,
    ) -> None:
        self._catalog = catalog
        self._unsubscribe_url = unsubscribe_url
        self._links = links
        self._provider = provider
        self._preferences_url = preferences_url
        self._survey_url = survey_url
        self._judge = Judge(catalog, quiet)

    async def load(self, works: Iterable[Work]) -> None:
        """Have ready what `message` needs of the catalog."""
        works = list(works)
        await self._catalog.load({w.delivery.shop for w in works}, {w.delivery.definition for w in works} - {""})
        serving = {self._catalog.in_service(w.delivery.shop, w.delivery.workflow) for w in works}
        await self._catalog.load((), serving - {""})
        if self._links is not None:
            await self._links.load()

    def message(self, work: Work, now: datetime) -> Message | Settled:
        """The message; or how the delivery is settled because it may not, or can't, go out."""
        delivery = work.delivery
        shop = self._catalog.shop(delivery.shop)
        if shop is None:
            return final(work, "failed", now, f"shop {delivery.shop!r} is not known: add it with `relevo shops add`")
        contact = work.contact()
        verdict = self._judge.verdict(work, now)
        if not isinstance(verdict, MaySend):
            return self._not_now(work, verdict, now)
        sender = sender_of(shop, delivery.channel)
        if not sender:
            return final(
                work,
                "failed",
                now,
                f"shop {shop.shop} has no valid sender for {delivery.channel}: set {_OPTION.get(delivery.channel, '')}",
            )
        unsubscribe_url = self._unsubscribe(delivery, verdict.address)
        try:
            asked = self._asked(delivery, now)
            survey_url = self._survey(delivery, now) if asked is not None else ""
            own = OwnLinks(unsubscribe_url, self._preferences(work, verdict.address, now), survey_url)
            rendered = self._rendered(delivery, shop, contact, own, now)
        except TemplateError as error:
            detail = {"file": error.file, "line": str(error.line)}
            return final(work, "failed", now, f"the template can't be rendered: {error}", detail=detail)
        if self._links is not None and delivery.to != "staff":
            rendered = self._links.rewritten(rendered, work, shop, verdict.address, now)
        content = _content(work, shop, contact, rendered, (verdict.address, unsubscribe_url, now))
        if content is None:
            return final(work, "skipped", now, WINDOW_CLOSED, detail={"rule": "window_closed"})
        named = reference(delivery.shop, delivery.id)
        return Message(delivery.id, sender, verdict.address, content, rendered.notes, named, rendered.blocks, asked)

    def _not_now(self, work: Work, verdict: Skip | Later | ByChannel, now: datetime) -> Settled:
        """How the delivery is settled that does not go out now, or goes on at once in the queue of another channel."""
        if isinstance(verdict, Skip):
            return final(work, "skipped", now, verdict.reason, detail=self._detail(work.delivery, verdict))
        at = verdict.at if isinstance(verdict, Later) else now
        settled = Settled(work=work, state="queued", reason=verdict.reason, wake_at=at, counts=False)
        if isinstance(verdict, Later):
            return settled
        way = by(work.delivery, verdict.channel)
        provider = self._provider(way) if self._provider is not None else ""
        return structs.replace(settled, channel=verdict.channel, provider=provider)

    def _detail(self, delivery: SendDelivery, verdict: Skip) -> dict[str, str]:
        """Which rule it was, and of which version of the policy."""
        version = self._judge.policy(delivery.shop).version
        return {"rule": verdict.rule} | ({"policy": version} if version else {})

    def _rendered(self, delivery: SendDelivery, shop: Shop, contact: Contact, own: OwnLinks, now: datetime) -> Rendered:
        return self._templates(delivery).render(
            delivery.template,
            delivery.context,
            (contact.locale, shop.locale),
            contact.timezone or shop.timezone,
            own,
            occasion=Occasion(delivery.run_id, now, self._content(delivery)),
        )

    def _content(self, delivery: SendDelivery) -> Mapping[str, Block]:
        """The content of the version in service, whatever the version of the run: editors change it for all of them."""
        try:
            return self._catalog.templates(self._catalog.in_service(delivery.shop, delivery.workflow)).blocks
        except TemplateError:  # nothing is in service, or it can't be read: the run's own version has its content
            return {}

    def _preferences(self, work: Work, address: str, now: datetime) -> str:
        """The link by which somebody chooses what they get. Nobody else learns what a customer chose."""
        delivery = work.delivery
        if self._preferences_url is None or delivery.channel != "email" or delivery.to == "staff":
            return ""
        return self._preferences_url(delivery, address, now) if work.is_own(address) else ""

    def _survey(self, delivery: SendDelivery, now: datetime) -> str:
        """The link to the page of what a mail asks."""
        return self._survey_url(delivery, now) if self._survey_url is not None and delivery.channel == "email" else ""

    def _asked(self, delivery: SendDelivery, now: datetime) -> Sent | None:
        """Which message it is, if it asks its reader a survey."""
        asks = delivery.to != "staff" and self._templates(delivery).survey(delivery.template) is not None
        return sent_of(delivery, now) if asks else None

    def _templates(self, delivery: SendDelivery) -> Templates:
        """Those of the version; for the staff the shipped ones, unless the version has its own."""
        if delivery.to != "staff":
            return self._catalog.templates(delivery.definition)
        try:
            own = self._catalog.templates(delivery.definition)
        except TemplateError:
            own = None
        return staff_templates(own, delivery.template)

    def _unsubscribe(self, delivery: SendDelivery, address: str) -> str:
        """The link by which marketing mail to `address` is left; empty for all else."""
        marketing_mail = delivery.channel == "email" and delivery.purpose == "marketing"
        return self._unsubscribe_url(delivery, address) if marketing_mail else ""


def _content(
    work: Work, shop: Shop, contact: Contact, rendered: Rendered, of_mail: tuple[str, str, datetime]
) -> MailContent | Approved | PushContent | str | None:
    """The text of an SMS; or a mail to an address, with its link for unsubscribing, as of that time.

    By WhatsApp it is the approved template, or the text that may be written instead to who has just written. `None`: it
    has no template, and nobody wrote.
    """
    delivery = work.delivery
    address, unsubscribe_url, now = of_mail
    if delivery.channel == "push":
        return _push(work, contact, rendered)
    if delivery.channel == "sms":
        return rendered.text.encode("utf-8", "replace").decode()
    if delivery.channel == "whatsapp":
        free = rendered.reply.encode("utf-8", "replace").decode()
        return free if free and may_answer(contact, now) else rendered.approved
    return MailContent(
        effect=delivery.id,
        shop=shop.shop,
        workflow=delivery.workflow,
        sender=shop.email_from,
        recipient=address,
        recipient_name=f"{contact.first_name} {contact.last_name}".strip(),
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        locale=rendered.locale,
        date=now,
        unsubscribe_url=unsubscribe_url,
    )


def _push(work: Work, contact: Contact, rendered: Rendered) -> PushContent:
    """The message for each device that does not have it yet."""
    delivery = work.delivery
    return PushContent(
        title=rendered.subject,
        text=rendered.text,
        link=rendered.link,
        tag=reference(delivery.shop, delivery.id),
        urgency="high" if delivery.purpose == "transactional" else "normal",
        devices=tuple(devices_of(contact, work.suppressed, work.reached)),
        reached=len(work.reached),
    )


_OPTION: dict[Channel, str] = {"email": "--email-from", "sms": "--sms-from"}
