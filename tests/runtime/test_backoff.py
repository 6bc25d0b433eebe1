"""Pauses between tries."""

from relevo_runtime.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(0.5, 3.0)
    assert not backoff.failed
    assert [backoff.failure() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert backoff.failed
    backoff.success()
    assert not backoff.failed
    assert backoff.failure() == 0.5
