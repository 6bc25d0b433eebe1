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

from relevo_cli.child import Died
from relevo_cli.demonstration import figures, reasons, verdict
from relevo_cli.demonstration.killer import Killer
from relevo_cli.demonstration.opening import OpenedShop, opened_shop
from relevo_cli.demonstration.replay import Replay
from relevo_cli.demonstration.screen import Progress, Screen
from relevo_cli.demonstration.sinks import SinkMessage, Sinks, arrived
from relevo_cli.demonstration.topics import TopicReader, reading_topics
from relevo_cli.demonstration.verdict import Arrived, Verdict
from relevo_cli.embedded_servers import ServerDied
from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.days.shop_events import Platform
from relevo_cli.sample_shop.expectations import Expected
from relevo_cli.sample_shop.recording import OPENS
from relevo_cli.system import ServicePlan, System, running_system
from relevo_cli.workflow_files import Loaded
from relevo_contracts.messages import SendDelivery

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
    platform: Platform
    kill_seed: int | None = None


class Result(Struct, frozen=True, kw_only=True):
    """What came of it. `seconds` is wall-clock time from the first webhook to the verdict."""

    webhooks: int
    unit: str
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

    def __init__(self, system: System, shop: str, replay: Replay, seen: TopicReader, sinks: Sinks) -> None:
        self.system = system
        self.shop = shop
        self.day = day = replay.day
        self.replay = replay
        self.seen = seen
        self.sinks = sinks
        self._zones = {
            address: ZoneInfo(who.home.timezone) for who in day.shoppers for address in (who.email, who.phone)
        }

    @property
    def over(self) -> bool:
        """The recorded time is over: every webhook was posted and every message is due."""
        return self.replay.done and self.system.clock.now() >= self.day.ends

    def zone(self, recipient: str) -> ZoneInfo:
        """Where the recipient lives; the shop's zone for a stranger."""
        return self._zones.get(recipient, bodies.SHOP_ZONE)

    def arrived(self) -> list[Arrived]:
        """Everything at the sinks, with what is known of each delivery."""
        return [arrived(message, self.seen.deliveries) for message in self.sinks.messages]

    def judge(self) -> Verdict:
        """The verdict on what is there now."""
        doubted = {kind_of_delivery(self.seen.deliveries[effect]) for effect in self.seen.doubted()}
        return verdict.judge(self.day.expected, self.arrived(), doubted, self._skips())

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
    async with opened_shop(performance.platform, OPENS) as shop:
        plan = ServicePlan(
            data=performance.data,
            workflows=performance.workflows,
            speed=performance.speed,
            origin=OPENS - timedelta(seconds=performance.speed),
            furnish=shop.furnish,
            ingest=shop.settings,
        )
        async with (
            running_system(plan, say=say, on_death=on_death) as system,
            staged(system, performance, shop) as stage,
        ):
            killer = Killer(system.supervisor, performance.kill_seed, over=lambda: stage.over)
            begun = asyncio.get_running_loop().time()
            async with killer.at_work():
                await _play(stage, screen)
            seconds = asyncio.get_running_loop().time() - begun
            return await _result(stage, seconds, killer.kills)


@contextlib.asynccontextmanager
async def staged(system: System, performance: Performance, shop: OpenedShop) -> AsyncIterator[Stage]:
    """The day is known and everything that looks on is there."""
    begins = max(OPENS, system.clock.now() + system.clock.span(timedelta(seconds=1)))
    day = performance.platform.day(shop.name, performance.seed, performance.shoppers, begins.replace(microsecond=0))
    replay = Replay(day, url=system.running.ingest, clock=system.clock, server=shop.server)
    if system.pacemaker is not None:
        system.pacemaker.feeds.append(replay.oldest_open)
    async with httpx.AsyncClient(timeout=10) as client, reading_topics(system.settings, shop.name) as seen:
        yield Stage(system, shop.name, replay, seen, Sinks(client, system.running.sandbox))


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
        complete = verdict.missing(stage.day.expected, stage.arrived()) == 0
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
    now, day = stage.system.clock.now(), stage.day
    emails = sum(message.kind == "email" for message in stage.sinks.messages)
    return Progress(
        now=now,
        share=_share(now, day.begins, day.ends),
        posted=stage.replay.posted,
        webhooks=len(day.counted),
        events=stage.seen.events,
        emails=emails,
        sms=len(stage.sinks.messages) - emails,
        expected=len(day.expected),
        restarts=stage.system.supervisor.restarts,
        unit=day.unit,
    )


def _share(now: datetime, begins: datetime, ends: datetime) -> float:
    return max(0.0, min(1.0, (now - begins) / (ends - begins))) if ends > begins else 1.0


async def _result(stage: Stage, seconds: float, kills: int) -> Result:
    found = stage.judge()
    return Result(
        webhooks=stage.replay.posted,
        unit=stage.day.unit,
        refused=tuple(stage.replay.refused),
        events=stage.seen.events,
        runs=await figures.runs(stage.system.settings, stage.shop),
        verdict=found,
        why_lost=tuple(stage.why_lost(message) for message in found.lost),
        skipped=stage.seen.skipped,
        restarts=stage.system.supervisor.restarts,
        kills=kills,
        expected=len(stage.day.expected),
        seconds=seconds,
        mail_folder=stage.system.running.mail_folder,
        logs=stage.system.running.logs,
    )
