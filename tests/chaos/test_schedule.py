"""Who is killed and what else goes wrong follows from the seed, and nobody is left out."""

from tests.chaos.schedule import DISTURBANCES, FULL_DISKS, VICTIMS, disturbances, kills
from tests.chaos.under_load import KILLS


def test_all_kinds_of_victims_and_disturbances_have_their_turn() -> None:
    assert {one.victim for one in kills(1, KILLS)} == set(VICTIMS)
    dealt = disturbances(1, can_fill_disks=True)
    assert {next(dealt) for _ in DISTURBANCES} == set(DISTURBANCES)
    dealt = disturbances(1, can_fill_disks=False)
    assert not {next(dealt) for _ in DISTURBANCES} & set(FULL_DISKS)


def test_the_same_seed_gives_the_same_run() -> None:
    assert kills(7, 50) == kills(7, 50) != kills(8, 50)
