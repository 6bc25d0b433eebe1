"""The decision at the moment of sending, by what the catalog says of the shop and of its contact policy."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import assert_never

from relevo_contracts.contact import Channel
from relevo_contracts.mailboxes import read_mailbox
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import (
    AS_BEFORE,
    UNREADABLE,
    Attempted,
    Later,
    Policy,
    QuietHours,
    Skip,
    attempted,
    order_of,
)
from relevo_notifier.app.ports import Catalog
from relevo_notifier.core.policy import ByChannel, MaySend, Verdict, may_send
from relevo_notifier.core.work import Work, by_way
from relevo_runtime.catalog import Shop

_PATIENCE = timedelta(minutes=1)


class Judge:
    """Decides for every shop. `quiet` are the quiet hours of shops that have none of their own."""

    def __init__(self, catalog: Catalog, quiet: QuietHours | None = None) -> None:
        self._catalog = catalog
        self._quiet = quiet

    async def ready(self, shops: Collection[str]) -> None:
        """Have ready what is asked of these shops."""
        await self._catalog.load(shops, ())

    def policy(self, shop: str) -> Policy:
        """The contact policy of a shop; one that changes nothing if it has none."""
        return self._catalog.policy(shop)

    def limits(self, delivery: SendDelivery) -> bool:
        """Whether there are caps for it, or the same is sent once only; there are none for the staff."""
        return delivery.to != "staff" and self.policy(delivery.shop).concerns(
            delivery.topic, delivery.purpose, delivery.channel
        )

    def verdict(self, work: Work, now: datetime, *, before_caps: bool = False) -> Verdict | ByChannel:
        """Whether it may go out now, or by which channel. `before_caps`: but for them."""
        if work.delivery.templates:
            other = self._other_channel(work, now)
            if other is not None:
                return other
        return self._verdict(work, now, before_caps=before_caps)

    def _other_channel(self, work: Work, now: datetime) -> ByChannel | None:
        """The first channel by which it may go, if that is another one; the channel at hand if there is none."""
        shop, delivery = self._catalog.shop(work.delivery.shop), work.delivery
        usable = [channel for channel in delivery.templates if shop is not None and sender_of(shop, channel)]
        for channel in order_of(self.policy(delivery.shop), work.contact(), usable):
            if isinstance(self._verdict(by_way(work, channel), now, before_caps=True), Skip):
                continue
            if channel == delivery.channel:
                return None
            told = self._verdict(work, now, before_caps=True)
            why = told.reason if isinstance(told, Skip) else f"it comes before {delivery.channel}"
            return ByChannel(channel, f"goes by {channel}: {why}")
        return None

    def _verdict(self, work: Work, now: datetime, *, before_caps: bool) -> Verdict:
        staff = work.delivery.to == "staff"
        policy = AS_BEFORE if staff else self.policy(work.delivery.shop)
        if policy is UNREADABLE and work.delivery.purpose != "transactional":
            return Later(now + _PATIENCE, "the shop's contact policy can't be read by this release")
        shop = self._catalog.shop(work.delivery.shop)
        own = QuietHours.read(shop.quiet_hours) if shop is not None else None
        return may_send(
            work.delivery,
            work.contact(),
            work.suppressed,
            now,
            quiet=None if staff else own or self._quiet,
            zone=shop.timezone if shop is not None else "UTC",
            unsubscribed=work.unsubscribed,
            redacted_at=work.redacted_at,
            policy=policy,
            allotment=work.allotment,
            recalled=work.recalled,
            before_caps=before_caps,
        )

    def attempted(self, work: Work, now: datetime) -> Attempted | None:
        """The message as the caps see it; `None` if nothing limits it, or it does not go out anyway."""
        if work.delivery.to == "staff":
            return None
        wanted = attempted(self.policy(work.delivery.shop), work.delivery, work.accepted_at)
        if wanted is None or not isinstance(self.verdict(work, now, before_caps=True), MaySend):
            return None
        return wanted


def sender_of(shop: Shop, channel: Channel) -> str:
    """What a message of `shop` comes from: an address, a number, or the shop; empty if it has none that can be used."""
    match channel:
        case "email":
            return _mail_sender(shop.email_from)
        case "sms":
            return shop.sms_from
        case "whatsapp" | "push":  # the provider knows from which number, or with which key, a shop sends
            return shop.shop
        case _:
            assert_never(channel)


@lru_cache(maxsize=1000)  # a shop's own address comes again with every mail
def _mail_sender(written: str) -> str:
    address = read_mailbox(written)[1]
    return address if "@" in address else ""
