"""Goods that arrive or are moved in Odoo: a transfer (stock.picking) is made, filled in and validated."""

from collections.abc import Sequence
from typing import Any

from relevo_contracts.systems.erp import GoodsLine, MoveStock, ReceiveGoods, StockMove
from relevo_notifier.core.systems import Conversation, Declined, NotThere, SystemCall, tagged
from relevo_notifier.systems.odoo import replies, requests

PICKING = "stock.picking"
_FIELDS = ("name", "state")
_STOCK = "WH/Stock"
_DONE = "done"


def receive_goods(given: ReceiveGoods, call: SystemCall) -> Conversation[StockMove]:
    """Books what is open of a purchase order; what does not come stays open. Its origin has our reference."""
    access = call.access
    if not (given.order_id.isascii() and given.order_id.isdigit()):
        raise NotThere(f"{access.name} has no purchase order {given.order_id}")
    domain = [["id", "=", int(given.order_id)]]
    asked = yield requests.search("purchase.order", domain, ("name", "picking_ids"), access)
    order = replies.first(asked, access, f"{access.name} has no purchase order {given.order_id}")
    origin = tagged(order["name"], call.reference)
    known = yield from _known(origin, call)
    if known is not None and known["state"] == _DONE:
        return replies.move(known)
    domain = [["id", "in", order["picking_ids"]], ["state", "not in", [_DONE, "cancel"]]]
    waiting = replies.records((yield requests.search(PICKING, domain, _FIELDS, access)), access)
    if not waiting:
        raise Declined(f"nothing of the purchase order {order['name']} is still to arrive")
    picking = int(waiting[0]["id"])
    replies.done((yield requests.call(PICKING, "write", access, ids=[picking], vals={"origin": origin})), access)
    yield from _fill_in(picking, given.items, call)
    return (yield from _validated(picking, call))


def move_stock(given: MoveStock, call: SystemCall) -> Conversation[StockMove]:
    """Makes a transfer with its moves, and books it."""
    access = call.access
    known = yield from _known(tagged(given.reference, call.reference), call)
    if known is not None and known["state"] == _DONE:
        return replies.move(known)
    picking = int(known["id"]) if known is not None else (yield from _transfer(given, call))
    replies.done((yield requests.call(PICKING, "action_confirm", access, ids=[picking])), access)
    yield from _fill_in(picking, (), call)
    return (yield from _validated(picking, call))


def _transfer(given: MoveStock, call: SystemCall) -> Conversation[int]:
    access = call.access
    articles = yield from articles_of(given.items, call)
    source = yield from _place(given.source, ["usage", "=", "customer"], call)
    kept = access.settings.get("stock_location", "") or _STOCK
    target = yield from _place(given.destination or kept, None, call)
    kind = "internal" if given.source else "incoming"
    asked = yield requests.search("stock.picking.type", [["code", "=", kind]], ("id",), access)
    picking_type = replies.first(asked, access, f"{access.name} has no operation type {kind}")["id"]
    places = {"location_id/.id": source, "location_dest_id/.id": target}
    rows = requests.lines("move_ids", given.items, articles, call.reference)
    moves = [
        {**row, "move_ids/product_uom_qty": line.quantity, **{f"move_ids/{name}": at for name, at in places.items()}}
        for row, line in zip(rows, given.items, strict=True)
    ]
    origin = tagged(given.reference, call.reference)
    head = {"id": f"__import__.{call.reference}", "picking_type_id/.id": picking_type, "origin": origin, **places}
    return replies.loaded((yield requests.load(PICKING, requests.with_head(head, moves), access)), access)


def articles_of(items: Sequence[GoodsLine], call: SystemCall) -> Conversation[dict[str, int]]:
    """The ids of articles by their SKUs."""
    if not items:
        raise Declined("no articles are given")
    domain = [["default_code", "in", sorted({line.sku for line in items})]]
    asked = yield requests.search("product.product", domain, ("default_code",), call.access, limit=len(items) * 2)
    return replies.articles(asked, call.access, items)


def _known(origin: str, call: SystemCall) -> Conversation[dict[str, Any] | None]:
    """The transfer of an earlier attempt: the one that is booked, where part of it is still open."""
    if not call.repeated:
        return None
    asked = yield requests.search(PICKING, [["origin", "=", origin]], _FIELDS, call.access, limit=10)
    found = replies.records(asked, call.access)
    return next((one for one in found if one["state"] == _DONE), found[0] if found else None)


def _place(name: str, otherwise: list[str] | None, call: SystemCall) -> Conversation[int]:
    domain = [otherwise] if otherwise is not None and not name else [["complete_name", "=", name]]
    asked = yield requests.search("stock.location", domain, ("id",), call.access)
    return int(replies.first(asked, call.access, f"{call.access.name} has no place {name or 'of customers'}")["id"])


def _fill_in(picking: int, items: Sequence[GoodsLine], call: SystemCall) -> Conversation[None]:
    """Says how much of each move came: what is listed, or all of it."""
    access = call.access
    domain = [["picking_id", "=", picking], ["state", "!=", "cancel"]]
    fields = ("product_id", "product_uom_qty")
    moves = replies.records((yield requests.search("stock.move", domain, fields, access, limit=1000)), access)
    articles = (yield from articles_of(items, call)) if items else {}
    come = {articles[line.sku]: line.quantity for line in items}
    strange = sorted(line.sku for line in items if articles[line.sku] not in {one["product_id"][0] for one in moves})
    if strange:
        raise Declined(f"{', '.join(strange)} was not expected")
    for one in moves:
        quantity = come.get(one["product_id"][0], 0) if items else one["product_uom_qty"]
        vals = {"quantity": quantity, "picked": bool(quantity)}
        replies.done((yield requests.call("stock.move", "write", access, ids=[one["id"]], vals=vals)), access)


def _validated(picking: int, call: SystemCall) -> Conversation[StockMove]:
    """Booked; what is missing becomes a transfer of its own, without a question."""
    access, context = call.access, {"skip_backorder": True}
    replies.done((yield requests.call(PICKING, "button_validate", access, ids=[picking], context=context)), access)
    asked = yield requests.search(PICKING, [["id", "=", picking]], _FIELDS, access)
    return replies.move(replies.first(asked, access, "the transfer is gone"))
