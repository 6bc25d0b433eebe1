"""An amount that is read at one look is what the long way makes of it."""

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from relevo_contracts.payloads import Money
from relevo_ingest.core.money import as_written, required_money

AMOUNTS = (
    st.from_regex(r"-?\d{0,14}\.?\d{0,4}", fullmatch=True)
    | st.decimals(allow_nan=False, places=2).map(str)
    | st.text(alphabet="0123456789.,-+ \n\u0661eE_", max_size=20)
)
CURRENCIES = st.sampled_from(("EUR", "USD", "JPY", "KWD", "CLF", "XYZ", "eur", " EUR", "EU", "EURO", "E R", "\u00c4UR"))


@given(AMOUNTS, CURRENCIES)
@example("12.50", "EUR")
@example("12.50\n", "EUR")
@example("12.50", "JPY")
@example("012.50", "EUR")
def test_one_look_says_what_the_long_way_says(amount: str, currency: str) -> None:
    found = as_written(amount, currency)
    if found is not None:
        assert found == Money(amount=amount, currency=currency)
        assert found == required_money(f" {amount} ", currency, "here")  # spaces: the long way
        assert Decimal(found.amount) >= 0


def test_nearly_all_amounts_take_one_look() -> None:
    assert as_written("0.00", "USD") == Money("0.00", "USD")
    assert as_written("999999999999.99", "EUR") == Money("999999999999.99", "EUR")
    assert [as_written(odd, "EUR") for odd in (None, "", 12, 12.5, "1,50")] == [None] * 5
