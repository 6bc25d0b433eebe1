"""Gives the answers to STOP, START and HELP: each once at most, and within five minutes or not at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from relevo_notifier.app.inbound_ports import InboundStore
from relevo_notifier.app.ports import Message, Provider
from relevo_notifier.core.answers import IN_TIME
from relevo_notifier.core.inbound import KeywordReply, number_of
from relevo_notifier.core.provider_results import ProviderResult, TryLater, Unknown
from relevo_runtime.errors import described
from relevo_runtime.supervision import contained

_log = structlog.get_logger(__name__)
_PAUSE = timedelta(seconds=2)
_AT_ONCE = 20


class GiveAnswers:
    """A loop. `providers` are those that have somebody to answer to: those over which the messages came."""

    def __init__(self, store: InboundStore, providers: Mapping[str, Provider]) -> None:
        self._store = store
        self._providers = providers

    async def run_once(self, now: datetime) -> datetime:
        """Give what is due; says when to look again."""
        due = await self._store.claim_answers(now, _AT_ONCE)
        for answer in due:
            given = await self._give(answer)
            if isinstance(given, TryLater):
                await self._store.answer_later(answer, IN_TIME)
            _log.info("answered", shop=answer.shop, provider=answer.provider, result=type(given).__name__)
        return now if len(due) == _AT_ONCE else now + _PAUSE

    async def _give(self, answer: KeywordReply) -> ProviderResult:
        provider = self._providers.get(answer.provider)
        if provider is None:
            return Unknown(f"{answer.provider} can't send: its options are not set")
        own = number_of(answer.own) or answer.own
        message = Message(f"inbound/{answer.message_id}/answer", own, answer.address, answer.text)
        try:
            return await contained(provider.send(message))
        except Exception as error:  # noqa: BLE001 - a bug in an adapter: it may have gone out before it
            _log.exception("answering_failed", provider=answer.provider)
            return Unknown(described(error))
