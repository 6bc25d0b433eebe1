"""Where providers tell what became of messages, and what people write: `/providers/{name}`."""

import asyncio
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
from relevo_notifier.app.take_mail import TakeMail
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.core.posted_mail import PostedMail
from relevo_runtime.errors import PublishError
from relevo_runtime.http import application, liveness
from relevo_runtime.problems import Problem

_log = structlog.get_logger(__name__)
_SMALL = 2 * 1024 * 1024
_MOST_LARGE = 4
"""So many bodies of more than `_SMALL` bytes are read at once: their sender is known only when all of one is here."""
PATH = "/providers"


def webhooks_app(
    webhooks: Mapping[str, Webhook], take: TakeFeedback, hear: TakeInbound, intake: TakeMail | None = None
) -> Starlette:
    """The application. It holds no state of its own. Without `intake` no mails are taken in."""
    endpoint = _Endpoint(webhooks, take, hear, intake).asked
    # Mailgun posts a mail as it came to an address that ends so, and only there.
    paths = (f"{PATH}/{{name}}", f"{PATH}/{{name}}/mime")
    return application([*(Route(path, endpoint, methods=["GET", "POST"]) for path in paths), liveness()])


class _Endpoint:
    def __init__(
        self, webhooks: Mapping[str, Webhook], take: TakeFeedback, hear: TakeInbound, intake: TakeMail | None
    ) -> None:
        self._webhooks = webhooks
        self._take = take
        self._hear = hear
        self._intake = intake
        self._large = asyncio.Semaphore(_MOST_LARGE)

    async def asked(self, request: Request) -> Response:
        """200 once it is kept and told on; what a provider has to send again is 503."""
        name = request.path_params["name"]
        webhook = self._webhook(name)
        if request.method not in webhook.form.methods:
            return _challenged(name, webhook, request)
        body = await self._body(request, webhook.form.largest)
        told = WebhookRequest(dict(request.headers), body, request.url.query, request.method)
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

    async def _taken(self, name: str, told: Sequence[Feedback | Inbound | PostedMail]) -> int:
        """How many of these are about messages of ours, or for shops of ours."""
        if mails := [one for one in told if isinstance(one, PostedMail)]:
            if self._intake is None:
                do = "set RELEVO_NOTIFIER_MAIL_ADDRESSES, which says which addresses are whose"
                raise Problem(503, "not-set-up", "Mails are not taken in", do, headers={"Retry-After": "600"})
            return sum([await self._intake(name, one.content) for one in mails])
        feedback = [one for one in told if isinstance(one, Feedback)]
        messages = [one for one in told if isinstance(one, Inbound)]
        return await self._take(name, feedback) + await self._hear(name, messages)

    async def _body(self, request: Request, largest: int) -> bytes:
        """The body, as far as its provider's may be. A large one waits for its turn."""
        received, taken = bytearray(), False
        try:
            async for chunk in request.stream():
                received += chunk
                if len(received) > largest:
                    detail = f"the body is larger than {largest} bytes; send fewer events at once"
                    raise Problem(413, "body-too-large", "The body is too large", detail)
                if len(received) > _SMALL and not taken:
                    taken = await self._large.acquire()
        except ClientDisconnect:
            raise Problem(400, "cut-off", "The request was cut off", "its body is not whole") from None
        finally:
            if taken:
                self._large.release()
        return bytes(received)

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
