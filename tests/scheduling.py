"""Which worker of pytest-xdist runs which test."""

from xdist.scheduler import LoadScopeScheduling

from tests.running_order import OWN_SERVERS, WHOLE_SYSTEM, folder_of


class InOrder(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """Gives each worker the next test. Those that start whole systems all go to the first one, from the beginning.

    They are the longest way through the tests, and the largest unit, which pytest-xdist hands out first.
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = folder_of(nodeid)
        if folder in OWN_SERVERS:
            return folder
        return "whole systems" if folder in WHOLE_SYSTEM else nodeid
