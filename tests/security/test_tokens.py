"""Tokens for SASL OAUTHBEARER over HTTPS: kept, renewed before they end, and asked for again after a failure."""

from collections.abc import AsyncIterator, Callable

import pytest
from starlette.responses import JSONResponse, Response

from relevo_runtime.kafka.refusals import TokenError
from relevo_runtime.kafka.tokens import Tokens
from relevo_runtime.tls import TlsFiles
from tests.security.certificates import Authority
from tests.security.token_endpoint import CLIENT, SECRET, Signer, TokenEndpoint, token_endpoint


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def endpoint(authority: Authority, signer: Signer) -> AsyncIterator[TokenEndpoint]:
    async with token_endpoint(signer, authority.issue("tokens")) as started:
        yield started


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def make(endpoint: TokenEndpoint, authority: Authority, seconds: Seconds) -> Callable[..., Tokens]:
    def made(secret: str = SECRET, scope: str = "") -> Tokens:
        tls = TlsFiles(ca=authority.ca, variables="RELEVO_KAFKA_TOKEN_")
        return Tokens(endpoint.url, CLIENT, secret, scope, tls=tls, seconds=seconds)

    return made


async def test_a_token_is_kept_and_renewed_before_it_ends(
    make: Callable[..., Tokens], endpoint: TokenEndpoint, seconds: Seconds
) -> None:
    endpoint.seconds = 100
    tokens = make(scope="kafka write")
    first = await tokens.token()
    seconds.now += 79
    assert await tokens.token() == first
    assert endpoint.asked == [{"grant_type": ["client_credentials"], "scope": ["kafka write"]}]
    seconds.now += 1
    await tokens.token()
    assert len(endpoint.asked) == 2


async def test_a_failing_endpoint_costs_nothing_while_the_token_is_good(
    make: Callable[..., Tokens], endpoint: TokenEndpoint, seconds: Seconds
) -> None:
    endpoint.seconds = 100
    tokens = make()
    first = await tokens.token()
    endpoint.broken = Response("oops", 500)
    seconds.now += 99
    assert await tokens.token() == first
    seconds.now += 1
    with pytest.raises(TokenError, match="gives no token: 500"):
        await tokens.token()


async def test_it_is_asked_again_after_a_growing_pause(
    make: Callable[..., Tokens], endpoint: TokenEndpoint, seconds: Seconds
) -> None:
    endpoint.broken = JSONResponse({"error": "temporarily_unavailable"}, 503)
    tokens = make()
    for _ in range(100):
        with pytest.raises(TokenError, match="503 temporarily_unavailable"):
            await tokens.token()
        seconds.now += 0.1
    assert 3 < len(endpoint.asked) < 10
    endpoint.broken = None
    seconds.now += 10
    assert await tokens.token()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (JSONResponse({}), "not a token"),
        (JSONResponse([]), "not a token"),
        (JSONResponse({"access_token": "a\x01b"}), "not a token"),
        (JSONResponse({"access_token": 7}), "not a token"),
        (Response("<html>"), "not a token"),
        (JSONResponse({"error": ["odd"]}, 400), "gives no token: 400"),
        (Response(b"\xff" * 100_000, 400), "gives no token: 400"),
        (Response("", 302, {"location": "https://elsewhere.example.com"}), "gives no token: 302"),
    ],
)
async def test_an_answer_that_is_no_token(
    make: Callable[..., Tokens], endpoint: TokenEndpoint, answer: Response, told: str
) -> None:
    endpoint.broken = answer
    with pytest.raises(TokenError) as refused:
        await make().token()
    assert told in str(refused.value)
    assert len(str(refused.value)) < 400


async def test_a_wrong_secret_is_told_and_does_not_show(make: Callable[..., Tokens]) -> None:
    tokens = make("hunter2")
    with pytest.raises(TokenError, match="401 invalid_client Unknown client") as refused:
        await tokens.token()
    assert "hunter2" not in f"{refused.value} {tokens!r}"


async def test_a_token_without_an_end_serves_one_connection(
    make: Callable[..., Tokens], endpoint: TokenEndpoint
) -> None:
    endpoint.broken = JSONResponse({"access_token": "opaque"})
    tokens = make()
    assert [await tokens.token(), await tokens.token()] == ["opaque", "opaque"]
    assert len(endpoint.asked) == 2
