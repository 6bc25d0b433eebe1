"""Which worker of pytest-xdist runs which test."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.running_order import WHOLE_SYSTEM, folder_of


class InOrder(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """Gives each worker the next test; those that start whole systems all go to one worker."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return "whole systems" if folder_of(nodeid) in WHOLE_SYSTEM else nodeid
