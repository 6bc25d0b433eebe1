"""Messages to browsers: whom they go to, and what the browser is told. Pure."""

import hashlib
from collections.abc import Collection
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_contracts.contact import Contact

_encode = msgspec.json.Encoder().encode


class Recipient(Struct, frozen=True):
    """A browser by its endpoint, with its keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str


class PushContent(Struct, frozen=True, kw_only=True):
    """What is shown, and to which devices it goes; `reached` have it already.

    `tag` names the message: a notification with the same one takes the place of that which is shown.
    """

    title: str
    text: str
    link: str
    tag: str
    urgency: Literal["normal", "high"]
    devices: tuple[Recipient, ...]
    reached: int = 0


def devices_of(contact: Contact, without: Collection[str] = (), reached: Collection[str] = ()) -> list[Recipient]:
    """The devices that take messages, the newest first: none of the endpoints `without`, nor of the marks `reached`."""
    newest = sorted(contact.devices.items(), key=lambda one: (one[1].at, one[0]), reverse=True)
    return [
        Recipient(endpoint, device.p256dh, device.auth)
        for endpoint, device in newest
        if device.p256dh and endpoint not in without and mark_of(endpoint) not in reached
    ]


def mark_of(endpoint: str) -> str:
    """What an endpoint is known by where it must not be told."""
    return hashlib.sha256(endpoint.encode("utf-8", "replace")).hexdigest()[:32]


def payload_of(push: PushContent) -> bytes:
    """What the service worker of the shop is given."""
    return _encode({"title": push.title, "body": push.text, "url": push.link, "tag": push.tag})
