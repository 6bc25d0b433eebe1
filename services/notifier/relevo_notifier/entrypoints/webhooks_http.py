"""Where providers tell what became of messages, and what people write: `/providers/{name}`."""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from relevo_notifier.app.ports import Challenged, NotAuthenticError, UnreadableError, Webhook, WebhookRequest
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.app.take_inbound import TakeInbound
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.inbound import Inbound
from relevo_runtime.errors import PublishError
from relevo_runtime.http import application, liveness
from relevo_runtime.problems import Problem

_log = structlog.get_logger(__name__)
BODY_LIMIT = 2 * 1024 * 1024
PATH = "/providers"


def webhooks_app(webhooks: Mapping[str, Webhook], take: TakeFeedback, hear: TakeInbound) -> Starlette:
    """The application. It holds no state of its own."""
    endpoint = _Endpoint(webhooks, take, hear).asked
    return application([Route(f"{PATH}/{{name}}", endpoint, methods=["GET", "POST"]), liveness()])


class _Endpoint:
    def __init__(self, webhooks: Mapping[str, Webhook], take: TakeFeedback, hear: TakeInbound) -> None:
        self._webhooks = webhooks
        self._take = take
        self._hear = hear

    async def asked(self, request: Request) -> Response:
        """200 once it is kept and told on; what a provider has to send again is 503."""
        name = request.path_params["name"]
        webhook = self._webhook(name)
        if request.method not in webhook.form.methods:
            return _challenged(name, webhook, request)
        told = WebhookRequest(dict(request.headers), await _body(request), request.url.query, request.method)
        try:
            taken = await self._taken(name, await webhook.read(told))
        except NotAuthenticError as error:
            raise _refused(name, error) from None
        except UnreadableError as error:
            raise Problem(400, "unreadable", "It can't be read", str(error)) from None
        except (PublishError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("webhook_put_off", provider=name, reason=str(error)[:200])
            again = {"Retry-After": "30"}
            raise Problem(503, "try-again", "It can't be taken now", "send it again", headers=again) from error
        thanks = webhook.form.thanks.encode() or msgspec.json.encode({"taken": taken})
        return Response(thanks, media_type=webhook.form.media_type)

    async def _taken(self, name: str, told: Sequence[Feedback | Inbound]) -> int:
        """How many of these are about messages of ours, or for shops of ours."""
        feedback = [one for one in told if isinstance(one, Feedback)]
        messages = [one for one in told if isinstance(one, Inbound)]
        return await self._take(name, feedback) + await self._hear(name, messages)

    def _webhook(self, name: str) -> Webhook:
        """The webhook of a provider, if it is set up."""
        webhook = self._webhooks.get(name)
        if webhook is None:
            raise Problem(404, "unknown-provider", "No such provider", f"there are {', '.join(self._webhooks)}")
        if missing := webhook.missing():
            raise Problem(404, "not-set-up", "The webhook is not set up", f"to take what {name} tells, {missing}")
        return webhook


def _challenged(name: str, webhook: Webhook, request: Request) -> Response:
    """What a provider wants to hear that asks first whether the webhook is ours."""
    if not isinstance(webhook, Challenged):
        raise Problem(405, "not-asked", "Nothing is asked here", f"{name} tells what it has with POST")
    try:
        return PlainTextResponse(webhook.challenge(request.url.query))
    except NotAuthenticError as error:
        raise _refused(name, error) from None


def _refused(name: str, error: NotAuthenticError) -> Problem:
    _log.warning("webhook_refused", provider=name, reason=str(error))
    return Problem(401, "not-authentic", "It is not proven that this comes from the provider", str(error))


async def _body(request: Request) -> bytes:
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > BODY_LIMIT:
                detail = f"the body is larger than {BODY_LIMIT} bytes; send fewer events at once"
                raise Problem(413, "body-too-large", "The body is too large", detail)
    except ClientDisconnect:
        raise Problem(400, "cut-off", "The request was cut off", "its body is not whole") from None
    return bytes(received)
