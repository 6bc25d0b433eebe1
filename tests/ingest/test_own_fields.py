"""Birthday, group and language where a shop keeps them in fields of its own."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts.payloads import Buyer, CustomerChanged
from relevo_ingest.adapters.shop_fields import fields_of_shops, set_fields
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.own_fields import FIELDS, with_own_fields
from relevo_runtime.postgres import Pool
from tests.ingest.webhooks import SHOP, ShopSession, fixture

OWN = {
    "birthday": "custom.birthday",
    "group": "custom.tier",
    "locale": "custom.language",
    "attributes.size": "custom.size",
}
ANA = CustomerChanged(customer=Buyer(id="7", group="retail"))


def _customer(shop: ShopContext, platform: str, topic: str, body: object) -> CustomerChanged:
    drafts = ShopSession(shop, CONNECTORS[platform]).conclusion(topic, body)
    assert not isinstance(drafts, NoEvent)
    payload = drafts[0].payload
    assert isinstance(payload, CustomerChanged)
    return payload


def test_metafields_of_shopify_are_read_by_the_setting_of_the_shop() -> None:
    told = (("birthday", "1990-03-31"), ("tier", "gold"), ("language", "de-DE"), ("size", 42), ("other", "x"))
    metafields = [{"namespace": "custom", "key": key, "value": value} for key, value in told]
    body = {**fixture("customers/update"), "metafields": metafields}
    payload = _customer(structs.replace(SHOP, own_fields=OWN), "shopify", "customers/update", body)
    assert (payload.birthday, payload.customer.group, payload.customer.locale) == (date(1990, 3, 31), "gold", "de-DE")
    assert payload.attributes["size"] == 42
    assert _customer(SHOP, "shopify", "customers/update", body).birthday is None


def test_meta_data_of_woocommerce_is_read_by_the_setting_of_the_shop() -> None:
    body = {"id": 7, "email": "ana@example.com", "meta_data": [{"id": 1, "key": "birth", "value": "1990-03-31"}]}
    shop = structs.replace(SHOP, own_fields={"birthday": "birth"})
    assert _customer(shop, "woocommerce", "customer.updated", body).birthday == date(1990, 3, 31)


def test_what_cant_be_read_is_left_out_with_a_note() -> None:
    values: dict[str, object] = {"custom.birthday": "soon", "custom.language": "!", "custom.tier": ["x"]}
    with collecting() as notes:
        assert with_own_fields(ANA, values, OWN) == ANA
    assert len(notes) == 3


@given(st.dictionaries(st.sampled_from(sorted(OWN.values())), st.text() | st.integers() | st.floats() | st.booleans()))
def test_whatever_stands_in_them_is_read_or_left_out(values: dict[str, object]) -> None:
    payload = with_own_fields(ANA, values, OWN | {name: "custom.tier" for name in FIELDS if name not in OWN})
    assert payload.customer.id == "7"


async def test_the_setting_is_kept_by_shop_and_taken_away_again(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_fields(connection, "tea", OWN)
        await set_fields(connection, "coffee", {"birthday": "birth"})
        await set_fields(connection, "tea", {"group": "", "birthday": "facts.birth_date", "country": ""})
        assert await fields_of_shops(connection) == {
            "coffee": {"birthday": "birth"},
            "tea": {"attributes.size": "custom.size", "birthday": "facts.birth_date", "locale": "custom.language"},
        }
