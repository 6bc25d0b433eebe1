"""The webhooks of a connected shop: made, repaired, removed; and the secret with which they are signed."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from relevo_cli.connecting.session import Session
from relevo_cli.errors import CommandError
from relevo_ingest.app.register_webhooks import StepResult, apply_steps, plan_steps, registered_ids
from relevo_ingest.connectors.platform_api import ApiFailure
from relevo_ingest.connectors.registration import Registration
from relevo_runtime import catalog, connections
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.secret_keys import SecretKeys

OVERLAP = timedelta(days=1)
"""So long a secret that was replaced stays valid: platforms rotate with a lag."""
Report = Callable[[StepResult, int], None]
"""Hears of each step that is done, and of how many there are."""


def with_secret(shop: Shop, registration: Registration, given: dict[str, str], keys: SecretKeys, now: datetime) -> Shop:
    """The shop with a secret that its platform's webhooks are signed with: the app's own, or one of ours.

    Raises `CommandError` if the secrets that it has can't be opened here.
    """
    opened, faults = keys.opened_shop(shop)
    if faults:
        raise CommandError(str(faults[0]))
    valid = [one for one in opened.secrets if one.until is None or now < one.until]
    wanted = given.get(registration.signed_by, "") if registration.signed_by else ""
    if not wanted and any(one.until is None for one in valid):
        return opened
    if wanted and any(one.value == wanted and one.until is None for one in valid):
        return opened
    old = [replace(one, until=min(one.until or now + OVERLAP, now + OVERLAP)) for one in valid if one.value != wanted]
    return replace(opened, secrets=[Secret(wanted or secrets.token_urlsafe(32)), *old])


async def reconcile(session: Session, registration: Registration, report: Report) -> Sequence[StepResult]:
    """Makes the webhooks what they should be, and keeps which they are. Raises `CommandError` if they can't be listed.

    Interrupted, it keeps what was done; the next time goes on from there.
    """
    secret = await _secret(session)
    plan = await plan_steps(session.api, registration, session.address, session.connected.registered)
    if isinstance(plan, ApiFailure):
        raise CommandError(f"the webhooks of the shop can't be listed: {plan.reason}")
    done: list[StepResult] = []
    try:
        async for one in apply_steps(session.api, registration, plan, session.address, secret):
            done.append(one)
            report(one, len(plan))
    finally:
        kept = {topic: made for topic, made in session.connected.registered.items() if topic not in _touched(done)}
        await connections.register(session.database, session.connected.shop, kept | registered_ids(done))
    return done


async def remove(session: Session, registration: Registration, report: Report) -> Sequence[StepResult]:
    """Removes what was registered here. Raises `CommandError` if it can't be listed."""
    made = session.connected.registered
    nothing = _Nothing(registration)
    plan = await plan_steps(session.api, nothing, session.address, made)
    if isinstance(plan, ApiFailure):
        raise CommandError(f"the webhooks of the shop can't be listed: {plan.reason}")
    done = []
    async for one in apply_steps(session.api, nothing, plan, session.address, ""):
        done.append(one)
        report(one, len(plan))
    return done


class _Nothing:
    """A registration that wants no webhook: every one that was made here is one too many."""

    topics: Sequence[str] = ()
    further: Sequence[str] = ()

    def __init__(self, registration: Registration) -> None:
        self.signed_by = registration.signed_by
        self.pings = registration.pings
        self.listed = registration.listed
        self.create = registration.create
        self.delete = registration.delete


async def _secret(session: Session) -> str:
    """With which secret new webhooks are made."""
    shop = await catalog.shop(session.database, session.connected.shop)
    if shop is None:
        raise CommandError(f"shop {session.connected.shop} is not known any more")
    opened, _ = session.keys.opened_shop(shop)
    lasting = [one.value for one in opened.secrets if one.until is None and not one.sealed]
    if not lasting:
        raise CommandError(f"shop {shop.shop} has no webhook secret that can be opened here and does not end")
    return lasting[0]


def _touched(done: Sequence[StepResult]) -> set[str]:
    return {one.step.topic for one in done if not one.failure}
