"""Starts the notifier as a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relevo_notifier.adapters import retention
from relevo_notifier.adapters.coupons import Coupons
from relevo_notifier.app.watch_pools import WatchPools
from relevo_notifier.app.watch_secrets import watch_secrets
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.receiving import feedback_taken
from relevo_notifier.entrypoints.wiring import run_notifier
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.environment import start
from relevo_runtime.retention import purge_expired
from relevo_runtime.service import Service, run


def main() -> int:
    """Run until told to stop; returns the exit code of the process."""
    settings = start("notifier", NotifierSettings, "Sends the messages and makes the HTTP calls of workflows.")

    @asynccontextmanager
    async def build(service: Service) -> AsyncIterator[None]:
        context = ServiceContext(service.clock, service.metrics, service.health, service.fail, service.traces)
        async with run_notifier(settings, context) as notifier:
            service.health.probe("database", lambda: notifier.pool.fetchval("select 1"), of="PostgreSQL")
            loops = [service.loop(f"{poll.name}-poll", poll.run_once) for poll in notifier.polls]
            purge = purge_expired(notifier.pool, retention.STATEMENTS, days=settings.notifier_history_days)
            secrets = watch_secrets(notifier.catalog, service.health, settings.notifier_call_secrets)
            loops.append(service.loop("secrets", secrets, longest_pause=5))
            loops.append(service.loop("catalog", notifier.refresh, longest_pause=5))
            loops.append(service.loop("queues", notifier.watch.run_once, longest_pause=30))
            loops.append(service.loop("routing", notifier.reroute, longest_pause=60))
            pools = WatchPools(Coupons(notifier.pool), notifier.publisher, service.clock)
            loops.append(service.loop("coupons", pools.run_once, longest_pause=60))
            history = service.loop("history", purge, longest_pause=3600)
            async with feedback_taken(settings, notifier.publisher, context) as receiving:
                if receiving.answers is not None:
                    loops.append(service.loop("answers", receiving.answers.run_once, longest_pause=2))
                if receiving.mailbox is not None:
                    pause = settings.notifier_imap_seconds
                    loops.append(service.loop("mailbox", receiving.mailbox.run_once, longest_pause=pause))
                async with service.running(*loops, history):
                    yield

    return run("notifier", settings, build)
