"""What we say was sent is what providers bill, and no cap is exceeded, however often notifiers are killed."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from asyncpg import Record
from msgspec import Struct

from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Cap
from relevo_sandbox.box import Message as SentMessage
from relevo_sandbox.faults import ApiFaults
from tests.cli.test_commands import given
from tests.notifier.conftest import Post
from tests.notifier.policies import deploy, policy
from tests.notifier.support import customer, delivery
from tests.notifier.waiting import until

KILLS = 6
NOTIFIERS = 3
PEOPLE = 8
MARKETING, RECEIPTS = 5, 3
"""Messages to each of them."""
MOST = 2


class Provider(Struct, frozen=True):
    """How messages go out, and what can be known of one in doubt. `once`: none arrives twice.

    `by_text`: it is asked by what a text says: of two that say the same to one number each may be found as the other.
    """

    name: str
    channel: str
    once: bool
    by_text: bool
    settings: dict[str, str]


def providers(post: Post) -> dict[str, Provider]:
    """SMTP knows no key, Brevo one; Twilio can be asked what it took."""
    url, smtp = post.sandbox.url, str(post.sandbox.smtp_port)
    brevo = {
        "RELEVO_NOTIFIER_PROVIDERS": "email=brevo",
        "RELEVO_NOTIFIER_BREVO_URL": url,
        "RELEVO_NOTIFIER_BREVO_KEY": "sandbox",
        "RELEVO_NOTIFIER_BREVO_TIMEOUT": "1",
        "RELEVO_NOTIFIER_BREVO_CONNECTIONS": "2",
    }
    twilio = {
        "RELEVO_NOTIFIER_TWILIO_URL": url,
        "RELEVO_NOTIFIER_TWILIO_ACCOUNT": "ACsandbox",
        "RELEVO_NOTIFIER_TWILIO_TOKEN": "sandbox",
        "RELEVO_NOTIFIER_TWILIO_TIMEOUT": "1",
        "RELEVO_NOTIFIER_TWILIO_CONNECTIONS": "2",
    }
    found = (
        Provider("smtp", "email", False, False, {"RELEVO_NOTIFIER_SMTP_PORT": smtp}),
        Provider("brevo", "email", True, False, brevo),
        Provider("twilio", "sms", True, True, twilio),
    )
    return {one.name: one for one in found}


@asynccontextmanager
async def notifier(post: Post, provider: Provider, log: Path) -> AsyncIterator[Process]:
    """A notifier as a process of its own, with short leases; killed at the end if it is not before."""
    told = {
        **given(post.settings),
        "RELEVO_LINK_SECRET": post.settings.link_secret.get_secret_value(),
        "RELEVO_SESSION_TIMEOUT": "6",
        "RELEVO_NOTIFIER_SMTP_TIMEOUT": "1",
        "RELEVO_NOTIFIER_SMTP_CONNECTIONS": "2",
        "RELEVO_NOTIFIER_LEASE": "3",
        "RELEVO_NOTIFIER_RETRY_FIRST": "0.2",
        **provider.settings,
    }
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")}
    with log.open("ab") as target:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relevo_notifier"),
            env={**surroundings, **told},
            stdin=DEVNULL,
            stdout=target,
            stderr=target,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def wanted(provider: Provider) -> list[SendDelivery]:
    """Marketing and receipts for everybody, mixed."""
    now, found = datetime.now(UTC), list[SendDelivery]()
    for person in range(PEOPLE):
        who = customer(email=f"ana{person}@example.com", phone=f"+1202555010{person}")
        for number in range(MARKETING + RECEIPTS):
            purpose = "marketing" if number < MARKETING else "transactional"
            found.append(
                delivery(
                    100 * person + number,
                    at=now,
                    key=f"ana{person}",
                    recipient=who,
                    channel=provider.channel,
                    purpose=purpose,
                    not_after=now + timedelta(days=30),
                )
            )
    return found


async def at_rest(post: Post, count: int) -> bool:
    """Everything has ended and is reported, or waits for its place for days."""
    row = await post.pool.fetchrow(
        "select count(*), count(*) filter (where wake_at is null or state = 'queued' and wake_at > $1)"
        " from notifier.delivery",
        datetime.now(UTC) + timedelta(days=1),
    )
    return row is not None and row[0] == row[1] == count


async def sending(post: Post) -> bool:
    """Something is on its way to a provider."""
    return bool(await post.pool.fetchval("select exists (select from notifier.delivery where state = 'sending')"))


async def under_kills(post: Post, provider: Provider, dice: random.Random, folder: Path) -> list[SendDelivery]:
    """All messages, by notifiers of which one after the other is killed and another comes."""
    messages = wanted(provider)
    dice.shuffle(messages)
    vanishing = {"brevo": msgspec.to_builtins(ApiFaults(vanish_every=5))}
    post.faults(latency=0.3, vanish_every=5, sms_vanish_every=5, providers=vanishing)

    async def lives(number: int) -> None:
        """One notifier after the other, each killed while messages are on their way; the last one is left alone."""
        for _ in range(KILLS // NOTIFIERS):
            async with notifier(post, provider, folder / f"notifier-{number}.log"):
                await until(lambda: sending(post))
                await asyncio.sleep(dice.uniform(0.0, 0.4))
        async with notifier(post, provider, folder / f"notifier-{number}.log") as last:
            await last.wait()

    running = [asyncio.create_task(lives(number)) for number in range(NOTIFIERS)]
    try:
        await post.publish(*messages)
        await until(lambda: at_rest(post, len(messages)))
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return messages


def hold_by_effect(provider: Provider, ours: dict[str, Record], billed: Counter[str], marketing: set[str]) -> None:
    """What each message cost is what we say of it."""
    assert billed.keys() <= {one for one, row in ours.items() if row["state"] in ("sent", "in_doubt")}
    assert {one for one, row in ours.items() if row["state"] == "sent"} <= billed.keys()
    twice = {one for one, count in billed.items() if count > 1}
    assert not twice & marketing
    assert all(ours[one]["doubts"] for one in twice)
    if provider.once:
        assert not twice
        # One that had no place when its notifier was killed: it is in doubt by our book, and by theirs it never came.
        assert not billed.keys() & {one for one, row in ours.items() if row["state"] == "in_doubt"}


def hold_by_name(ours: dict[str, Record], sent: Sequence[SentMessage]) -> None:
    """Each text that was billed is one that we say was sent, to that person, and the other way round."""
    known = Counter((row["provider_id"], row["recipient"]) for row in ours.values() if row["state"] == "sent")
    assert known == Counter((one.id, one.to) for one in sent)
    assert max(known.values()) == 1


@pytest.mark.parametrize("name", ["smtp", "brevo", "twilio"])
async def test_one_thing_sent_is_one_thing_billed(post: Post, name: str, tmp_path: Path) -> None:
    provider, seed = providers(post)[name], random.randrange(10**6)
    await deploy(post.pool, policy(caps=(Cap(most=MOST, per=timedelta(days=7)),)))
    messages = await under_kills(post, provider, random.Random(seed), tmp_path)
    rows = await post.pool.fetch("select id, key, state, doubts, provider_id, recipient from notifier.delivery")
    ours, billed = {row["id"]: row for row in rows}, Counter(one.effect for one in post.sent())
    marketing = {one.id for one in messages if one.purpose == "marketing"}
    seen = f"seed {seed}: {Counter(row['state'] for row in rows)}, {sum(billed.values())} billed"

    assert ours.keys() == {one.id for one in messages}, seen
    assert {row["state"] for one, row in ours.items() if one not in marketing} == {"sent"}, seen
    if provider.by_text:
        hold_by_name(ours, post.sent())
    else:
        hold_by_effect(provider, ours, billed, marketing)
    by_person = Counter(ours[one]["key"] for one in billed if one in marketing)
    assert max(by_person.values()) <= MOST
    places = {row[0]: row[1] for row in await post.pool.fetch("select key, count(*) from notifier.place group by key")}
    assert places == dict.fromkeys((f"ana{person}" for person in range(PEOPLE)), MOST)
