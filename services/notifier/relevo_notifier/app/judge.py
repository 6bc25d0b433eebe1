"""The decision at the moment of sending, by what the catalog says of the shop and of its contact policy."""

from collections.abc import Collection
from datetime import datetime, timedelta

from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import UNREADABLE, Attempted, Later, Policy, QuietHours, attempted
from relevo_notifier.app.ports import Catalog
from relevo_notifier.core.policy import MaySend, Verdict, may_send
from relevo_notifier.core.work import Work

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
        """Whether there are caps for it, or the same is sent once only."""
        policy = self.policy(delivery.shop)
        return bool(policy.version) and attempted(policy, delivery, delivery.decided_at) is not None

    def verdict(self, work: Work, now: datetime, *, before_caps: bool = False) -> Verdict:
        """Whether it may go out now. `before_caps`: but for them."""
        policy = self.policy(work.delivery.shop)
        if policy is UNREADABLE and work.delivery.purpose != "transactional":
            return Later(now + _PATIENCE, "the shop's contact policy can't be read by this release")
        shop = self._catalog.shop(work.delivery.shop)
        own = QuietHours.read(shop.quiet_hours) if shop is not None else None
        return may_send(
            work.delivery,
            work.contact(),
            work.suppressed,
            now,
            quiet=own or self._quiet,
            zone=shop.timezone if shop is not None else "UTC",
            unsubscribed=work.unsubscribed,
            redacted_at=work.redacted_at,
            policy=policy,
            allotment=work.allotment,
            before_caps=before_caps,
        )

    def attempted(self, work: Work, now: datetime) -> Attempted | None:
        """The message as the caps see it; `None` if nothing limits it, or it does not go out anyway."""
        wanted = attempted(self.policy(work.delivery.shop), work.delivery, work.accepted_at)
        if wanted is None or not isinstance(self.verdict(work, now, before_caps=True), MaySend):
            return None
        return wanted
