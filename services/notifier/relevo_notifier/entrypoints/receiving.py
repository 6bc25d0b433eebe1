"""The receiving part: providers tell over HTTP what became of messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relevo_notifier.adapters.feedback import FeedbackTable
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.webhooks_http import webhooks_app
from relevo_notifier.providers.registry import webhooks
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.http import serve
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import open_pool


@asynccontextmanager
async def webhooks_served(
    settings: NotifierSettings, publisher: Publisher, context: ServiceContext
) -> AsyncIterator[None]:
    """Takes in what providers tell while the block runs, if a port is set, over connections of its own: sending never
    waits for it.
    """
    if not settings.notifier_http_port:
        yield
        return
    pool = await open_pool(settings.dsn, application_name="relevo-notifier-webhooks", min_size=0, max_size=4)
    take = TakeFeedback(FeedbackTable(pool), publisher, context.clock, context.metrics)
    app = webhooks_app(webhooks(settings), take)
    async with pool, serve(app, settings.notifier_http_host, settings.notifier_http_port, stop_timeout=2):
        yield
