"""For every platform: whatever its shops sign, real bodies with changes included, is taken or kept, and never a 5xx."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_ingest.core.signature import hmac_base64
from relevo_runtime.clock import SystemClock
from tests.conformance.platforms import every_platform, fixtures
from tests.conformance.test_messages import leaves
from tests.ingest.conftest import SECRET
from tests.ingest.signing import signed
from tests.ingest.test_any_request import HEADER, RAW, VALUES, Stores, nothing_malformed, send

RECIPIENT = "recipientclientid"


@st.composite
def bodies(draw: st.DrawFn, name: str) -> tuple[str, bytes]:
    """A topic, and a body of it in which something is changed, missing or there twice; or that is none at all."""
    told = draw(st.sampled_from(fixtures(name)))
    if draw(st.integers(0, 4)) == 0:
        return told.topic, draw(RAW)
    body = json.loads(told.body)
    for at in draw(st.lists(st.sampled_from(list(leaves(body))), max_size=4)):
        put(body, at[: draw(st.integers(1, len(at)))], draw(VALUES))
    if name == "adobe-commerce":
        body[RECIPIENT] = SECRET
    text = json.dumps(body)
    return told.topic, (text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text).encode()


def put(body: Any, at: tuple[str | int, ...], value: Any) -> None:
    """The value in that place, if the place is still there."""
    inside = body
    for name in at[:-1]:
        inside = inside[name] if _has(inside, name) else None
    if _has(inside, at[-1]):
        inside[at[-1]] = value


def _has(inside: Any, name: str | int) -> bool:
    if isinstance(inside, list):
        return isinstance(name, int) and name < len(inside)
    return isinstance(inside, dict) and name in inside


@every_platform
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_a_shop_signs_is_taken_or_kept(name: str, data: st.DataObject) -> None:
    topic, body = data.draw(bodies(name))
    request = signed(name, body, SECRET, topic, SystemClock().now())
    odd = {one: data.draw(HEADER) for one in ("content-type", "content-encoding", "x-forwarded-for")}
    unsigned = {one: data.draw(HEADER) for one in request.headers if "topic" in one and data.draw(st.booleans())}
    headers = [(key.encode(), value.encode()) for key, value in request.headers.items() if key not in unsigned]
    headers += [(key.encode(), value) for key, value in {**odd, **unsigned}.items()]
    stores = Stores()
    status = asyncio.run(send(stores, "POST", f"/hooks/{name}/{name}", headers, body))
    # To Adobe the secret is in the body: one that can't be read is addressed to nobody.
    assert status == 200 or (name == "adobe-commerce" and status == 401)
    assert (status == 200) == (len(stores.stored) + len(stores.kept) + len(stores.fetched) > 0)
    nothing_malformed(stores)


@every_platform
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_is_not_signed_is_refused(name: str, data: st.DataObject) -> None:
    topic, body = data.draw(bodies(name))
    request = signed(name, body, SECRET, topic, SystemClock().now())
    headers = [(key.encode(), data.draw(HEADER)) for key in request.headers]
    headers.append((b"x-relevo-secret", hmac_base64(SECRET, body).encode()))
    stores = Stores()
    assert asyncio.run(send(stores, "POST", f"/hooks/{name}/{name}", headers, body)) == 401
    assert not (stores.stored or stores.kept or stores.fetched)
