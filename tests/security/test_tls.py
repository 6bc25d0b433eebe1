"""The files of a TLS client: what is wrong with them is told, and they may be replaced while connections are made."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relevo_runtime.tls import RereadingContext, TlsFileError, TlsFiles
from tests.security.certificates import Authority, Issued


@pytest.fixture
def mine(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def files(authority: Authority, client: Issued | None = None, **changes: object) -> TlsFiles:
    values: dict[str, object] = {"ca": authority.ca, "variables": "RELEVO_KAFKA_"}
    if client is not None:
        values |= {"certificate": client.certificate, "key": client.key}
    return TlsFiles(**(values | changes))  # type: ignore[arg-type]


def test_a_key_of_another_certificate(mine: Authority) -> None:
    one, other = mine.issue("one"), mine.issue("other")
    with pytest.raises(TlsFileError, match=r"RELEVO_KAFKA_KEY=.*other\.key is not the private key of"):
        RereadingContext(files(mine, one, key=other.key))


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_password_that_does_not_open_the_key(mine: Authority, password: str) -> None:
    client = mine.issue("client", password="right")
    with pytest.raises(TlsFileError, match=r"RELEVO_KAFKA_KEY_PASSWORD does not open the private key of"):
        RereadingContext(files(mine, client, key_password=password))


def test_a_key_with_its_password_and_one_in_the_same_file(mine: Authority) -> None:
    client = mine.issue("client", password="right")
    assert RereadingContext(files(mine, client, key_password="right"))
    both = mine.issue("both").both
    assert RereadingContext(files(mine, certificate=both))


def test_a_certificate_that_has_expired(mine: Authority) -> None:
    with pytest.raises(TlsFileError, match=r"RELEVO_KAFKA_CERTIFICATE=.*old\.crt expired on \d{4}-\d\d-\d\d"):
        RereadingContext(files(mine, mine.issue("old", expired=True)))


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"-----BEGIN CERTIFICATE-----\nnonsense"])
def test_a_file_that_is_something_else(mine: Authority, tmp_path: Path, name: str, content: bytes) -> None:
    odd = tmp_path / "odd.pem"
    odd.write_bytes(content)
    with pytest.raises(TlsFileError, match=rf"RELEVO_KAFKA_{name.upper()}=.*odd\.pem"):
        RereadingContext(files(mine, mine.issue("client"), **{name: odd}))


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
def test_a_file_that_cannot_be_read(mine: Authority, tmp_path: Path, name: str) -> None:
    with pytest.raises(TlsFileError, match=rf"RELEVO_KAFKA_{name.upper()}=.*can't be read: Is a directory"):
        RereadingContext(files(mine, mine.issue("client"), **{name: tmp_path}))


def test_its_password_does_not_show(mine: Authority) -> None:
    assert "hunter2" not in repr(files(mine, key_password="hunter2"))


async def test_a_certificate_is_replaced_without_a_restart(mine: Authority) -> None:
    context = RereadingContext(files(mine, mine.issue("first", file="client")))
    async with server(mine) as port:
        assert await seen_by(port, context) == "first"
        mine.issue("second", file="client")
        assert await seen_by(port, context) == "second"


async def test_files_that_are_half_written_leave_what_was_read(
    mine: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    client = mine.issue("first", file="client")
    context = RereadingContext(files(mine, client))
    async with server(mine) as port:
        client.key.write_bytes(b"")
        with caplog.at_level(logging.ERROR):
            assert await seen_by(port, context) == "first"
        mine.issue("second", file="client")
        assert await seen_by(port, context) == "second"
    assert "the one that was read before stays in use" in caplog.text


async def test_another_ca_takes_effect(mine: Authority, tmp_path: Path) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(Authority(tmp_path, "other").ca.read_bytes())
    context = RereadingContext(files(mine, mine.issue("client"), ca=trusted))
    async with server(mine) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await seen_by(port, context)
        trusted.write_bytes(mine.ca.read_bytes() + b"\n")
        assert await seen_by(port, context) == "client"


@asynccontextmanager
async def server(authority: Authority) -> AsyncIterator[int]:
    """Tells each client the name in its certificate."""
    issued = authority.issue("server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(issued.certificate, issued.key)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        subject = writer.get_extra_info("peercert")["subject"]
        writer.write(subject[0][0][1].encode())
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def seen_by(port: int, context: ssl.SSLContext) -> str:
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()
