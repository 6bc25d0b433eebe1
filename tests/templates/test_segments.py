"""Segments of SMS: the boundaries of both alphabets, and what holds for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_templates.segments import segments_of


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the escape that would end a segment begins the next
        ("ñ" * 160, "GSM-7", 160, 1),
        ("ó" * 70, "UCS-2", 70, 1),
        ("ó" * 71, "UCS-2", 71, 2),
        ("ó" * 134, "UCS-2", 134, 2),
        ("ó" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 67, "UCS-2", 134, 3),  # 33 in a segment: a pair of surrogates is not cut
        ("a\u2019b", "UCS-2", 3, 1),
    ],
)
def test_text_has_the_segments_of_its_alphabet(text: str, encoding: str, units: int, count: int) -> None:
    found = segments_of(text)
    assert (found.encoding, found.units, found.count) == (encoding, units, count)


def test_what_typesetting_brought_in_is_named_and_written_plainly() -> None:
    found = segments_of("It\u2019s here \u2013 \u201cready\u201d\u2026 come")
    assert found.typographic
    assert found.foreign == "\u2019\u2013\u201c\u201d\u2026"
    assert found.plain == 'It\'s here - "ready"... come'
    assert segments_of(found.plain).encoding == "GSM-7"


def test_letters_without_a_like_are_not_typesetting() -> None:
    assert not segments_of("Tu pedido está en camino \u2013 hoy").typographic
    assert not segments_of("plain").typographic


@given(st.text())
def test_segments_hold_their_text_and_no_more_are_taken_than_needed(text: str) -> None:
    found = segments_of(text)
    single, several = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    assert (found.count == 0) == (text == "")
    if found.units <= single:
        assert found.count <= 1
    else:
        assert (found.count - 1) * (several - 1) < found.units <= found.count * several


@given(st.text(), st.text())
def test_more_text_never_needs_fewer_segments(text: str, more: str) -> None:
    assert segments_of(text + more).count >= segments_of(text).count
