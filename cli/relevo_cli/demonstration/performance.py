"""One performance of the demonstration: start, replay, wait until all should be through, judge."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import msgspec
from msgspec import Struct

from relevo_cli import database
from relevo_cli.child import Died
from relevo_cli.demonstration import figures, reasons, verdict
from relevo_cli.demonstration.killer import Killer
from relevo_cli.demonstration.replay import Replay
from relevo_cli.demonstration.screen import Progress, Screen
from relevo_cli.demonstration.sinks import SinkMessage, Sinks, arrived
from relevo_cli.demonstration.topics import TopicReader, reading_topics
from relevo_cli.demonstration.verdict import Arrived, Verdict
from relevo_cli.embedded_servers import ServerDied
from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.recording import DOMAIN, OPENS, SHOP, Recording, record
from relevo_cli.sample_shop.story import Expected
from relevo_cli.system import ServicePlan, System, running_system
from relevo_cli.workflow_files import Loaded
from relevo_contracts.messages import SendDelivery
from relevo_runtime import catalog
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.secret_keys import SecretKeys

SECRET = "casa-lumen-webhook-secret"  # noqa: S105  # the sample shop's own
LOOK = 0.1
SETTLE_SECONDS = 2.0
"""After the last message is there: time for one that should not come."""
PATIENCE_SECONDS = 30.0
"""After the end of the recorded time: how long to wait for a next message before those that miss count as lost."""


Seen = tuple[datetime, SinkMessage]
"""A message and when it was first seen at its sink."""


class Performance(Struct, frozen=True, kw_only=True):
    """What to perform. `kill_seed` kills services while it runs."""

    data: Path
    workflows: Sequence[Loaded]
    speed: float
    seed: int
    shoppers: int
    kill_seed: int | None = None


class Result(Struct, frozen=True, kw_only=True):
    """What came of it. `seconds` is wall-clock time from the first webhook to the verdict."""

    webhooks: int
    refused: tuple[str, ...]
    events: int
    runs: figures.Runs
    verdict: Verdict
    why_lost: tuple[str, ...]
    skipped: int
    restarts: int
    kills: int
    expected: int
    seconds: float
    mail_folder: str
    logs: str

    @property
    def good(self) -> bool:
        """Every webhook was taken, and every expected message arrived once."""
        return self.verdict.good and not self.refused

    def figures(self) -> dict[str, int | float]:
        """The result as one flat JSON object."""
        found = self.verdict
        return {
            "webhooks": self.webhooks,
            "events": self.events,
            "runs_started": self.runs.started,
            "runs_ended": self.runs.ended,
            "emails": found.emails,
            "sms": found.sms,
            "lost": len(found.lost),
            "duplicates": len(found.duplicates),
            "twice": found.twice,
            "seconds": round(self.seconds, 1),
            "expected": self.expected,
            "unexpected": len(found.unexpected),
            "early": len(found.early),
            "overtaken": len(found.overtaken),
            "in_doubt": found.in_doubt,
            "twice_in_doubt": found.twice_in_doubt,
            "skipped": self.skipped,
            "restarts": self.restarts,
        }


class Stage:
    """Everything that a running performance looks at."""

    def __init__(self, system: System, recording: Recording, replay: Replay, seen: TopicReader, sinks: Sinks) -> None:
        self.system = system
        self.recording = recording
        self.replay = replay
        self.seen = seen
        self.sinks = sinks
        self._zones = {
            address: ZoneInfo(who.home.timezone) for who in recording.shoppers for address in (who.email, who.phone)
        }

    @property
    def over(self) -> bool:
        """The recorded time is over: every webhook was posted and every message is due."""
        return self.replay.done and self.system.clock.now() >= self.recording.ends

    def zone(self, recipient: str) -> ZoneInfo:
        """Where the recipient lives; the shop's zone for a stranger."""
        return self._zones.get(recipient, bodies.SHOP_ZONE)

    def arrived(self) -> list[Arrived]:
        """Everything at the sinks, with what is known of each delivery."""
        return [arrived(message, self.seen.deliveries) for message in self.sinks.messages]

    def judge(self) -> Verdict:
        """The verdict on what is there now."""
        doubted = {kind_of_delivery(self.seen.deliveries[effect]) for effect in self.seen.doubted()}
        return verdict.judge(self.recording.expected, self.arrived(), doubted, self._skips())

    def _skips(self) -> dict[verdict.Kind, verdict.Skip]:
        outcomes, deliveries = self.seen.outcomes, self.seen.deliveries
        return {
            kind_of_delivery(deliveries[effect]): verdict.Skip(outcome.at, outcome.reason)
            for effect, outcome in outcomes.items()
            if outcome.status == "skipped" and effect in deliveries
        }

    def why_lost(self, message: Expected) -> str:
        """What the topics say of a message that did not arrive."""
        for effect, delivery in self.seen.deliveries.items():
            if kind_of_delivery(delivery) == verdict.kind_of(message):
                outcome = self.seen.outcomes.get(effect)
                return f"{outcome.status}: {outcome.reason}" if outcome else "decided, but no outcome was reported"
        return "never decided"


def kind_of_delivery(delivery: SendDelivery) -> verdict.Kind:
    """What makes two messages the same to the person who gets them."""
    to = delivery.recipient
    return (
        delivery.channel,
        to.email if delivery.channel == "email" else to.phone,
        delivery.workflow,
        delivery.template,
    )


