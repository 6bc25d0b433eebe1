"""The sample shop on Shopify: the recorded day with every scenario that its webhooks allow."""

from collections.abc import Sequence
from datetime import datetime

from relevo_cli.sample_shop import webhooks
from relevo_cli.sample_shop.days import wire
from relevo_cli.sample_shop.days.shop_events import Day, Place, Post
from relevo_cli.sample_shop.expectations import CART
from relevo_cli.sample_shop.recording import DOMAIN, SHOPPERS, record
from relevo_cli.sample_shop.scenarios import ORDER, PARCEL
from relevo_runtime.catalog import Shop


class ShopifyDay:
    """Shopify: its own scenarios, in `relevo_cli.sample_shop.scenarios`."""

    name = "shopify"
    title = "Shopify"
    shoppers = SHOPPERS
    remarks: Sequence[str] = ()
    flows: Sequence[str] = (CART, ORDER, PARCEL)

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the secret of its webhooks."""
        del api, now
        return Place(shop=wire.with_secret(shop))

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The recorded day, signed."""
        recording = record(seed, shoppers, begins)
        posts = [
            Post(
                at=one.at,
                name=f"{one.topic} {one.webhook_id}",
                path=f"/hooks/{shop}/shopify",
                headers=webhooks.headers(one, secret=wire.SECRET, domain=DOMAIN),
                body=one.body,
            )
            for one in recording.webhooks
        ]
        return Day(begins=begins, outputs=tuple(posts), expected=recording.expected, shoppers=recording.shoppers)

    def server(self) -> None:
        """Nothing is asked."""
