"""What several platforms need to tell: JSON, signatures, the shop's own events, the visits of its pages."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from relevo_cli.sample_shop.bodies import STOREFRONT, Basket, text
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Post
from relevo_cli.sample_shop.people import Shopper
from relevo_ingest.core.storefront.proofs import identity_token
from relevo_runtime.catalog import Secret, Shop, hash_token
from relevo_runtime.storefronts import Storefront

SECRET = "casa-lumen-webhook-secret"  # noqa: S105  # the sample shop's own, as are those below
TOKEN = "casa-lumen-events-token"  # noqa: S105
PAGES_KEY = "pk_casa_lumen_pages"
PAGES_SECRET = "casa-lumen-pages-secret"  # noqa: S105
DOMAIN = STOREFRONT.removeprefix("https://")
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

Json = dict[str, Any]


def encoded(value: Any) -> bytes:
    """JSON as the platforms write it: without spaces, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def hmac_base64(secret: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def hmac_hex(secret: str, body: bytes) -> str:
    """Hex of the HMAC-SHA256."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def utc(at: datetime) -> str:
    """UTC with a Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_without_zone(at: datetime | None, between: str = "T") -> str | None:
    """UTC that does not say so, as several platforms write their times."""
    return at.astimezone(UTC).strftime(f"%Y-%m-%d{between}%H:%M:%S") if at else None


def with_token(shop: Shop) -> Shop:
    """The shop, whose own systems may post events with TOKEN."""
    return msgspec.structs.replace(shop, token_hashes=[hash_token(TOKEN)])


def with_secret(shop: Shop, secret: str = SECRET) -> Shop:
    """The shop, whose platform signs with the secret."""
    return msgspec.structs.replace(shop, secrets=[Secret(secret)])


def storefront(shop: Shop) -> Storefront:
    """Its pages, which keep visits until somebody refuses, and say who is signed in."""
    return Storefront(
        shop=shop.shop, key=PAGES_KEY, domains=[DOMAIN], consent="assumed", secrets=[Secret(PAGES_SECRET)]
    )


def consent_event(shop: str, account: Account, at: datetime) -> Post:
    """What the shop's own systems post where its platform knows of no consent: a CloudEvent `consent.changed`."""
    state = "granted" if account.agrees else "withdrawn"
    who = account.who
    data = {"customer": {"id": str(who.customer_id), "email": who.email}, "channel": "email", "state": state}
    event = {
        "specversion": "1.0",
        "id": f"consent-{who.customer_id}-{state}",
        "source": "newsletter",
        "type": "consent.changed",
        "time": utc(at),
        "data": data,
    }
    headers = {"Content-Type": "application/cloudevents+json", "Authorization": f"Bearer {TOKEN}"}
    return Post(at=at, name="consent.changed", path=f"/events/{shop}", headers=headers, body=encoded(event))


def signs_in(shop: str, who: Shopper, at: datetime) -> Post:
    """A page on which somebody is signed in, by the token that the shop's server put there."""
    token = identity_token(PAGES_SECRET, str(who.customer_id), at)
    hits = [
        {"id": f"account-{who.customer_id}", "type": "page.viewed", "data": {"url": f"{STOREFRONT}/account"}},
        {"id": f"signed-in-{who.customer_id}", "type": "identify", "data": {"token": token}},
    ]
    return _visit(shop, _visitor(who.customer_id), hits, at)


def checks_out(shop: str, cart: Cart, at: datetime) -> Post:
    """A visitor is at the checkout, with what they are about to buy."""
    basket, kind = cart.basket, "checkout.started" if at == cart.filled else "checkout.updated"
    hit = {
        "id": f"{kind}-{basket.token}-{int(at.timestamp())}",
        "type": kind,
        "data": {
            "checkout_token": basket.token,
            "cart_token": f"cart-{basket.token}",
            "items": [_item(basket, n) for n in range(len(basket.lines))],
            "total": _money(text(basket.subtotal + basket.shipping)),
            "recover_url": f"{STOREFRONT}/checkout/{basket.token}",
        },
    }
    visitor = _visitor(cart.who.customer_id if cart.who else basket.token)
    return _visit(shop, visitor, [hit], at)


def _visit(shop: str, visitor: str, hits: list[Json], at: datetime) -> Post:
    stamped = [{**hit, "at": utc(at)} for hit in hits]
    body = {"key": PAGES_KEY, "anonymous_id": visitor, "consent": "granted", "sent_at": utc(at), "events": stamped}
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": STOREFRONT, "User-Agent": _BROWSER}
    names = ", ".join(str(hit["type"]) for hit in hits)
    return Post(at=at, name=names, path=f"/t/{shop}", headers=headers, body=encoded(body))


def _visitor(name: object) -> str:
    return f"b-{hashlib.sha256(str(name).encode()).hexdigest()[:16]}"


def _item(basket: Basket, n: int) -> Json:
    product, quantity = basket.lines[n]
    return {
        "title": product.title,
        "product_id": str(product.product_id),
        "sku": product.sku,
        "quantity": quantity,
        "price": _money(text(product.price)),
    }


def _money(amount: str) -> Mapping[str, str]:
    return {"amount": amount, "currency": "EUR"}


def named(*parts: object) -> str:
    """An id that the same parts always have, in the form of a UUID."""
    return str(UUID(bytes=hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:16], version=4))
