"""What every shop platform's folder offers: the one seam between ingest and the platforms."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from relevo_ingest.connectors.platform_api import ApiRequest
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.states import Entity

METHOD, HANDSHAKE_METHOD = "POST", "GET"
"""With what a platform delivers; some ask by a GET, before that, whether the address is meant for them."""


class WebhookRequest(Struct, frozen=True, kw_only=True):
    """A request as it arrived. `headers` have their names in lower case; nothing of it is proven yet.

    `received` is when it came, for signatures that hold for a while. `keys` are the public keys (PEM) that `PublicKeys`
    names, by their addresses, as far as they could be fetched.
    """

    headers: Mapping[str, str]
    body: bytes = b""
    method: str = METHOD
    query: Mapping[str, str] = {}
    received: datetime | None = None
    keys: Mapping[str, bytes] = {}


class Claims(Struct, frozen=True, kw_only=True):
    """What a delivery says of itself beside its body. No platform signs its headers: nothing may rest on them alone.

    `topic` is in the form in which it is looked up; empty if there is none. `delivery` is the platform's id of the
    delivery, the same when it is sent again; empty where the platform has none that is safe, then topic and body make
    one. `occurrence` numbers what happened, the same in each delivery about it.
    """

    topic: str
    delivery: str = ""
    occurrence: str = ""
    triggered_at: datetime | None = None
    test: bool = False


FETCHED, FETCHED_AT = "fetched", "fetched_at"
"""The fields of a notification's body that has the answers of the API, and when they were asked for."""


class Fetch(Struct, frozen=True, kw_only=True):
    """A message that only names a thing: `entity` has to be read from the platform's API before the message can be.

    `requests` are by the name that each answer has under `FETCHED` in the body that is read then. They are sent in this
    order; the first one is for the thing itself. An answer that the thing is not there is `None`.
    """

    entity: Entity
    requests: Mapping[str, ApiRequest]


class PublicKeys(Struct, frozen=True, kw_only=True):
    """Where the public keys of a platform are that signs with a private one.

    `headers` name the path of each key at `base`, which is the platform's own host; the whole path must match `path`.
    What a header says is not proven, so it can lead nowhere else.
    """

    base: str
    headers: Sequence[str]
    path: str

    def addresses(self, headers: Mapping[str, str]) -> list[str]:
        """The address of the key that each header names; empty where there is none."""
        paths = [headers.get(name, "") for name in self.headers]
        return [f"{self.base}{path}" if re.fullmatch(self.path, path) else "" for path in paths]


class Signature(Struct, frozen=True):
    """How a platform signs: the header that has the signature, what is in it, and its public keys if it has any."""

    header: str
    meaning: str
    keys: PublicKeys | None = None


class Connector(Protocol):
    """A shop platform. Pure: everything that it does is a function of its arguments."""

    @property
    def name(self) -> str:
        """The name in `/hooks/SHOP/NAME` and of `relevo shops add --platform NAME`."""
        ...

    @property
    def title(self) -> str:
        """The platform's own name, for people."""
        ...

    @property
    def signature(self) -> Signature:
        """How it signs."""
        ...

    @property
    def headers(self) -> Sequence[str]:
        """The headers, in lower case, that are kept with what is not recognised: all that reading it again needs."""
        ...

    @property
    def topic_source(self) -> str:
        """Where a delivery names its topic, for whoever sends one without: `the header X-Shopify-Topic`."""
        ...

    @property
    def events_by_topic(self) -> Mapping[str, Sequence[str]]:
        """The types of the events that each topic can make; a topic that is read and makes none has an empty entry."""
        ...

    def handshake(self, request: WebhookRequest) -> str | None:
        """The answer to a request that only asks whether somebody is there; `None` if it is a delivery.

        Such requests are not signed, and are answered alike for shops that there are not: what it answers must not
        depend on the shop.
        """
        ...

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless one of `secrets` signed the request.

        Each is tried, also after a match: the time must not tell which one fits.
        """
        ...

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the delivery says of itself. Never raises: headers may hold anything."""
        ...

    def is_known(self, topic: str) -> bool:
        """Whether the platform has this topic: only such become labels of metrics."""
        ...

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why `body` can't be one of `topic` from this shop; `None` if nothing speaks against it.

        Raises `InvalidPayload` if the body can't be looked at.
        """
        ...

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading | Fetch:
        """The drafts of a delivery, why it has no event, or what has to be fetched first. Raises `InvalidPayload`.

        With the answers in it (`Fetch`) a body never asks to be fetched.
        """
        ...
