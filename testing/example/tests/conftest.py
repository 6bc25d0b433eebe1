"""The shop that the tests on the real system serve."""

import pytest

from relevo_testing import ShopUnderTest


@pytest.fixture(scope="session")
def relevo_shop() -> ShopUnderTest:
    return ShopUnderTest(name="casa-luna", platform="shopify", title="Casa Luna", timezone="Europe/Madrid")
