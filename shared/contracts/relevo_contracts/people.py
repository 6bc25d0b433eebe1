"""What happens to people and to the shop itself: payloads, see `relevo_contracts.payloads`."""

from datetime import date
from typing import Any, Literal

from msgspec import Struct

from relevo_contracts.parts import Buyer, Campaign, Count, EventContact, Instant, Item, Money


class CustomerChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.created`, `.updated`, `.deleted`: what the shop knows of a customer now.

    `tags` are all tags; a shop that tells only what changed says so in `tags_added` and `tags_removed`.
    """

    customer: Buyer
    birthday: date | None = None
    tags: list[str] | None = None
    tags_added: list[str] = []
    tags_removed: list[str] = []
    orders_count: Count | None = None
    total_spent: Money | None = None
    attributes: dict[str, Any] = {}


class CustomerMerged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.merged`: `customer` was kept, and all that is known of `merged` is the kept one's from now on.

    `merged_keys` are the keys of the merged ones, as far as they are known: ingest finds them, senders can't say them.
    """

    customer: Buyer
    merged: list[Buyer] = []
    merged_keys: list[str] = []


class CustomerSeen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.logged_in`: a customer signed in to the shop."""

    customer: Buyer
    url: str = ""
    store: str = ""


class ConsentChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`consent.changed`: a proof of consent, or its withdrawal (GDPR Art. 7(1) and 7(3)).

    It holds for the address or number that `customer` gives and for no other. `source`, `wording`, `form_url` and
    `ip_hash` are the evidence: what was asked, where, and from where it was answered; with a double opt-in also `form`,
    `wording_version` and when it was asked for. `restored` grants nothing: it lifts the withdrawal by an unsubscribe
    link of the instant `undoes`, and what held before that holds again. `topic` is a purpose of the shop's own, as its
    contact policy names it; the statement is about that one alone then, and `purpose` is the nearest of those here, not
    `marketing`. `preferred`: the person wants to be written to by this channel first, where there is a choice.
    """

    customer: Buyer
    channel: Literal["email", "sms", "whatsapp", "push"]
    state: Literal["granted", "withdrawn", "pending", "restored"]
    purpose: Literal["marketing", "newsletter", "product_news", "survey", "partners"] = "marketing"
    double_opt_in: bool = False
    source: str = ""
    wording: str = ""
    form_url: str = ""
    list_id: str = ""
    ip_hash: str = ""
    undoes: Instant | None = None
    form: str = ""
    wording_version: str = ""
    requested_at: Instant | None = None
    topic: str = ""
    preferred: bool = False


class PageViewed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`page.viewed`: a page of the storefront was looked at."""

    customer: Buyer
    url: str = ""
    title: str = ""
    product_id: str = ""
    referrer: str = ""
    variant_id: str = ""
    sku: str = ""
    category: str = ""
    brand: str = ""
    price: Money | None = None
    image_url: str = ""
    campaign: Campaign | None = None


class ConsentRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`consent.requested`: somebody typed an address into a sign-up form. It is not consent until its owner confirms.

    `contact` is that address, and `confirm_url` the link that only its owner may get: `consent.changed` follows when
    it is confirmed. The other fields become the evidence then (`ConsentChanged`).
    """

    customer: Buyer
    request_id: str
    contact: EventContact | None = None
    channel: Literal["email"] = "email"
    purpose: Literal["marketing", "newsletter", "product_news", "survey", "partners"] = "marketing"
    confirm_url: str = ""
    expires_at: Instant | None = None
    form: str = ""
    form_url: str = ""
    wording: str = ""
    wording_version: str = ""
    list_id: str = ""
    ip_hash: str = ""


class SearchPerformed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`search.performed`: a visitor searched the storefront. `results` is how many were found, if the shop told."""

    customer: Buyer
    query: str
    results: Count | None = None
    url: str = ""


class WishlistUpdated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`wishlist.updated`: `added` and `removed` are what changed, `items` the whole list where the shop tells it."""

    customer: Buyer
    wishlist_id: str = ""
    added: list[Item] = []
    removed: list[Item] = []
    items: list[Item] = []
    url: str = ""


class FormSubmitted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`form.submitted`: a form of the storefront was sent. `contact` is what the visitor typed there, unproven."""

    customer: Buyer
    form: str
    fields: dict[str, str] = {}
    url: str = ""
    campaign: Campaign | None = None
    contact: EventContact | None = None


class PushChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`push.subscribed`, `push.unsubscribed`: a browser takes messages of the shop, or none any more (W3C Push API).

    `endpoint` is where they go, `p256dh` and `auth` are the browser's keys (RFC 8291, base64url); without them it takes
    none. `asked`: the person wished it now, which is consent; otherwise the browser only tells what holds already.
    """

    customer: Buyer
    endpoint: str
    p256dh: str = ""
    auth: str = ""
    asked: bool = False


class PrivacyRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`customer.data_requested`, `customer.redacted`: a person's right under GDPR Art. 15 and 17."""

    customer: Buyer
    order_ids: list[str] = []
    request_id: str = ""


class ShopChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`shop.disconnected`, `shop.redacted`: the shop itself left, or asks for erasure."""

    domain: str = ""


class CustomEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`custom.…`: what every event has that a shop declares itself; the shop's schema has the rest."""

    customer: Buyer
