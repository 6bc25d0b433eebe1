"""Names of time zones: IANA's, Windows', Rails'; whatever else is written is unknown and never an error."""

import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.zone_names import RAILS, WINDOWS
from relevo_contracts.zones import zone, zone_name


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        ("europe/madrid", "Europe/Madrid"),
        (" Asia/Tokyo\n", "Asia/Tokyo"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("Kyiv", "Europe/Kiev"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ("UTC", "UTC"),
        ("UTC-11", "Etc/GMT+11"),
    ],
)
def test_known_names(name: str, iana: str) -> None:
    assert zone_name(name) == iana


@pytest.mark.parametrize(
    "name",
    [
        *[
            "",
            None,
            "Europe",
            "US",
            "Etc",
            "America",
            "America/Indiana",
            "x" * 100_000,
            "../etc/passwd",
            "/etc/passwd",
            ".",
        ],
        *[
            "posix/Europe/Madrid",
            "right/UTC",
            "localtime",
            "posixrules",
            "Factory",
            "tzdata.zi",
            "zone.tab",
            "__init__.py",
        ],
        *["a\0b", "\ud800", "Europe/Madrid\0", "GMT+25:00", "(GMT-05:00) ", "Standard Time", "CEST", "Mars/Olympus"],
    ],
)
def test_unknown_names(name: str | None) -> None:
    assert (zone(name), zone_name(name)) == (None, "")


@given(st.text() | st.lists(st.sampled_from(["..", "/", "Europe", "US", "\0", " "]), max_size=5).map("/".join))
def test_any_name_is_a_zone_or_none(name: str) -> None:
    found = zone(name)
    assert found is None or found.key in zoneinfo.available_timezones()


def test_every_name_of_windows_and_rails_is_a_place_that_iana_has() -> None:
    places = zoneinfo.available_timezones()
    names = [*WINDOWS, *RAILS]
    assert [name for name in names if zone_name(name) not in places] == []