async def perform(
    performance: Performance,
    screen: Screen,
    *,
    say: Callable[[str], None],
    on_death: Callable[[Died | ServerDied], None],
) -> Result:
    """Perform it. Raises what `running_system` raises."""
    origin = OPENS - timedelta(seconds=performance.speed)
    plan = ServicePlan(data=performance.data, workflows=performance.workflows, speed=performance.speed, origin=origin)
    async with running_system(plan, say=say, on_death=on_death) as system, staged(system, performance) as stage:
        killer = Killer(system.supervisor, performance.kill_seed, over=lambda: stage.over)
        begun = asyncio.get_running_loop().time()
        async with killer.at_work():
            await _play(stage, screen)
        seconds = asyncio.get_running_loop().time() - begun
        return await _result(stage, seconds, killer.kills)


@contextlib.asynccontextmanager
async def staged(system: System, performance: Performance) -> AsyncIterator[Stage]:
    """The sample shop is known and everything that looks on is there."""
    shop = await _add_shop(system)
    begins = max(OPENS, system.clock.now() + system.clock.span(timedelta(seconds=1)))
    recording = record(performance.seed, performance.shoppers, begins.replace(microsecond=0))
    replay = Replay(recording, url=system.running.ingest, shop=shop, secret=SECRET, clock=system.clock)
    if system.pacemaker is not None:
        system.pacemaker.feeds.append(replay.oldest_open)
    async with httpx.AsyncClient(timeout=10) as client, reading_topics(system.settings, shop) as seen:
        yield Stage(system, recording, replay, seen, Sinks(client, system.running.sandbox))


async def _add_shop(system: System) -> str:
    """Make the sample shop known, under a name of its own where the database was there before."""
    shop = Shop(
        shop=SHOP,
        platform="shopify",
        name="Casa Lumen",
        domain=DOMAIN,
        secrets=[Secret(SECRET)],
        email_from="Casa Lumen <hello@casa-lumen.example.com>",
        sms_from="+12025550100",
        locale="en",
        timezone=bodies.SHOP_ZONE.key,
        currency=bodies.CURRENCY,
        postal_address="Casa Lumen, Calle Mayor 1, 28013 Madrid",
        quiet_hours="21:00-08:00",
    )
    async with database.transaction(system.settings) as connection:
        taken = {known.shop for known in await catalog.shops(connection)}
        number = sum(name.startswith(SHOP) for name in taken)
        if number:
            shop = msgspec.structs.replace(shop, shop=f"{SHOP}-{number + 1}")
        await catalog.add_shop(connection, SecretKeys(system.settings).sealed_shop(shop))
    return shop.shop


async def _play(stage: Stage, screen: Screen) -> None:
    """Replay and watch until everything should be through."""
    watching = asyncio.create_task(_watch(stage, screen), name="watch")
    replaying = asyncio.create_task(stage.replay.run(), name="replay")
    try:
        await asyncio.gather(watching, replaying)
    finally:
        for task in (watching, replaying):
            task.cancel()
        await asyncio.gather(watching, replaying, return_exceptions=True)


async def _watch(stage: Stage, screen: Screen) -> None:
    loop, clock = asyncio.get_running_loop(), stage.system.clock
    last_news = loop.time()
    unshown: list[Seen] = []
    while True:
        new = await _poll(stage)
        unshown = await _show(stage, screen, unshown + [(clock.now(), message) for message in new])
        screen.progress(_progress(stage))
        if new or not stage.over:
            last_news = loop.time()
        quiet = loop.time() - last_news
        complete = verdict.missing(stage.recording.expected, stage.arrived()) == 0
        if quiet >= (SETTLE_SECONDS if complete else PATIENCE_SECONDS):
            return
        await asyncio.sleep(LOOK)


async def _poll(stage: Stage) -> Sequence[SinkMessage]:
    try:
        return await stage.sinks.poll()
    except httpx.TransportError:
        return []  # the sandbox is being started again; the next look tells


async def _show(stage: Stage, screen: Screen, messages: Sequence[Seen]) -> list[Seen]:
    """Show those whose delivery is known, and why with it; returns the others: a mail can overtake it for a moment."""
    deliveries = stage.seen.deliveries
    shown = [(at, message) for at, message in messages if message.effect in deliveries]
    known = await reasons.decisions(stage.system.settings, [deliveries[message.effect] for _, message in shown])
    for at, message in shown:
        there = arrived(message, deliveries)
        because = reasons.why(deliveries[message.effect], known)
        screen.message(at, stage.zone(message.to), msgspec.structs.replace(there, reason=because))
    return [(at, message) for at, message in messages if message.effect not in deliveries]


def _progress(stage: Stage) -> Progress:
    now, recording = stage.system.clock.now(), stage.recording
    emails = sum(message.kind == "email" for message in stage.sinks.messages)
    return Progress(
        now=now,
        share=_share(now, recording.begins, recording.ends),
        posted=stage.replay.posted,
        webhooks=len(recording.webhooks),
        events=stage.seen.events,
        emails=emails,
        sms=len(stage.sinks.messages) - emails,
        expected=len(recording.expected),
        restarts=stage.system.supervisor.restarts,
    )


def _share(now: datetime, begins: datetime, ends: datetime) -> float:
    return max(0.0, min(1.0, (now - begins) / (ends - begins))) if ends > begins else 1.0


async def _result(stage: Stage, seconds: float, kills: int) -> Result:
    found = stage.judge()
    return Result(
        webhooks=stage.replay.posted,
        refused=tuple(stage.replay.refused),
        events=stage.seen.events,
        runs=await figures.runs(stage.system.settings, stage.replay.shop),
        verdict=found,
        why_lost=tuple(stage.why_lost(message) for message in found.lost),
        skipped=stage.seen.skipped,
        restarts=stage.system.supervisor.restarts,
        kills=kills,
        expected=len(stage.recording.expected),
        seconds=seconds,
        mail_folder=stage.system.running.mail_folder,
        logs=stage.system.running.logs,
    )
