"""Files as shops export them: what becomes of their rows, and what is said of those that can't be taken."""

import csv
import io
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.contact import Contact, apply_event
from relevo_contracts.payloads import Money
from relevo_ingest.core.imports.grouping import WINDOW
from relevo_ingest.core.imports.kinds import KINDS
from relevo_ingest.core.imports.lines import UnreadableFile
from tests.ingest.imports.reading import AS_OF, Found, read_file


def _reasons(found: Found) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.reason) for one in found.rejected]


def test_a_customer_is_read_by_the_default_names() -> None:
    found = read_file(
        b"id,E-Mail,First Name,Phone,Birthday,Tags,Total Spent,updated_at\n"
        b'7,Ana@Example.com,Ana,030 901820,1990-03-31,"vip, tea",12.5,2026-01-02T10:00:00Z\n'
    )
    (draft,), (payload,) = found.drafts, found.payloads
    assert (draft.type, draft.historical, draft.at) == ("customer.updated", True, datetime(2026, 1, 2, 10, tzinfo=UTC))
    assert (payload.customer.id, payload.customer.email, payload.customer.phone) == (
        *("7", "ana@example.com", "+4930901820"),
    )
    assert (payload.birthday, payload.tags) == (date(1990, 3, 31), ["vip", "tea"])
    assert payload.total_spent == Money("12.5", "EUR")


