"""Public keys are fetched once in a day, and nobody who names keys at random makes many requests."""

import httpx
import pytest

from relevo_ingest.adapters.key_server import KeyPolicy, KeyServer
from relevo_ingest.core.errors import Busy

KEY = b"-----BEGIN PUBLIC KEY-----"
BASE = "https://keys.example/prod/keys"


class Host:
    """Where keys are, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.status = 200
        self.asked: list[str] = []
        self.hosts: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        self.hosts.append(request.url.host)
        if self.status == 0:
            raise httpx.ConnectError("nobody is there")
        known = request.url.path.endswith("known.pem")
        status = self.status if known or self.status >= 500 else 404
        return httpx.Response(
            status, content=KEY if status == 200 else b"no", headers={"location": "https://x.example"}
        )

    def server(self, mirror: str = "", **policy: float) -> KeyServer:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        limits = KeyPolicy(**policy)  # type: ignore[arg-type]  # whole numbers too
        return KeyServer(client, limits, lambda: self.now, mirror=mirror)


async def test_a_key_is_fetched_again_after_a_day() -> None:
    host = Host()
    server = host.server()
    for at in (0.0, 24 * 3600 - 1.0, 24 * 3600 + 1.0):
        host.now = at
        assert await server.get([f"{BASE}/known.pem", ""]) == {f"{BASE}/known.pem": KEY}
    assert len(host.asked) == 2


async def test_that_there_is_none_is_known_for_a_minute() -> None:
    host = Host()
    server = host.server()
    for at in (0.0, 59.0, 61.0):
        host.now = at
        assert await server.get([f"{BASE}/other.pem"]) == {}
    assert len(host.asked) == 2


async def test_a_mirror_is_asked_for_the_same_paths() -> None:
    host = Host()
    server = host.server(mirror="http://mirror.example:8080/")
    assert await server.get([f"{BASE}/known.pem"]) == {f"{BASE}/known.pem": KEY}
    assert (host.hosts, host.asked) == (["mirror.example"], ["/prod/keys/known.pem"])


@pytest.mark.parametrize("status", [0, 500, 503, 302, 429])
async def test_what_can_not_be_asked_now_is_not_known_to_be_absent(status: int) -> None:
    host = Host()
    host.status = status
    server = host.server()
    with pytest.raises(Busy, match="can't be fetched now"):
        await server.get([f"{BASE}/known.pem"])
    host.status = 200
    assert await server.get([f"{BASE}/known.pem"]) == {f"{BASE}/known.pem": KEY}


async def test_one_key_of_two_will_do() -> None:
    host = Host()
    server = host.server()
    await server.get([f"{BASE}/known.pem"])
    host.status = 0
    assert await server.get([f"{BASE}/known.pem", f"{BASE}/2.known.pem"]) == {f"{BASE}/known.pem": KEY}


async def test_whoever_names_keys_at_random_makes_few_requests() -> None:
    host = Host()
    server = host.server(most_fetches=5, most=3)
    refused = 0
    for n in range(50):
        try:
            await server.get([f"{BASE}/{n}.pem"])
        except Busy:
            refused += 1
    assert (len(host.asked), refused) == (5, 45)
    host.now = 61.0
    assert await server.get([f"{BASE}/known.pem"]) == {f"{BASE}/known.pem": KEY}
