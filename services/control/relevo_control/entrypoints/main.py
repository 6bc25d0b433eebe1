"""Starts control: one HTTP server over one pool."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from relevo_control.adapters.oidc import Provider
from relevo_control.adapters.retention import ANSWER_DAYS, ANSWERS, PLANS, TASK_ANSWER_DAYS, TASK_ANSWERS
from relevo_control.entrypoints.gate import People
from relevo_control.entrypoints.http import make_app
from relevo_control.settings import ControlSettings
from relevo_runtime.environment import start
from relevo_runtime.http import Certificate, serve
from relevo_runtime.postgres import open_pool
from relevo_runtime.retention import purge_expired
from relevo_runtime.service import Service, run

_log = logging.getLogger(__name__)


def main() -> None:
    """Runs control until it is told to stop; the process ends with 1 if it failed."""
    settings = start("control", ControlSettings, "Serves what the relevo command does, over HTTPS.")

    @asynccontextmanager
    async def build(service: Service) -> AsyncIterator[None]:
        async with running(settings, service):
            yield

    sys.exit(run("control", settings, build))


@asynccontextmanager
async def running(settings: ControlSettings, service: Service) -> AsyncIterator[int]:
    """Serves while the block runs; gives the port. At the end requests in flight are answered."""
    pool = await open_pool(settings.dsn, application_name="relevo-control", max_size=8)
    provider_client = httpx.AsyncClient(timeout=10, trust_env=True)
    try:
        service.health.probe("database", lambda: pool.fetchval("select 1"), of="PostgreSQL")
        plans = purge_expired(pool, PLANS, days=settings.control_plan_days)
        answers = purge_expired(pool, ANSWERS, days=ANSWER_DAYS)
        task_answers = purge_expired(pool, TASK_ANSWERS, days=TASK_ANSWER_DAYS)
        async with (
            service.running(
                service.loop("plans", plans, longest_pause=3600),
                service.loop("answers", answers, longest_pause=3600),
                service.loop("task answers", task_answers, longest_pause=3600),
            ),
            serve(
                make_app(pool, settings, service.clock, people(settings, provider_client)),
                settings.control_host,
                settings.control_port,
                stop_timeout=settings.stop_timeout,
                certificate=_certificate(settings),
            ) as bound,
        ):
            _log.info("control listens on %s:%d", settings.control_host, bound)
            yield bound
    finally:
        await provider_client.aclose()
        await pool.close()


def people(settings: ControlSettings, client: httpx.AsyncClient) -> People | None:
    """Who logs in at the OpenID provider that the settings name, if they name one."""
    if not settings.control_oidc_issuer:
        return None
    seconds = asyncio.get_running_loop().time
    provider = Provider(settings.control_oidc_issuer, settings.control_oidc_client_id, client, seconds)
    return People(provider, settings)


def _certificate(settings: ControlSettings) -> Certificate | None:
    if settings.control_tls_certificate is None or settings.control_tls_key is None:
        return None
    return Certificate(settings.control_tls_certificate, settings.control_tls_key)
