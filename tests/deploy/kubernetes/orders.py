"""Orders that are paid, and the mails that come of them: two books, which have to agree."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

WORKFLOW = """
workflow: receipt
title: Receipt
change: ad-hoc
trigger: {event: custom.paid}
steps:
  - send: {channel: email, template: receipt, purpose: transactional}
"""
EVENT = """
type: object
required: [number]
properties: {number: {type: string}}
"""
TEMPLATE = """
channel: email
layout: message
en: {subject: "Order {{ trigger.number }}", preview: Thank you, heading: Thank you, body: [We have it.]}
"""


def pay(ingest: str, number: str, token: str) -> int:
    """Tell the ingest at an address of an order; the status of its answer."""
    event = {
        "specversion": "1.0",
        "id": f"paid-{number}",
        "source": "shop",
        "type": "custom.paid",
        "data": {"customer": {"email": f"c{number}@example.com"}, "number": number},
    }
    asked = urllib.request.Request(
        f"http://{ingest}/events/tea",
        data=json.dumps(event).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/cloudevents+json"},
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        status: int = answer.status
        return status


def mails(host: str) -> Counter[str]:
    """How often each order's number stands in a subject."""
    return Counter(number for number, _ in _received(host))


def messages(host: str) -> Counter[str]:
    """How many messages each order has. One that comes again has the Message-ID that it had."""
    return Counter(number for number, _ in set(_received(host)))


def _received(host: str) -> list[tuple[str, str]]:
    received: list[tuple[str, str]] = []
    while True:
        address = f"http://{host}/messages?since={len(received)}&limit=1000"
        with urllib.request.urlopen(address, timeout=20) as answer:
            found: Any = json.load(answer)
        if not found:
            return received
        received += [(one["subject"].removeprefix("Order "), one["id"]) for one in found]


class Load:
    """Orders that come one after the other, on a connection each, until the block ends or `most` have been paid.

    An order that is not taken is sent again, as a shop does, until it is taken. It is in `put_off` where ingest has
    asked for that, which it does while Kafka is slow, and in `refused` otherwise: nobody answered, or it was wrong.
    """

    def __init__(self, ingest: str, token: str, prefix: str, *, pause: float = 0.05, most: int = 20_000) -> None:
        self._ingest, self._token, self._prefix, self._pause, self._most = ingest, token, prefix, pause, most
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.taken: list[str] = []
        self.refused: list[str] = []
        self.put_off: list[str] = []

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _send(self) -> None:
        for number in (f"{self._prefix}{n}" for n in range(self._most)):
            if self._ended.is_set():
                return
            for _ in range(100):
                try:
                    pay(self._ingest, number, self._token)
                except OSError as error:
                    asked_to_wait = isinstance(error, urllib.error.HTTPError) and error.code == 503
                    (self.put_off if asked_to_wait else self.refused).append(f"{number}: {error}")
                    time.sleep(0.2)
                else:
                    self.taken.append(number)
                    break
            time.sleep(self._pause)
