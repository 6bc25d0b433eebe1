"""The webhooks of a shop at Shopify, by GraphQL. Source: shopify.dev, webhookSubscriptionCreate, webhookSubscriptions.

Shopify removes a subscription after eight failures in a row: it is missing then. The topics of privacy
(`customers/redact` and two others) are set in the app's own settings, not by the API.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from relevo_ingest.connectors.platform_api import ApiRequest, Exchange
from relevo_ingest.connectors.registration import Registered
from relevo_ingest.connectors.shopify.api import SECRET
from relevo_ingest.connectors.shopify.listing import PATH
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload

_JSON = {"content-type": "application/json"}
_MOST_PAGES = 20
_LIST = """query ($after: String) {
  webhookSubscriptions(first: 100, after: $after) { nodes { id topic uri } pageInfo { hasNextPage endCursor } }
}"""
_CREATE = """mutation ($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) {
    webhookSubscription { id topic uri } userErrors { message }
  }
}"""
_DELETE = """mutation ($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } }
}"""
_TOPICS = """
    carts/create carts/update checkouts/create checkouts/update orders/create orders/paid orders/cancelled
    orders/updated orders/fulfilled orders/partially_fulfilled orders/edited orders/delete
    order_transactions/create fulfillments/create fulfillments/update fulfillment_events/create refunds/create
    customers/create customers/update customers/enable customers/disable customers/delete customers/merge
    customers/purchasing_summary customer.tags_added customer.tags_removed
    customers_email_marketing_consent/update customers_marketing_consent/update products/create products/update
    products/delete inventory_levels/connect inventory_levels/update variants/in_stock variants/out_of_stock
    app/uninstalled
"""
_FURTHER = """
    returns/request returns/approve returns/decline returns/process returns/close returns/cancel returns/reopen
    draft_orders/create draft_orders/update draft_orders/delete disputes/create disputes/update
    subscription_contracts/create subscription_contracts/update subscription_contracts/activate
    subscription_contracts/pause subscription_contracts/expire
    subscription_contracts/fail subscription_contracts/cancel subscription_billing_attempts/success
    subscription_billing_attempts/failure subscription_billing_attempts/challenged
"""


class SubscriptionShape(Struct, frozen=True, kw_only=True):
    """A subscription as GraphQL tells it."""

    id: str
    topic: str
    uri: str | None = None


class PageShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether there are more."""

    has_next_page: bool = False
    end_cursor: str | None = None


class ListShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of subscriptions."""

    nodes: list[SubscriptionShape] = []
    page_info: PageShape = PageShape()


class CreatedShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was made."""

    webhook_subscription: SubscriptionShape | None = None


class DataShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """The data of one of the three answers."""

    webhook_subscriptions: ListShape = ListShape()
    webhook_subscription_create: CreatedShape = CreatedShape()


class AnswerShape(Struct, frozen=True):
    """An answer of GraphQL that has no errors."""

    data: DataShape = DataShape()


def graphql_topic(topic: str) -> str:
    """A topic as GraphQL writes it: `ORDERS_CREATE` for `orders/create`."""
    return topic.replace("/", "_").replace(".", "_").upper()


class ShopifyRegistration:
    """How webhooks are registered at Shopify."""

    topics: Sequence[str] = tuple(map(graphql_topic, _TOPICS.split()))
    further: Sequence[str] = tuple(map(graphql_topic, _FURTHER.split()))
    signed_by = SECRET
    pings = False

    def listed(self) -> Exchange[Sequence[Registered]]:
        """Every subscription that this app made in the shop, page by page."""
        found: list[Registered] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            answer = yield _query(_LIST, {"after": after}, reads=True)
            page = decode(answer.body, AnswerShape).data.webhook_subscriptions
            found += [Registered(id=one.id, topic=one.topic, address=one.uri or "") for one in page.nodes]
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or not after:
                break
        return found

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        """Make a subscription; it is signed with the app's own secret."""
        del secret
        answer = yield _query(_CREATE, {"topic": topic, "webhook": {"uri": address, "format": "JSON"}})
        made = decode(answer.body, AnswerShape).data.webhook_subscription_create.webhook_subscription
        if made is None:
            raise InvalidPayload("data.webhookSubscriptionCreate", "tells no subscription")
        return Registered(id=made.id, topic=made.topic, address=made.uri or address)

    def delete(self, webhook: Registered) -> Exchange[None]:
        """Delete a subscription."""
        yield _query(_DELETE, {"id": webhook.id})


def _query(query: str, variables: Mapping[str, Any], *, reads: bool = False) -> ApiRequest:
    body = msgspec.json.encode({"query": query, "variables": variables})
    return ApiRequest(path=f"{PATH}/graphql.json", method="POST", headers=_JSON, body=body, reads=reads)
