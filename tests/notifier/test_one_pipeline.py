"""Deliveries and calls go one way: what both tables say of the life of a row is the same."""

import re

import pytest

from relevo_notifier.adapters import calls, deliveries

LIFE = {"accept", "begin", "claim_due", "next_wake", "settle", "spoil", "reported", "release"}


def neutral(sql: str) -> str:
    """The statement without what names the kind."""
    sql = re.sub(r"--.*", "", sql)
    sql = re.sub(r"notifier\.(?:delivery|call)\b(?: [dc]\b)?", "notifier.work w", sql)
    sql = re.sub(r"\b[dc]\.", "w.", sql)
    return " ".join(sql.split())


def test_both_tables_have_the_same_statements() -> None:
    assert set(calls.STATEMENTS) == LIFE
    assert set(deliveries.STATEMENTS) >= LIFE


@pytest.mark.parametrize("name", ["spoil", "reported", "release"])
def test_what_is_common_to_both_reads_the_same(name: str) -> None:
    assert neutral(calls.STATEMENTS[name]) == neutral(deliveries.STATEMENTS[name])