def test_what_is_written_in_german_is_read_by_a_mapping() -> None:
    content = "Kundennr;Mail;Geburtstag;Umsatz;Gruppe;Größe;Egal\n7;ana@example.com;31.03.1990;1.234,50 €;;XL;x\n"
    mapping = {
        "columns": {
            "Kundennr": "id",
            "Mail": "email",
            "Geburtstag": {"field": "birthday", "date": "%d.%m.%Y"},
            "Umsatz": "total_spent",
            "Gruppe": "group",
            "Größe": "attributes.size",
            "Egal": "-",
        },
        "constants": {"locale": "de-DE", "group": "retail"},
        "decimal": "comma",
    }
    for encoding, detected in (("cp1252", "cp1252"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16")):
        found = read_file(content.encode(encoding), mapping=mapping)
        assert (found.encoding, found.table.delimiter, found.rejected) == (detected, ";", [])
        (payload,) = found.payloads
        assert payload.total_spent == Money("1234.50", "EUR")
        assert (payload.customer.locale, payload.customer.group) == ("de-DE", "retail")
        assert (payload.birthday, payload.attributes) == (date(1990, 3, 31), {"size": "XL"})


def test_a_time_without_a_zone_is_the_shops_and_none_is_the_files() -> None:
    found = read_file(b"email,updated_at\nana@example.com,2026-01-02 10:00:00\nben@example.com,\n")
    assert [draft.at for draft in found.drafts] == [datetime(2026, 1, 2, 9, tzinfo=UTC), AS_OF]


def test_bad_rows_are_told_with_line_column_and_reason() -> None:
    found = read_file(
        b"id,email,birthday,updated_at\n"
        b"1,not an address,,\n"
        b"2,b@example.com,31.3.90,\n"
        b"3,c@example.com\n"
        b'4,"d@example.com,,\n'
        b"5,e@example.com,,2030-01-01T00:00:00Z\n"
        b"6,f\xe9@example.com,,\n"
        b'"","",,\n' + "7,ü@example.com,,\n8,ö@example.com,,\n".encode()
    )
    assert found.taken == 2
    assert [(line, column) for line, column, _ in _reasons(found)] == [
        *[(2, "email"), (3, "birthday"), (4, ""), (5, ""), (6, "updated_at"), (7, "email"), (8, "customer")]
    ]
    reasons = [reason for _, _, reason in _reasons(found)]
    assert reasons[0] == "'not an address' is not an e-mail address"
    assert "is not a date of the form 2026-03-31" in reasons[1]
    assert reasons[2] == "has 2 cells, the header has 4: quote a value that holds the delimiter"
    assert "a quotation mark that begins here isn't closed" in reasons[3]
    assert "lies in the future" in reasons[4]
    assert reasons[5] == "holds what is not utf-8 (byte 0xe9)"
    assert reasons[6] == "names nobody: give its id, email or phone"


def test_what_was_rejected_is_mended_and_imported_by_itself() -> None:
    found = read_file(b"id;email\n1;a@example.com\n2;oops\n3;uh oh\n")
    assert found.again.decode() == (
        "relevo_line;relevo_column;relevo_reason;id;email\n"
        "3;email;'oops' is not an e-mail address;2;oops\n"
        "4;email;'uh oh' is not an e-mail address;3;uh oh\n"
    )
    mended = read_file(found.again.replace(b";oops\n", b";b@example.com\n"))
    assert [payload.customer.email for payload in mended.payloads] == ["b@example.com"]
    assert mended.again.decode().splitlines()[1] == "3;email;'uh oh' is not an e-mail address;3;uh oh"


def test_json_lines_are_read_and_rejected_as_json_lines() -> None:
    found = read_file(
        b'{"id": 7, "email": "ana@example.com", "tags": ["vip"], "attributes": {"size": 5, "a": {"b": true}}}\n'
        b"\n"
        b'{"id": 8, "email": 5}\n'
        b"[1]\n"
        b'{"id":\n'
    )
    (payload,) = found.payloads
    assert (payload.customer.id, payload.tags, payload.attributes) == ("7", ["vip"], {"size": 5, "a.b": True})
    again = [msgspec.json.decode(line) for line in found.again.splitlines()]
    assert [(one["relevo_line"], one["relevo_column"]) for one in again] == [(3, "email"), (4, ""), (5, "")]
    assert (again[0]["id"], again[1]["relevo_raw"]) == (8, "[1]")


def test_the_same_rows_have_the_same_ids_in_any_file() -> None:
    one = read_file(b"id,email,tags\n1,a@example.com,vip\n2,b@example.com,\n")
    other = read_file(b"tags;id;email\n;2;b@example.com\nvip;1;A@example.com\nvip;1;a@example.org\n")
    ids = [draft.id for draft in one.drafts]
    assert [draft.id for draft in other.drafts][:2] == [ids[1], ids[0]]
    assert len({draft.id for draft in other.drafts}) == 3


def test_the_rows_of_an_order_are_one_event_also_with_others_between() -> None:
    found = read_file(
        b"Name,Id,Email,Created at,Total,Currency,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at\n"
        b"#1001,17,ana@example.com,2026-01-02 10:00:00 +0100,42.00,USD,2,Green tea,10.00,\n"
        b"#1002,18,ben@example.com,2026-01-03 10:00:00 +0100,5.00,EUR,1,Cup,5.00,2026-01-04 10:00:00 +0100\n"
        b"#1001,,,,,,1,Kettle,22.00,\n",
        "orders",
    )
    assert [(draft.type, getattr(draft.payload, "order_id", "")) for draft in found.drafts] == [
        *[("order.placed", "17"), ("order.placed", "18"), ("order.cancelled", "18")]
    ]
    first = found.payloads[0]
    assert (first.number, first.total) == ("#1001", Money("42.00", "USD"))
    assert [(item.title, item.quantity) for item in first.items] == [("Green tea", 2), ("Kettle", 1)]
    assert found.drafts[2].at == datetime(2026, 1, 4, 9, tzinfo=UTC)
    assert found.taken == 3


def test_an_order_with_a_bad_row_is_rejected_as_a_whole() -> None:
    found = read_file(
        b"order_id,placed_at,item.title,item.quantity\n1,2026-01-01,Tea,1\n1,,Cup,many\n2,2026-01-01,Cup,1\n3,,Cup,1\n",
        "orders",
    )
    assert [payload.order_id for payload in found.payloads] == ["2"]
    assert _reasons(found) == [
        (2, "", "belongs to what is wrong on line 3"),
        (3, "item.quantity", "'many' is not a number"),
        (5, "placed_at", "is empty"),
    ]


def test_an_order_whose_rows_are_too_far_apart_is_told() -> None:
    rows = "".join(f"{n},2026-01-01,Tea\n" for n in range(WINDOW + 2))
    found = read_file(f"order_id,placed_at,title\n{rows}0,2026-01-01,Cup\n".encode(), "orders")
    assert (found.taken, len(found.rejected)) == (WINDOW + 2, 1)
    assert "'0' began on line 2, more than 10,000 rows before" in found.rejected[0].reason


def test_orders_in_json_have_their_items_inside() -> None:
    found = read_file(
        b'{"order_id": "1", "placed_at": "2026-01-01T00:00:00Z", "customer": {"email": "ana@example.com"},'
        b' "total": 5.5, "items": [{"title": "Tea", "quantity": 2, "price": 2.75, "categories": ["Tea", "Green"]}]}\n',
        "orders",
    )
    (payload,) = found.payloads
    assert (payload.customer.email, payload.total, payload.items[0].price) == (
        *("ana@example.com", Money("5.5", "EUR"), Money("2.75", "EUR")),
    )
    assert payload.items[0].categories == ["Tea", "Green"]


def test_the_rows_of_a_product_are_its_variants() -> None:
    found = read_file(
        b"id,title,type,image,variant_id,variant_sku,variant_price,stock,updated_at\n"
        b"5,Tea,Drinks,https://x.example/t.png,51,T-S,4.00,3,2026-01-01\n5,,,,52,T-L,7.00,-1,\n",
        "products",
    )
    (payload,) = found.payloads
    assert (payload.title, payload.categories, payload.image_url) == ("Tea", ["Drinks"], "https://x.example/t.png")
    assert [(one.sku, one.price.amount, one.available) for one in payload.variants] == [
        *[("T-S", "4.00", 3), ("T-L", "7.00", -1)]
    ]


def test_consent_is_taken_with_its_proof_alone() -> None:
    found = read_file(
        b"email,status,date,source,basis\n"
        b"a@example.com,subscribed,2020-05-05T10:00:00Z,Shop in Berlin,double opt-in\n"
        b"b@example.com,subscribed,2020-05-05T10:00:00Z,,double opt-in\n"
        b"c@example.com,subscribed,2020-05-05T10:00:00Z,Shop in Berlin,\n"
        b"d@example.com,unsubscribed,2020-05-05T10:00:00Z,,\n"
        b"e@example.com,unsubscribed,,,\n"
        b"f@example.com,restored,2020-05-05T10:00:00Z,x,y\n"
        b",subscribed,2020-05-05T10:00:00Z,x,y\n",
        "consents",
    )
    granted, withdrawn = found.payloads
    assert (granted.state, granted.channel, granted.double_opt_in) == ("granted", "email", True)
    assert granted.source == "Shop in Berlin (double opt-in)"
    assert (withdrawn.state, withdrawn.source) == ("withdrawn", "import")
    assert [(line, column) for line, column, _ in _reasons(found)] == [
        *[(3, "source"), (4, "basis"), (6, "date"), (7, "status"), (8, "channel")]
    ]


@pytest.mark.parametrize("later_first", [True, False])
def test_an_imported_grant_never_overwrites_a_later_withdrawal(later_first: bool) -> None:
    old, now = "2020-05-05T10:00:00Z", "2026-05-05T10:00:00Z"
    header = b"email,status,date,source,basis\n"
    granted = read_file(header + f"a@example.com,granted,{old},Shop,written\n".encode(), "consents").drafts
    withdrawn = read_file(header + f"a@example.com,withdrawn,{now},,\n".encode(), "consents").drafts
    contact = Contact(email="a@example.com")
    for draft in (*withdrawn, *granted) if later_first else (*granted, *withdrawn):
        assert draft.at is not None
        contact = apply_event(contact, draft.payload, draft.at)
    assert (contact.email_consent.state, contact.email_consent.at) == ("withdrawn", withdrawn[0].at)


@pytest.mark.parametrize(
    ("content", "mapping", "problem"),
    [
        (b"", None, "the file is empty"),
        (b"a,b,a\n", None, "names the column 'a' twice"),
        (b'[{"id": 1}]', None, "JSON Lines are wanted"),
        (b"id\n", {"columns": {"Id": "id"}}, "the file has no column 'Id'; did you mean 'id'?"),
        (b"id\n", {"columns": {"id": "emial"}}, "customers have no field 'emial'; did you mean 'email'?"),
        (b"id\n", {"colums": {}}, "unknown field `colums`"),
        (b"id\n", {"phone_region": "Germany!"}, "is not an ISO 3166-1 country"),
        (b"id\n", {"timezone": "Berlin/Europe"}, "is not a time zone"),
    ],
)
def test_a_file_that_cant_be_read_is_told_as_a_whole(
    content: bytes, mapping: dict[str, object] | None, problem: str
) -> None:
    with pytest.raises(UnreadableFile, match=problem.replace("?", r"\?").replace("[", r"\[")):
        read_file(content, mapping=mapping)


_WORDS = st.sampled_from(
    [
        *(
            "id",
            "email",
            "7",
            "a@example.com",
            '"',
            "\n",
            "\r",
            "\r\n",
            ",",
            ";",
            "\t",
            "é",
            "\0",
            "placed_at",
            "order_id",
        ),
        *(
            "2026-01-01",
            "{",
            "}",
            '"id":',
            "[]",
            "1e999",
            "status",
            "subscribed",
            "sep=;",
            "title",
            "total",
            "-",
            "\ud83d",
        ),
    ]
)
_TEXT = st.lists(_WORDS).map("".join).map(lambda text: text.encode("utf-8", "surrogatepass"))
_NAMED = st.sampled_from(
    [
        *(b"id,email\n", b"order_id,placed_at,title,quantity,total\n", b"email,status,time,source,basis\n", b""),
        *(b"product_id;title;price\n", b"\xff\xfei\0d\0\n\0", b'{"id": "1"}\n', b"\x1f\x8b"),
    ]
)


@given(_NAMED, st.one_of(st.binary(), _TEXT), st.sampled_from(sorted(KINDS)))
def test_any_bytes_end_in_rows_that_are_imported_or_rejected(begin: bytes, rest: bytes, kind: str) -> None:
    try:
        found = read_file(begin + rest, kind)
    except UnreadableFile as error:
        assert str(error)
        return
    assert found.taken + len(found.rejected) == found.records
    assert all(one.reason for one in found.rejected)
    assert [draft.historical for draft in found.drafts] == [True] * len(found.drafts)
    if found.rejected:
        again = read_file(found.again, kind)
        assert again.taken + len(again.rejected) == again.records


@given(st.lists(st.tuples(st.integers(1, 99), st.text(max_size=20)), max_size=20))
def test_whatever_can_be_written_as_csv_is_read_as_it_was(rows: list[tuple[int, str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([("id", "attributes.note"), *rows])
    found = read_file(file.getvalue().encode("utf-8", "replace"))
    assert (found.taken, found.rejected) == (len(rows), [])
