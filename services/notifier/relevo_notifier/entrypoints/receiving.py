"""The receiving part: providers tell over HTTP what became of messages, and mail servers by mail."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from relevo_notifier.adapters.bounce_inbox import Inbox, inbox_served
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
async def feedback_taken(
    settings: NotifierSettings, publisher: Publisher, context: ServiceContext
) -> AsyncIterator[None]:
    """Takes in what providers tell and what comes back while the block runs, where ports are set, over connections of
    its own: sending never waits for it.
    """
    async with AsyncExitStack() as stack:
        if settings.notifier_http_port or settings.notifier_inbox_port:
            pool = await open_pool(settings.dsn, application_name="relevo-notifier-feedback", min_size=0, max_size=4)
            stack.push_async_callback(pool.close)
            take = TakeFeedback(FeedbackTable(pool), publisher, context.clock, context.metrics)
            if settings.notifier_http_port:
                app = webhooks_app(webhooks(settings), take)
                await stack.enter_async_context(
                    serve(app, settings.notifier_http_host, settings.notifier_http_port, stop_timeout=2)
                )
            if settings.notifier_inbox_port:
                await stack.enter_async_context(inbox_served(_inbox(settings), take, context.clock))
        yield


def _inbox(settings: NotifierSettings) -> Inbox:
    smtp = settings.notifier_smtp
    return Inbox(
        settings.notifier_inbox_host,
        settings.notifier_inbox_port,
        smtp.return_domain,
        smtp.return_secret.get_secret_value(),
    )
