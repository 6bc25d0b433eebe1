"""The real system as a test uses it: events and webhooks in, time that is moved on, what comes out."""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx

from relevo_cli.addresses import Running
from relevo_client import Client, Event
from relevo_runtime.postgres import Statements
from relevo_testing.background import Background
from relevo_testing.effects import Call, Effect, Mail, Sinks, Text
from relevo_testing.leaps import Leaps
from relevo_testing.shop import ShopUnderTest
from relevo_testing.signing import signed_headers
from relevo_workflow import parse_duration

STATEMENTS = Statements.load("relevo_testing", "evidence.sql")
WITHIN = 10.0
"""Seconds for which a test waits for something; they limit a test that hangs and measure nothing."""
_LOOK_EVERY = 0.05
_MOST_SHOWN = 10
T = TypeVar("T")
E = TypeVar("E", bound=Effect)


class Relevo:
    """A running system with one shop, for all tests of a run: let each test have customers of its own.

    Its clock stands until a test moves it on, and then leaps from one thing that is due to the next. `url` is where
    ingest takes events, `sandbox` where mails and texts arrive (open it in a browser), `data` has the logs.
    """

    def __init__(
        self, running: Running, shop: ShopUnderTest, background: Background, leaps: Leaps, database: Any
    ) -> None:
        self.shop = shop
        self.url = running.ingest
        self.sandbox = running.sandbox
        self.kafka = running.kafka
        self.postgres = running.postgres
        self.data = Path(running.data)
        self._background = background
        self._leaps = leaps
        self._database: asyncpg.Connection[Any] = database
        self._http = httpx.Client(timeout=30)
        self._sinks = Sinks(self._http, running.sandbox, running.tasks, shop)
        self._client = Client(running.ingest, shop.name, shop.token, source="tests")

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()
        self._client.close()

    # --- what happens ------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What time it is for the shop."""
        return self._leaps.at

    def send(self, event: str, data: Mapping[str, Any], *, id: str = "", at: datetime | None = None) -> None:  # noqa: A002 - the field's name
        """Posts an event to `/events/{shop}`, by default one of now. Raises `RelevoProblem` with all that is wrong."""
        self._client.send(Event(event, dict(data), id=id or str(uuid.uuid4()), time=at or self.now))

    def webhook(self, topic: str, body: Mapping[str, Any] | bytes, **headers: str) -> httpx.Response:
        """Posts a webhook as the shop's platform does, signed with its secret. Fails if it is not taken.

        `headers` are further ones, with underscores: `x_shopify_triggered_at="…"`.
        """
        __tracebackhide__ = True
        platform = self.shop.platform
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        signed = signed_headers(
            platform, raw, self.shop.secret, topic=topic, at=self.now, message=f"msg_{uuid.uuid4().hex}"
        )
        answer = self._http.post(
            f"{self.url}/hooks/{self.shop.name}/{platform}",
            content=raw,
            headers={"content-type": "application/json", **signed, **named},
        )
        if not answer.is_success:
            raise AssertionError(f"the webhook {topic} was answered with {answer.status_code}: {answer.text}")
        return answer

    def act(self, task: Mapping[str, Any], action: str, **body: Any) -> None:
        """Somebody of the staff acts on an open task: `complete`, `approve` or `reject`, with `by="Ana"`."""
        __tracebackhide__ = True
        answer = self._sinks.act(str(task["task_id"]), action, body)
        if not answer.is_success:
            raise AssertionError(f"{action} of the task was answered with {answer.status_code}: {answer.text}")

    # --- time --------------------------------------------------------------------------------------------------

    def advance(self, duration: str | timedelta) -> datetime:
        """Lets so much time pass (`"4h"`): everything that is due meanwhile happens, in order. Returns the new time."""
        return self.advance_to(self.now + (parse_duration(duration) if isinstance(duration, str) else duration))

    def advance_to(self, moment: datetime) -> datetime:
        """Lets time pass until `moment`, which has a zone. Returns when everything until then is done."""
        __tracebackhide__ = True
        if moment < self.now:
            raise AssertionError(f"it is {self.now.isoformat()} already, and time does not go back to {moment}")
        self._background.run(self._leaps.to(moment))
        return self.now

    def settle(self) -> None:
        """Returns when everything that is due now is done: after it, what did not happen does not happen."""
        self._background.run(self._leaps.quiet())

    # --- what came of it ---------------------------------------------------------------------------------------

    def mails(self, to: str = "") -> list[Mail]:
        """The mails that arrived so far, to this address or to all."""
        return [one for one in self._sinks.messages() if isinstance(one, Mail) and to in ("", one.to)]

    def texts(self, to: str = "") -> list[Text]:
        """The SMS and other texts that arrived so far, to this number or to all."""
        return [one for one in self._sinks.messages() if isinstance(one, Text) and to in ("", one.to)]

    def calls(self, path: str = "") -> list[Call]:
        """The calls that `{sandbox}/echo/…` took so far, of this path or all."""
        return [one for one in self._sinks.calls() if path in ("", one.path)]

    def tasks(self) -> list[dict[str, Any]]:
        """The tasks of the staff that are open now."""
        return self._sinks.tasks()

    def wait_for_mail(self, to: str, *, containing: str = "", nth: int = 1, within: float = WITHIN) -> Mail:
        """The mail to `to` with this in its subject or text; of several the `nth`. Fails after so many seconds."""
        __tracebackhide__ = True
        what = f"a mail to {to}" + (f" with {containing!r}" if containing else "")
        return self._nth(
            what, nth, lambda: [one for one in self.mails(to) if containing in f"{one.subject}\n{one.text}"], within
        )

    def wait_for_text(self, to: str, *, containing: str = "", nth: int = 1, within: float = WITHIN) -> Text:
        """The SMS or other text to this number with this in it; of several the `nth`."""
        __tracebackhide__ = True
        what = f"a text to {to}" + (f" with {containing!r}" if containing else "")
        return self._nth(what, nth, lambda: [one for one in self.texts(to) if containing in one.text], within)

    def wait_for_call(self, path: str, *, nth: int = 1, within: float = WITHIN) -> Call:
        """The call to `/echo/…`; of several the `nth`."""
        __tracebackhide__ = True
        return self._nth(f"a call of {path}", nth, lambda: self.calls(path), within)

    def wait_for_task(self, containing: str, *, within: float = WITHIN) -> dict[str, Any]:
        """The open task with this in its title."""
        __tracebackhide__ = True

        def found() -> list[dict[str, Any]]:
            return [one for one in self.tasks() if containing in one["title"]]

        return self._nth(f"a task with {containing!r}", 1, found, within)

    def wait_for(self, what: str, look: Callable[[], T | None], *, within: float = WITHIN) -> T:
        """What `look` returns once it is something. Fails after so many seconds, and says what happened instead."""
        __tracebackhide__ = True
        until = time.monotonic() + within
        while not (found := look()):
            if time.monotonic() > until:
                raise AssertionError(f"waited {within:g} s for {what}, and it did not come. {self.evidence()}")
            time.sleep(_LOOK_EVERY)
        return found

    def _nth(self, what: str, nth: int, look: Callable[[], Sequence[T]], within: float) -> T:
        __tracebackhide__ = True
        named = what if nth == 1 else f"{what} (number {nth})"
        return self.wait_for(named, lambda: look()[nth - 1 : nth], within=within)[0]

    def evidence(self) -> str:
        """What the system did last, in words: what arrived, what it decided, what it did not send and why."""
        arrived = [*map(str, self._sinks.messages()), *map(str, self.calls())]
        tasks = [f"open task {one['title']!r}" for one in self.tasks()]
        decided, kept_back = self._background.run(self._recorded())
        return "\n".join(
            [
                f"It is {self.now.isoformat()} in the shop.",
                *_listed("What arrived, the newest last", [*arrived, *tasks]),
                *_listed("What was decided, the newest first", decided),
                *_listed("Messages that did not go out", kept_back),
                f"Logs: {self.data / 'logs'}",
            ]
        )

    async def _recorded(self) -> tuple[list[str], list[str]]:
        decided = await self._database.fetch(STATEMENTS["decisions"], self.shop.name, _MOST_SHOWN)
        kept = await self._database.fetch(STATEMENTS["deliveries"], self.shop.name, _MOST_SHOWN)
        return (
            [f"{one['at']:%Y-%m-%d %H:%M} {one['workflow']}: {one['kind']}, {one['reason']}" for one in decided],
            [f"{one['channel']} {one['id']}: {one['state']}, {one['reason'] or 'due later'}" for one in kept],
        )


def _listed(title: str, entries: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  {one}" for one in entries[-_MOST_SHOWN:])] if entries else [f"{title}: nothing"]
