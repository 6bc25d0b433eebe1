"""`coupon.*`. A coupon that was used once more is updated, too: that alone is not news."""

from decimal import Decimal

import msgspec
from msgspec import structs

from relevo_contracts.payloads import Buyer, CouponChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.deletions import deletion
from relevo_ingest.connectors.woocommerce.shapes import CouponShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Subject, WholeShop, person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Amount
from relevo_ingest.core.money import amount_text
from relevo_ingest.core.notes import note
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews

_MOST = 500


def created(body: bytes, shop: ShopContext) -> Reading:
    """`coupon.created`."""
    return _read(body, shop, is_new=True)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`coupon.updated`."""
    return _read(body, shop)


def restored(body: bytes, shop: ShopContext) -> Reading:
    """`coupon.restored`: it is back from the bin, where it was told as deleted."""
    return _read(body, shop, is_restored=True)


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`coupon.deleted`, which has the coupon's id and nothing else. Only a coupon that is known can be deleted."""
    del shop
    return deletion(body, "coupon", _entity, _deleted)


def _deleted(coupon_id: str, views: StateViews) -> Conclusion:
    code = views[_entity(coupon_id)].now.get("code", "")
    payload = CouponChanged(coupon_id=coupon_id, code=normalise.text(str(code), 255))
    return [Draft(type="coupon.deleted", payload=payload, subject=WholeShop(), id=f"coupon.deleted:{coupon_id}")]


def _read(body: bytes, shop: ShopContext, *, is_new: bool = False, is_restored: bool = False) -> Reading:
    shape = decode(body, CouponShape)
    payload = _payload(shape, shop)
    created_at = fields.utc_without_zone(shape.date_created_gmt, "date_created_gmt")
    modified = fields.utc_without_zone(shape.date_modified_gmt, "date_modified_gmt")
    entity, details = _entity(payload.coupon_id), _details(payload)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        subject = _subject(payload)
        if is_new:
            own_id = f"coupon.created:{payload.coupon_id}"
            return [Draft(type="coupon.created", payload=payload, subject=subject, at=created_at, id=own_id)]
        changed = seen.before is None or (seen.fresh and seen.before.get("details") != details)
        if not changed and not is_restored:
            return NoEvent("nothing of the coupon changed but how often it was used")
        return [Draft(type="coupon.updated", payload=payload, subject=subject, at=modified)]

    state = {"code": payload.code, "details": details}
    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=modified),))


def _payload(shape: CouponShape, shop: ShopContext) -> CouponChanged:
    is_percent = "percent" in (shape.discount_type or "")
    number = _number(shape.amount)
    only_shipping = bool(shape.free_shipping) and not number
    is_amount = not is_percent and not only_shipping
    minimum = fields.optional_money(shape.minimum_amount, shop.currency, "minimum_amount")
    addresses = [address for address in map(normalise.email, shape.email_restrictions or []) if address]
    return CouponChanged(
        # A coupon for one address is that person's; for several, or a whole domain, it is the shop's.
        customer=Buyer(email=addresses[0]) if addresses and len(shape.email_restrictions or []) == 1 else Buyer(),
        coupon_id=fields.required(parts.ident(shape.id), "id"),
        code=normalise.text(shape.code, 255),
        kind="free_shipping" if only_shipping else "percent" if is_percent else "amount",
        percent=float(number) if is_percent and not only_shipping else 0.0,
        amount=fields.optional_money(shape.amount, shop.currency, "amount") if is_amount else None,
        minimum=parts.if_positive(minimum),
        expires_at=fields.utc_without_zone(shape.date_expires_gmt, "date_expires_gmt"),
        usage_limit=shape.usage_limit or None,
        used=shape.usage_count,
        description=fields.plain_text(shape.description, 1_000),
        products=[one for one in map(parts.ident, (shape.product_ids or [])[:_MOST]) if one],
        categories=[one for one in map(parts.ident, (shape.product_categories or [])[:_MOST]) if one],
    )


def _number(amount: Amount) -> Decimal:
    """A percentage, or an amount in whatever currency; 0 if it can't be read, with a note."""
    try:
        return Decimal(amount_text(amount, "amount")) if amount not in (None, "") else Decimal(0)
    except InvalidPayload as error:
        note(error.where, f"{error.problem}; it was left out")
        return Decimal(0)


def _subject(payload: CouponChanged) -> Subject:
    found = person(payload)
    return found if found.aliases else WholeShop()


def _details(payload: CouponChanged) -> str:
    """A digest of everything but how often it was used."""
    return normalise.digest(msgspec.json.encode(structs.replace(payload, used=None)).decode())


def _entity(coupon_id: str) -> Entity:
    return Entity("coupon", coupon_id)
