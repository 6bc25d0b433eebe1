"""The receiving part: providers tell over HTTP what became of messages, and mail servers by mail."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from relevo_notifier.adapters.bounce_inbox import Inbox, inbox_served
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.feedback import FeedbackTable
from relevo_notifier.adapters.imap_inbox import ImapAccount, ImapInbox
from relevo_notifier.adapters.inbound import InboundTable
from relevo_notifier.app.give_answers import GiveAnswers
from relevo_notifier.app.keep_inbound import KeepInbound
from relevo_notifier.app.ports import Provider
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.app.take_inbound import TakeInbound
from relevo_notifier.app.take_mail import TakeMail
from relevo_notifier.core.inbound import addresses_of_shops
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.webhooks_http import webhooks_app
from relevo_notifier.providers.registry import open_senders, webhooks
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.http import serve
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool, open_pool


class Receiving(NamedTuple):
    """What has to be called again and again: what answers keywords, and what looks into the mailbox at a mail host."""

    answers: GiveAnswers | None
    mailbox: ImapInbox | None


@asynccontextmanager
async def feedback_taken(
    settings: NotifierSettings, publisher: Publisher, context: ServiceContext
) -> AsyncIterator[Receiving]:
    """Takes in what providers tell and what comes back while the block runs, where ports are set, over connections of
    its own: sending never waits for it. Gives what the caller's loops have to call.
    """
    answers, mailbox = None, None
    async with AsyncExitStack() as stack:
        if settings.notifier_http_port or settings.notifier_inbox_port or settings.notifier_imap_host:
            pool = await open_pool(settings.dsn, application_name="relevo-notifier-feedback", min_size=0, max_size=4)
            stack.push_async_callback(pool.close)
            take = TakeFeedback(FeedbackTable(pool), publisher, context.clock, context.metrics)
            if settings.notifier_http_port:
                hear = hearing(settings, pool, publisher, context)
                intake = _intake(settings, pool, publisher, context)
                app = webhooks_app(webhooks(settings), take, hear, intake)
                answers = GiveAnswers(InboundTable(pool), await _senders(stack, settings))
                await stack.enter_async_context(
                    serve(app, settings.notifier_http_host, settings.notifier_http_port, stop_timeout=2)
                )
            if settings.notifier_inbox_port:
                await stack.enter_async_context(inbox_served(_inbox(settings), take, context.clock))
            if settings.notifier_imap_host:
                mailbox = _mailbox(settings, take, context, _intake(settings, pool, publisher, context))
        yield Receiving(answers, mailbox)


async def _senders(stack: AsyncExitStack, settings: NotifierSettings) -> dict[str, Provider]:
    """The providers that can send texts, closed when `stack` unwinds."""
    senders = open_senders(settings)
    for sender in senders.values():
        stack.push_async_callback(sender.close)
    return senders


def hearing(settings: NotifierSettings, pool: Pool, publisher: Publisher, context: ServiceContext) -> TakeInbound:
    """Takes in what people write."""
    store = InboundTable(pool)
    catalog = Catalog(pool)
    keep = KeepInbound(store, catalog, settings.inbound_rules)
    return TakeInbound(keep, store, publisher, context.clock, context.metrics, surveys=catalog)


def _inbox(settings: NotifierSettings) -> Inbox:
    smtp = settings.notifier_smtp
    return Inbox(
        settings.notifier_inbox_host,
        settings.notifier_inbox_port,
        smtp.return_domain,
        smtp.return_secret.get_secret_value(),
    )


def _intake(settings: NotifierSettings, pool: Pool, publisher: Publisher, context: ServiceContext) -> TakeMail | None:
    """What takes in the mails that people write, if any come."""
    addresses = addresses_of_shops(settings.notifier_mail_addresses)
    hear = hearing(settings, pool, publisher, context)
    return TakeMail(hear, Catalog(pool), addresses) if addresses else None


def _mailbox(
    settings: NotifierSettings, take: TakeFeedback, context: ServiceContext, intake: TakeMail | None
) -> ImapInbox:
    account = ImapAccount(
        host=settings.notifier_imap_host,
        port=settings.notifier_imap_port,
        tls=settings.notifier_imap_tls,
        user=settings.notifier_imap_user,
        password=settings.notifier_imap_password.get_secret_value(),
        folder=settings.notifier_imap_folder,
        moved_to=settings.notifier_imap_moved_to,
        ca_file=settings.notifier_imap_ca_file,
    )
    smtp = settings.notifier_smtp
    secret = smtp.return_secret.get_secret_value()
    return ImapInbox(account, smtp.return_domain, secret, take, context.clock, intake=intake)
