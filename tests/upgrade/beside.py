"""The previous release beside this one, under load: `make test-upgrade`, by `run.sh`. `make test` leaves it out."""

import os

import pytest

from tests.chaos.under_load import played
from tests.upgrade.orders import ROLLBACK, SERVICES, UPGRADE, every_mixture

PREVIOUS = "RELEVO_TEST_PREVIOUS_RELEASE"
"""The variable with the folder in which `run.sh` has set the previous release up."""
EXCHANGES = len(UPGRADE) + len(ROLLBACK) + len(list(every_mixture()))
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]


async def test_the_previous_release_works_beside_this_one_in_every_mixture() -> None:
    code, found, told = await played("tests.upgrade", os.environ[PREVIOUS])
    assert code == 0, f"{found}\n{told}"
    print(found)  # noqa: T201  # how much it was is said
    assert found["webhooks"] > 0
    assert (found["exchanges"], found["mixtures"]) == (EXCHANGES, 2 ** len(SERVICES))
    books = ("lost", "duplicated", "in_doubt", "early", "stuck")
    wrong = (*books, "refused", "dead_letters", "unrecognised", "deaths", "unprepared")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0), told
