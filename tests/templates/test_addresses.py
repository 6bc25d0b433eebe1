"""Values in addresses are percent-encoded where they stand; what is not a web address is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_templates.addresses import _PLAIN, _assembled, _web_address, assembled, marked, web_address
from relevo_templates.formats import formats_of
from relevo_templates.texts import Text

CONTEXT = {
    "number": "#1001",
    "name": "José & Co",
    "url": "https://acme.example.com/a?b=1&c=é",
    "domain": "käse.example",
    "up": "..",
    "path": "a/b",
    "mail": "ana+1@example.com",
    "odd": "https://[courier-site]/track/123",
}


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (
            "https://erp.example.com/orders/{{ number }}?name={{ name }}",
            "https://erp.example.com/orders/%231001?name=Jos%C3%A9%20%26%20Co",
        ),
        ("{{ url }}", "https://acme.example.com/a?b=1&c=%C3%A9"),
        (" {{ url }} ", "https://acme.example.com/a?b=1&c=%C3%A9"),
        ("{{ url }}&name={{ name }}", "https://acme.example.com/a?b=1&c=%C3%A9&name=Jos%C3%A9%20%26%20Co"),
        ("{% if nothing %}x{% else %}{{ url }}{% endif %}", "https://acme.example.com/a?b=1&c=%C3%A9"),
        ("https://{{ domain }}/x", "https://xn--kse-qla.example/x"),
        ("https://a.example/{{ up }}/{{ path }}", "https://a.example/%2E%2E/a%2Fb"),
        ("https://a.example/?n={{ name | url_encode }}", "https://a.example/?n=Jos%C3%A9%20%26%20Co"),
        (
            "{% capture x %}{{ name }}{% endcapture %}https://a.example/{{ x }}",
            "https://a.example/Jos%C3%A9%20%26%20Co",
        ),
        ("mailto:{{ mail }}?subject={{ name }}", "mailto:ana+1@example.com?subject=Jos%C3%A9%20%26%20Co"),
        ("https://a.example/ü b", "https://a.example/%C3%BC%20b"),
        ("{{ odd }}", "https://[courier-site]/track/123"),
    ],
)
def test_an_address_is_put_together(written: str, address: str) -> None:
    assert Text(written, into="address").render(CONTEXT, formats_of("en", "UTC")) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" https://a.example/x\n", "https://a.example/x"),
        ("HTTPS://A.example", "HTTPS://A.example"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        ("tel:+34600000000", "tel:+34600000000"),
        ("https://[bad", ""),
        ("https://[courier-site]/track/123", ""),
        ("https://a b/", ""),
        ("https://a.example:99999/", ""),
        ("https://a..example", ""),
        ("https://", ""),
        ("mailto:", ""),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("/orders/1", ""),
        ("//a.example/x", ""),
        ("a.example", ""),
        ("", ""),
    ],
)
def test_what_is_a_web_address(text: str, address: str) -> None:
    assert web_address(text) == address


@given(st.text(max_size=40))
def test_a_value_stays_where_the_template_puts_it(value: str) -> None:
    address = assembled(f"https://a.example/orders/{marked(value)}?x={marked(value)}#end")
    assert address.startswith("https://a.example/orders/")
    assert (address.count("?"), address.count("#"), address.count("/")) == (1, 1, 4)
    assert address.isascii()
    assert address.isprintable()
    assert web_address(address) == address


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda text: f"https://{text}"))
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = web_address(text)
    assert found == "" or (found.isascii() and found.isprintable() and " " not in found)
    assert web_address(found) == found


ALMOST_PLAIN = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", "https:/", "ftp://"]),
    st.sampled_from(
        ["a.example", "a_b-c.d.example.", "A.b", "a..b", "x" * 64, "a.b" * 85, "1.2.3.4", "a@b", "[::1]", "\u017f"]
    ),
    st.sampled_from(["", ":80", ":0", ":65535", ":99999", ":", ":1a"]),
    st.text(st.sampled_from("/?#a%4Fg[]@é .:&=~'\n"), max_size=8),
)


@given(ALMOST_PLAIN)
def test_what_is_plainly_an_address_is_what_taking_it_apart_gives(address: str) -> None:
    assert web_address(address) == _web_address(address)
    assert assembled(marked(address)) == _assembled(marked(address))


def test_most_addresses_are_plain() -> None:
    for plain in ("https://a.example", "http://A.b:80/c/d-e?f=%C3%A9&g=h#i", "https://a.example/u/eyJ_-9"):
        assert _PLAIN.fullmatch(plain)
