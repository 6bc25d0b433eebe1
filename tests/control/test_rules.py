"""The rules of control, without IO: tokens, origins of requests, failed log-ins."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from relevo_control.core.attempts import FailedAttempts
from relevo_control.core.origins import networks, origin
from relevo_control.core.tokens import ID_BYTES, SECRET_BYTES, hash_of, id_of, is_of, written
from tests.engine.conftest import MORNING

MINUTE = timedelta(minutes=1)


@given(st.binary(min_size=ID_BYTES, max_size=ID_BYTES), st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_a_token_says_its_id_and_fits_its_hash_alone(token_id: bytes, secret: bytes) -> None:
    text = written(token_id, secret)
    assert id_of(text) == token_id.hex()
    assert is_of(text, hash_of(text))
    assert not is_of(text + "x", hash_of(text))
    assert not is_of(text, None)


@given(st.text())
def test_what_is_not_a_token_has_no_id(text: str) -> None:
    assert id_of(text) is None or text.startswith("relevo_")


def test_only_trusted_proxies_say_whom_they_speak_for() -> None:
    trusted = networks("10.0.0.0/8, fd00::/8")
    assert origin("203.0.113.9", "198.51.100.1", trusted) == "203.0.113.9"
    assert origin("10.0.0.1", "198.51.100.1", trusted) == "198.51.100.1"
    assert origin("10.0.0.1", "198.51.100.1, 10.2.3.4", trusted) == "198.51.100.1"
    assert origin("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.2.3.4", trusted) == "203.0.113.7"
    assert origin("10.0.0.1", "not an address", trusted) == "10.0.0.1"
    assert origin("10.0.0.1", "", trusted) == "10.0.0.1"
    assert origin("fd00::1", "2001:db8::7", trusted) == "2001:db8::7"


@given(st.text(), st.text())
def test_a_header_of_whoever_is_not_trusted_changes_nothing(peer: str, forwarded: str) -> None:
    assert origin(peer, forwarded, []) == peer


def test_whoever_has_many_addresses_of_one_network_has_no_more_tries() -> None:
    attempts = FailedAttempts(2)
    for address in ("2001:db8::1", "2001:db8::2:1"):
        attempts.failed(address, MORNING)
    assert attempts.wait("2001:db8::3", MORNING) is not None
    assert attempts.wait("2001:db8:0:1::3", MORNING) is None
    for _ in range(2):
        attempts.failed("::ffff:203.0.113.9", MORNING)
    assert attempts.wait("203.0.113.9", MORNING) is not None
    assert attempts.wait("203.0.113.8", MORNING) is None


@given(st.lists(st.floats(min_value=0, max_value=300), max_size=30), st.integers(min_value=1, max_value=5))
def test_who_waits_as_long_as_was_said_may_try_again(seconds: list[float], most: int) -> None:
    attempts = FailedAttempts(most)
    now = MORNING
    for now in sorted(MORNING + timedelta(seconds=one) for one in seconds):
        wait = attempts.wait("a", now)
        assert wait is None or timedelta(0) < wait <= MINUTE
        if wait is None:
            attempts.failed("a", now)
        else:
            assert attempts.wait("a", now + wait) is None
    assert attempts.wait("another", now) is None
