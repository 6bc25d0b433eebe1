"""A repository for the tests of the plugin."""

from pathlib import Path

import pytest

from tests.plugin import repository


@pytest.fixture
async def shop(tmp_path: Path) -> Path:
    """The example's repository, to be changed at will."""
    return await repository.made(tmp_path)
