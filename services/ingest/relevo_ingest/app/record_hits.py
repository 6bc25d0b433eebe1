"""Records who opened and clicked which message. Best effort: a redirect never waits for it, and never fails with it."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from relevo_contracts.link_rules import LinkRules
from relevo_contracts.messages import caused_hops
from relevo_contracts.payloads import Buyer, MessageEngagement
from relevo_contracts.sending import Sent
from relevo_ingest.app.event_store import publish
from relevo_ingest.app.ports import IngestDependencies, ShopCatalog
from relevo_ingest.core.aliases import KnownKey
from relevo_ingest.core.drafts import Arrival, Draft, Finished, finish
from relevo_ingest.core.link_hits import BURST, Hit, Machine, machines
from relevo_ingest.core.normalise import digest

MOST = 10_000
"""Hits that wait at most; one more is lost, and counted."""
MOST_OF_ONE = 100
"""As many of them are of one message, so that whoever follows its links without end costs no other message anything."""
_REMEMBERED = 20_000
AGAIN = timedelta(minutes=1)
"""The same link once more within this is the same click: a second tap, a reload, a way back."""


class UnfollowedPeople(Protocol):
    """Who is not to be followed."""

    async def among(self, sent: Sequence[Sent]) -> set[Sent]:
        """Those of the messages whose recipients object, or were erased since they went out."""
        ...


class HitRecorder:
    """What a process sees, until it is an event.

    A hit waits until its whole burst has been seen, so that the first links of a scanner's are recognised as the last
    ones are. `shop_of` is a shop by what is known of the catalog.
    """

    def __init__(
        self,
        deps: IngestDependencies,
        people: UnfollowedPeople,
        shops: ShopCatalog,
        span: Callable[[timedelta], timedelta],
        *,
        most: int = MOST,
    ) -> None:
        self._deps = deps
        self._people = people
        self._shops = shops
        self._most = most
        self._burst = span(BURST)
        self._again = span(AGAIN)
        self._hits: list[Hit] = []
        self._of: Counter[tuple[str, str]] = Counter()
        self._recorded = 0
        self._last: OrderedDict[tuple[object, ...], datetime] = OrderedDict()

    def note(self, hit: Hit) -> None:
        """Remember it; nothing is awaited, and nothing fails."""
        of = hit.of.shop, hit.of.delivery
        if len(self._hits) >= self._most or self._of[of] >= MOST_OF_ONE:
            self._deps.counters.hits_lost("full", 1)
        else:
            self._hits.append(hit)
            self._of[of] += 1

    async def run_once(self, now: datetime) -> None:
        """Make events of what came a while ago. Raises `Busy`; then it is tried again the next time."""
        await self._record(now - self._burst)
        over = now - 3 * self._burst
        old = sum(1 for hit in self._hits[: self._recorded] if hit.at < over)
        self._of -= Counter((hit.of.shop, hit.of.delivery) for hit in self._hits[:old])
        del self._hits[:old]
        self._recorded -= old

    async def finish(self, now: datetime) -> None:
        """Make events of all that is there: the process ends. What can't be stored now is lost, and counted."""
        try:
            await self._record(now)
        except Exception:  # noqa: BLE001 - whatever it is, nobody tries again
            self._deps.counters.hits_lost("stopped", len(self._hits) - self._recorded)

    async def _record(self, until: datetime) -> None:
        seen = machines(self._hits, self._burst)
        end = self._recorded
        while end < len(self._hits) and self._hits[end].at <= until:
            end += 1
        due = [(self._hits[place], seen[place]) for place in range(self._recorded, end)]
        if due:
            await self._store([one for one in due if await self._is_followed(one[0])])
        self._recorded = end

    async def _is_followed(self, hit: Hit) -> bool:
        """Whether the shop still wants to know, of mails of then too."""
        shop = await self._shops.get(hit.of.shop)
        if shop is not None and shop.held:
            self._deps.counters.hits_lost("held", 1)
            return False
        return shop is not None and wants(shop.links, hit)

    async def _store(self, due: Sequence[tuple[Hit, Machine]]) -> None:
        if not due:
            return
        unfollowed = await self._people.among([hit.of for hit, _ in due])
        finished: dict[str, Finished] = {}
        last: dict[tuple[object, ...], datetime] = {}
        for hit, machine in due:
            if hit.of not in unfollowed and not self._is_again(hit, machine, last):
                one = event_of(hit, machine, self._deps)
                finished.setdefault(f"{one.event.shop}/{one.event.id}", one)
        await publish(self._deps, list(finished.values()))
        for one in finished.values():
            self._deps.counters.hit(one.event.shop, one.event.type.partition(".")[2])
        self._remember(last)

    def _is_again(self, hit: Hit, machine: Machine, last: dict[tuple[object, ...], datetime]) -> bool:
        """Whether the same was seen a moment ago."""
        what = (hit.of.shop, hit.of.delivery, hit.action, hit.number, bool(machine))
        before = last.get(what) or self._last.get(what)
        last[what] = hit.at
        return before is not None and hit.at - before < self._again

    def _remember(self, last: dict[tuple[object, ...], datetime]) -> None:
        for what, at in last.items():
            self._last[what] = at
            self._last.move_to_end(what)
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)


def wants(rules: LinkRules, hit: Hit) -> bool:
    """Whether a shop with these rules wants to know of a hit."""
    return rules.tracking in ("all", "clicks" if hit.action == "clicked" else "opens")


def event_of(hit: Hit, machine: Machine, deps: IngestDependencies) -> Finished:
    """The event. Its id is the same for what counts once: of a person, an opening a day and a click of a link a minute;
    of a machine, each of both a day. Days and minutes are UTC's.
    """
    of, action = hit.of, hit.action
    run_id, _, rest = of.delivery.partition("/")
    payload = MessageEngagement(
        customer=Buyer(),
        delivery_id=of.delivery,
        run_id=run_id,
        workflow=of.workflow,
        version=of.version,
        step=of.step or rest.rpartition("/")[0],
        template=of.template,
        channel=of.channel,
        purpose=of.purpose,
        sent_at=datetime.fromtimestamp(of.at, UTC),
        url=hit.url,
        action=action if machine else "",
        machine=machine,
    )
    kind = f"message.{'scanned' if machine else action}"
    when = f"{hit.at:%Y%m%dT%H%M}" if action == "clicked" and not machine else f"{hit.at:%Y%m%d}"
    named = digest(f"{of.shop}\n{of.delivery}\n{action}\n{hit.number}")[:32]
    arrival = Arrival(shop=of.shop, id=f"{kind}:{named}:{when}", source=f"/shops/{of.shop}/links", received=hit.at)
    draft = Draft(type=kind, payload=payload, subject=KnownKey(of.key), at=hit.at, hops=caused_hops(of.hops))
    return finish([draft], {KnownKey(of.key): of.key}, arrival, deps.limits)[0]
