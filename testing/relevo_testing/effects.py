"""What a system under test did to the world: mails, texts, calls, tasks, as its sinks have them."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx
from msgspec import Struct

from relevo_testing.shop import ShopUnderTest

_LINK = re.compile(r"""<a\b[^>]*?\bhref="([^"]+)\"""")
_MOST = 1_000_000


class Mail(Struct, frozen=True, kw_only=True):
    """A mail as it arrived. `html` and `text` are its two bodies; `number` counts all messages of the run."""

    number: int
    to: str
    sender: str
    subject: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        """Where the links of the HTML lead, in order."""
        return [one.replace("&amp;", "&") for one in _LINK.findall(self.html)]

    def __str__(self) -> str:
        return f"mail to {self.to}: {self.subject!r}"


class Text(Struct, frozen=True, kw_only=True):
    """An SMS, a WhatsApp or push message as it arrived."""

    number: int
    kind: str
    to: str
    sender: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}: {self.text!r}"


class Call(Struct, frozen=True, kw_only=True):
    """A call of a step `http` to the sandbox's `/echo/…`. `body` is the JSON that was sent."""

    method: str
    path: str
    query: dict[str, str]
    idempotency_key: str
    body: Any = None

    def __str__(self) -> str:
        return f"call {self.method} {self.path}: {self.body}"


Effect = Mail | Text | Call


class Sinks:
    """Asks the sandbox and the engine. Raises `httpx.HTTPError` where they don't answer."""

    def __init__(self, client: httpx.Client, sandbox: str, tasks: str, shop: ShopUnderTest) -> None:
        self._client = client
        self._sandbox = sandbox
        self._tasks = f"{tasks}/{shop.name}"
        self._token = {"Authorization": f"Bearer {shop.task_token}"}
        self._mails: dict[int, Mail] = {}

    def messages(self) -> list[Mail | Text]:
        """All that arrived in this run, in order."""
        found = self._get(f"{self._sandbox}/messages", limit=_MOST)
        return [self._mail(one) if one["kind"] == "email" else _text(one) for one in found]

    def calls(self) -> list[Call]:
        """The calls of the run that `/echo/…` took, the last 500 of them."""
        names = Call.__struct_fields__
        return [Call(**{name: one[name] for name in names}) for one in self._get(f"{self._sandbox}/calls")]

    def tasks(self) -> list[dict[str, Any]]:
        """The open tasks of the staff, as the task API has them."""
        found: list[dict[str, Any]] = self._client.get(self._tasks, headers=self._token).raise_for_status().json()
        return found

    def act(self, task_id: str, action: str, body: dict[str, Any]) -> httpx.Response:
        """Somebody completes, approves or rejects a task."""
        return self._client.post(f"{self._tasks}/{task_id}/{action}", json=body, headers=self._token)

    def _get(self, url: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._client.get(url, params=query).raise_for_status().json()
        return found

    def _mail(self, one: dict[str, Any]) -> Mail:
        number = int(one["number"])
        if number not in self._mails:
            source = self._client.get(f"{self._sandbox}/mail/{number}/source").raise_for_status().content
            mail = message_from_bytes(source, policy=policy.default)
            about = {name: one[name] for name in ("number", "to", "sender", "subject")}
            self._mails[number] = Mail(**about, text=_body(mail, "plain"), html=_body(mail, "html"))
        return self._mails[number]


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _text(one: dict[str, Any]) -> Text:
    return Text(**{name: one[name] for name in Text.__struct_fields__})
