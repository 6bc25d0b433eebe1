"""From a delivery to a message that a provider takes, or to the reason why there is none."""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import structs

from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Later, QuietHours, Skip
from relevo_notifier.app.judge import Judge, sender_of
from relevo_notifier.app.ports import Catalog, Message
from relevo_notifier.app.visit_links import VisitLinks
from relevo_notifier.core.mime import MailContent, reference
from relevo_notifier.core.policy import ByChannel, MaySend
from relevo_notifier.core.settle import final
from relevo_notifier.core.work import Settled, Work, by
from relevo_runtime.catalog import Shop
from relevo_templates.errors import TemplateError
from relevo_templates.messages import Rendered


class Prepare:
    """Decides at the moment of sending and renders. `unsubscribe_url` makes the link of a marketing mail to an address.

    `quiet` are the quiet hours of shops that have none of their own; `visits` has links say who reads them, if given.
    `provider` names the one that sends a message.
    """

    def __init__(
        self,
        catalog: Catalog,
        unsubscribe_url: Callable[[SendDelivery, str], str],
        quiet: QuietHours | None = None,
        visits: VisitLinks | None = None,
        provider: Callable[[SendDelivery], str] | None = None,
    ) -> None:
        self._catalog = catalog
        self._unsubscribe_url = unsubscribe_url
        self._visits = visits
        self._provider = provider
        self._judge = Judge(catalog, quiet)

    async def load(self, works: Iterable[Work]) -> None:
        """Have ready what `message` needs of the catalog."""
        works = list(works)
        await self._catalog.load({w.delivery.shop for w in works}, {w.delivery.definition for w in works})
        if self._visits is not None:
            await self._visits.load()

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
                f"shop {shop.shop} has no valid sender for {delivery.channel}: set {_OPTION[delivery.channel]}",
            )
        unsubscribe_url = self._unsubscribe(delivery, verdict.address)
        try:
            rendered = self._rendered(delivery, shop, contact, unsubscribe_url)
        except TemplateError as error:
            detail = {"file": error.file, "line": str(error.line)}
            return final(work, "failed", now, f"the template can't be rendered: {error}", detail=detail)
        if self._visits is not None:
            rendered = self._visits.marked(rendered, work, verdict.address, now)
        content = _content(delivery, shop, contact, rendered, (verdict.address, unsubscribe_url, now))
        named = reference(delivery.shop, delivery.id)
        return Message(delivery.id, sender, verdict.address, content, rendered.notes, named)

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

    def _rendered(self, delivery: SendDelivery, shop: Shop, contact: Contact, unsubscribe_url: str) -> Rendered:
        return self._catalog.templates(delivery.definition).render(
            delivery.template,
            delivery.context,
            (contact.locale, shop.locale),
            contact.timezone or shop.timezone,
            unsubscribe_url,
        )

    def _unsubscribe(self, delivery: SendDelivery, address: str) -> str:
        """The link by which marketing mail to `address` is left; empty for all else."""
        marketing_mail = delivery.channel == "email" and delivery.purpose == "marketing"
        return self._unsubscribe_url(delivery, address) if marketing_mail else ""


def _content(
    delivery: SendDelivery, shop: Shop, contact: Contact, rendered: Rendered, of_mail: tuple[str, str, datetime]
) -> MailContent | str:
    """The text of an SMS; or a mail to an address, with its link for unsubscribing, as of that time."""
    if delivery.channel == "sms":
        return rendered.text.encode("utf-8", "replace").decode()
    address, unsubscribe_url, now = of_mail
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


_OPTION = {"email": "--email-from", "sms": "--sms-from"}
