"""What each hit says: a draft of an event, a request that needs its address's owner, or a proof of who it is.

Everything here is a browser's word, which proves nothing. So an event gets one name of a person: that of the browser,
or the address that was typed, never both, and nothing that a browser says ever joins two people. The payload says
nothing of the customer but the browser's id; an address that was typed is the contact of that request alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Struct, structs

from relevo_contracts.payloads import (
    Buyer,
    CartUpdated,
    CheckoutChanged,
    EventContact,
    FormSubmitted,
    PageViewed,
    Payload,
    ProductRequested,
    PushChanged,
    SearchPerformed,
    WishlistUpdated,
)
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Kind, Person, alias
from relevo_ingest.core.cleaning import cleaned
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.completeness import missing_fields
from relevo_ingest.core.drafts import Draft, ShopContext
from relevo_ingest.core.errors import FieldProblem, InvalidPayload
from relevo_ingest.core.storefront.batches import Hit, event_id
from relevo_ingest.core.storefront.opt_in import Ask, read_ask
from relevo_ingest.core.storefront.push import checked
from relevo_ingest.core.storefront.values import Pages, answers, contact, harmless, tidied

ASK = "consent.requested"
IDENTIFY, VISIT = "identify", "visit"
_P = TypeVar("_P", bound=Struct)
_NOT_FROM_HERE = ("customer", "contact", "completed_at", "note", "attributes", "billing_address", "shipping_address")
"""What a page can't say of a customer, a checkout or anybody's address."""
_MOST_ENTRIES = 200


class Rules(Struct, frozen=True, kw_only=True):
    """By which a hit is read. `assumed`: what visitors say nothing about is kept until they refuse."""

    shop: ShopContext
    pages: Pages
    source: str
    assumed: bool


class Proof(Struct, frozen=True):
    """Somebody shows who they are: the token of the shop's server (`identify`), or of a link in a mail (`visit`)."""

    kind: str
    visitor: str
    token: str
    hit: Hit


class Readings(Struct, frozen=True):
    """What a batch says, and what is wrong with the hits that say nothing."""

    drafts: Sequence[Draft] = ()
    asks: Sequence[Ask] = ()
    proofs: Sequence[Proof] = ()
    wrong: Sequence[FieldProblem] = ()


def read_hits(hits: Iterable[Hit], rules: Rules) -> Readings:
    """What the hits say. One that is wrong costs itself only, and one that may not be kept says nothing."""
    drafts: list[Draft] = []
    asks: list[Ask] = []
    proofs: list[Proof] = []
    wrong: list[FieldProblem] = []
    for n, hit in enumerate(hits):
        try:
            match _read(hit, rules):
                case Draft() as draft:
                    drafts.append(draft)
                case Ask() as ask:
                    asks.append(ask)
                case Proof() as proof:
                    proofs.append(proof)
        except InvalidPayload as error:
            wrong.extend(error.under(f"events[{n}]").wrong)
    return Readings(drafts, asks, proofs, wrong)


def may_remember(hit: Hit, rules: Rules) -> bool:
    """Whether the visitor may be remembered: by their word, else by the shop's rule."""
    return hit.choice == "granted" or (rules.assumed and hit.choice != "denied")


def _read(hit: Hit, rules: Rules) -> Draft | Ask | Proof | None:
    """What the hit says; `None` if nothing of it is kept. Raises `InvalidPayload`."""
    if not may_remember(hit, rules):
        hit = structs.replace(hit, visitor="")
    if hit.type in (IDENTIFY, VISIT):
        token = hit.data.get("token")
        return Proof(hit.type, hit.visitor, token, hit) if hit.visitor and isinstance(token, str) and token else None
    if hit.type == ASK:
        return read_ask(hit, rules.pages, event_id(hit))
    reader = _READERS.get(hit.type)
    if reader is None:
        raise InvalidPayload("type", _not_from_here(hit.type))
    return reader(hit, rules)


def _not_from_here(given: str) -> str:
    known = ", ".join((*_READERS, ASK, IDENTIFY))
    return f"{given[:60]!r} can't be said by a browser: anybody can send what a page sends. It may say {known}"


def _of_visitor(name: str, shape: type[_P]) -> Callable[[Hit, Rules], Draft | None]:
    """A reader of what only tells of the visit: it says nothing of a visitor who may not be remembered."""

    def read(hit: Hit, rules: Rules) -> Draft | None:
        if not hit.visitor:
            return None
        payload = _payload(hit, shape, rules)
        return _draft(name, structs.replace(payload, customer=Buyer(anonymous_id=hit.visitor)), hit, rules)

    return read


def _draft(name: str, payload: Any, hit: Hit, rules: Rules, *, address: str = "") -> Draft:
    """The event, under the one name that it has."""
    named = alias(Kind.EMAIL, address) if address else alias(Kind.ANONYMOUS, hit.visitor or event_id(hit))
    found: Payload = payload
    if wrong := missing_fields(found, "data"):
        raise InvalidPayload.of(wrong)
    return Draft(type=name, payload=found, subject=Person((named,)), at=hit.at, id=event_id(hit), source=rules.source)


def _payload(hit: Hit, shape: type[_P], rules: Rules, **changed: Any) -> _P:
    """The hit's data in canonical form. Raises `InvalidPayload` if something is missing that the event needs."""
    given = {name: value for name, value in hit.data.items() if name not in _NOT_FROM_HERE}
    currency = given.get("currency")
    money = tidied(given, currency if isinstance(currency, str) else rules.shop.currency)
    try:
        found = coerce({**money, **changed, "customer": {}}, shape, "data")
    except CannotCoerce as error:
        raise InvalidPayload(error.where, error.problem) from None
    bounded = structs.replace(
        found,
        **{
            field: value[:_MOST_ENTRIES]
            for field in found.__struct_fields__
            if isinstance(value := getattr(found, field), list)
        },
    )
    found_payload: _P = _with_own_addresses(cleaned(bounded, rules.shop, "data"), rules.pages)
    return found_payload


