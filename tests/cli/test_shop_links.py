"""What `relevo shops` says of a shop's links: what is given changes, all else stays, and what can't be is refused."""

import pytest

from relevo_cli.commands.shop_links import ConsentChoice, LinkOptions, TrackingChoice
from relevo_cli.errors import CommandError
from relevo_contracts.link_rules import LinkRules

NOTHING = LinkOptions(None, None, None, None, None, None)


def test_what_is_not_given_stays() -> None:
    rules = LinkRules(tracking="all", sms=True, utm={"source": "acme"}, hosts=["blog.example.com"])
    assert NOTHING.over(rules) == rules
    assert not NOTHING.any()
    changed = LinkOptions(TrackingChoice.off, ConsentChoice.required, False, False, "default", "none")
    assert changed.any()
    assert changed.over(rules) == LinkRules(tracking="off", consent="required")


@pytest.mark.parametrize(
    ("given", "utm"),
    [
        ("none", None),
        ("", {}),
        ("source=acme, utm_medium=mail", {"source": "acme", "medium": "mail"}),
        ("content=", {"content": ""}),
    ],
)
def test_campaign_parameters_are_given_by_name(given: str, utm: dict[str, str] | None) -> None:
    assert LinkOptions(None, None, None, None, given, None).over(LinkRules()).utm == utm


@pytest.mark.parametrize(
    ("utm", "hosts", "message"),
    [("campain=x", None, "campain"), ("source", None, "source"), (None, "https://a.example", "host name")],
)
def test_what_can_t_be_is_refused(utm: str | None, hosts: str | None, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        LinkOptions(None, None, None, None, utm, hosts).over(LinkRules())
