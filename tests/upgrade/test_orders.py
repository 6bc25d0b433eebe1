"""In which order services are exchanged."""

from tests.upgrade.orders import ROLLBACK, SERVICES, UPGRADE, every_mixture


def test_every_mixture_of_the_two_releases_is_visited_and_all_are_new_in_the_end() -> None:
    mixture: frozenset[str] = frozenset()
    seen = {mixture}
    for exchange in every_mixture():
        after = exchange.after(mixture)
        assert len(after ^ mixture) == 1  # one service at a time
        seen.add(mixture := after)
    assert len(seen) == 2 ** len(SERVICES)
    assert mixture == frozenset(SERVICES)


def test_an_upgrade_goes_to_who_reads_before_who_writes_and_a_rollback_the_other_way() -> None:
    assert [one.service for one in UPGRADE] == ["notifier", "ingest", "engine", "scheduler"]
    assert [one.service for one in ROLLBACK] == [one.service for one in reversed(UPGRADE)]
    assert all(one.forward for one in UPGRADE)
    assert not any(one.forward for one in ROLLBACK)