def _with_own_addresses(value: Any, pages: Pages) -> Any:
    """The payload with such addresses alone as may lead somewhere."""
    if isinstance(value, list):
        return [_with_own_addresses(item, pages) for item in value]
    if not isinstance(value, Struct):
        return value
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        found = getattr(value, name)
        if isinstance(found, str) and found and name in _ADDRESSES:
            changes[name] = _ADDRESSES[name](pages, found)
        elif isinstance(found, Struct | list):
            changes[name] = _with_own_addresses(found, pages)
    return structs.replace(value, **changes)


_ADDRESSES: Mapping[str, Callable[[Pages, str], str]] = MappingProxyType(
    {
        "url": Pages.looked_at,
        "form_url": Pages.looked_at,
        "recover_url": Pages.own,
        "referrer": Pages.any,
        "image_url": Pages.any,
    }
)


def _cart(hit: Hit, rules: Rules) -> Draft | None:
    """A cart; one without a token of its own is the browser's."""
    if not hit.visitor:
        return None
    own = {} if hit.data.get("cart_token") else {"cart_token": normalise.digest(f"cart\0{hit.visitor}")}
    payload = _payload(hit, CartUpdated, rules, **own)
    return _draft("cart.updated", structs.replace(payload, customer=Buyer(anonymous_id=hit.visitor)), hit, rules)


def _form(hit: Hit, rules: Rules) -> Draft:
    """A form that somebody sent: it is kept in any case, and belongs to nobody who may not be remembered."""
    given = answers(hit.data.get("fields"))
    typed = contact({"email": given.get("email"), **hit.data}, hit.locale) if _says_address(hit, given) else None
    payload = _payload(hit, FormSubmitted, rules, fields=given)
    fields = dict(list(payload.fields.items())[:_MOST_ENTRIES])
    if typed:
        fields = {name: harmless(text, 2_000) for name, text in fields.items() if name != "email"}
    buyer = Buyer(anonymous_id=hit.visitor)
    return _draft("form.submitted", structs.replace(payload, customer=buyer, fields=fields, contact=typed), hit, rules)


def _says_address(hit: Hit, given: Mapping[str, Any]) -> bool:
    """Whether an address was typed. A field `email` of the answers that has none is an answer like any other."""
    own = given.get("email")
    return bool(hit.data.get("email")) or (isinstance(own, str) and bool(normalise.email(own)))


def _request(name: str) -> Callable[[Hit, Rules], Draft]:
    """A reader of a wish for news of a product: for the address that was typed, else for whoever it is."""

    def read(hit: Hit, rules: Rules) -> Draft:
        typed = contact(hit.data, hit.locale)
        if typed is None and not hit.visitor:
            raise InvalidPayload("data.email", "is missing: it says where the news goes")
        payload = _payload(hit, ProductRequested, rules)
        if not (payload.product_id or payload.variant_id or payload.sku):
            raise InvalidPayload("data.product_id", "is missing: it says which product is meant")
        if typed is None:
            found = structs.replace(payload, customer=Buyer(anonymous_id=hit.visitor))
            return _draft(name, found, hit, rules)
        return _draft(name, _for_stranger(payload, typed, rules), hit, rules, address=typed.email)

    return read


def _for_stranger(payload: ProductRequested, typed: EventContact, rules: Rules) -> ProductRequested:
    """A request that is answered to an address which may be anybody's: nobody can write to it by this."""
    texts = {name: harmless(getattr(payload, name)) for name in ("title", "variant")}
    return structs.replace(
        payload,
        customer=Buyer(),
        contact=typed,
        channels=["email"],
        image_url=rules.pages.own(payload.image_url),
        **texts,
    )


def _push(name: str) -> Callable[[Hit, Rules], Draft | None]:
    """A reader of what a browser says of the push messages that it takes."""

    def read(hit: Hit, rules: Rules) -> Draft | None:
        if not hit.visitor:
            return None
        payload = _payload(hit, PushChanged, rules)
        said = checked(payload, subscribed=name == "push.subscribed")
        return _draft(name, structs.replace(said, customer=Buyer(anonymous_id=hit.visitor)), hit, rules)

    return read


_READERS: Mapping[str, Callable[[Hit, Rules], Draft | None]] = MappingProxyType(
    {
        "page.viewed": _of_visitor("page.viewed", PageViewed),
        "product.viewed": _of_visitor("page.viewed", PageViewed),
        "search.performed": _of_visitor("search.performed", SearchPerformed),
        "wishlist.updated": _of_visitor("wishlist.updated", WishlistUpdated),
        "cart.updated": _cart,
        "checkout.started": _of_visitor("checkout.started", CheckoutChanged),
        "checkout.updated": _of_visitor("checkout.updated", CheckoutChanged),
        "form.submitted": _form,
        "back_in_stock.requested": _request("back_in_stock.requested"),
        "price_drop.requested": _request("price_drop.requested"),
        "push.subscribed": _push("push.subscribed"),
        "push.unsubscribed": _push("push.unsubscribed"),
    }
)
"""All that a browser may say happened, and how it is read. What is not here it can't say."""
STOREFRONT_EVENTS = frozenset(
    {*_READERS, ASK, "customer.logged_in", "customer.merged", "consent.changed"} - {"product.viewed"}
)
"""The events that a storefront sends: what a browser says, who it is by proof, a sign-up that is confirmed."""
