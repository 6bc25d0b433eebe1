"""The preference page: what somebody gets, and what they choose instead."""

from collections.abc import Callable
from datetime import datetime

from relevo_contracts.contact import Contact
from relevo_contracts.link_rules import LinkRules
from relevo_contracts.payloads import ConsentChanged
from relevo_contracts.standing import Standing
from relevo_ingest.app.say_consent import ConsentDependencies, Said, say
from relevo_ingest.core.drafts import Arrival
from relevo_ingest.core.normalise import digest
from relevo_ingest.core.preferences import PAGE, FollowedLink, Proof, Selection, choices_of, left, statements


async def choose(
    deps: ConsentDependencies,
    link: FollowedLink,
    selection: Selection,
    proof: Callable[[Standing], Proof],
    *,
    now: datetime,
    rules: LinkRules,
) -> Standing:
    """What the form says holds when this returns; gives what is known then. Raises `Busy`.

    `rules` say whether the shop follows its links, so that there was a box for it.
    """

    def said(person: Standing) -> Said:
        choices = choices_of(person, link, now, rules)
        return _said(link, now, statements(choices, person.contact or Contact(), selection, proof(person)))

    return await say(deps, link.shop, link.key, said)


async def leave(deps: ConsentDependencies, link: FollowedLink, now: datetime) -> Standing:
    """Nothing but transactional messages goes out by any channel once this returns. Raises `Busy`."""
    return await say(
        deps,
        link.shop,
        link.key,
        lambda person: _said(link, now, [left(one) for one in choices_of(person, link, now).addresses]),
    )


def _said(link: FollowedLink, now: datetime, payloads: list[ConsentChanged]) -> Said:
    """Each is an event of its own, all with one time."""
    event_id = f"preferences:{digest(link.key)[:20]}:{now:%Y%m%dT%H%M%S%f}"
    return Said(
        payloads=[(f"{event_id}:{number}", payload) for number, payload in enumerate(payloads)],
        arrival=Arrival(shop=link.shop, id=event_id, source=f"/shops/{link.shop}/{PAGE}", received=now),
        address=link.address,
    )
