"""PostgreSQL by TLS: the server's certificate is verified, a client certificate is shown, and refusals are told."""

import asyncio
import contextlib
import re
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pydantic
import pytest

from relevo_embedded import EmbeddedPostgres
from relevo_runtime.errors import Unreachable
from relevo_runtime.migrations import pending
from relevo_runtime.postgres import open_pool
from relevo_runtime.settings import RuntimeSettings
from tests.security.certificates import Authority, Issued


class TlsServer:
    """The database behind TLS; `settings` are those of a client that is let in, `shown` the clients' certificates."""

    def __init__(self, dsn: str, authority: Authority, issued: Issued, *, ask: bool) -> None:
        parts = urlsplit(dsn)
        self._socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.{parse_qs(parts.query)['port'][0]}"
        self._database = parts.path
        self._authority = authority
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca)
        self._context.load_cert_chain(issued.certificate, issued.key)
        self._context.verify_mode = ssl.CERT_REQUIRED if ask else ssl.CERT_NONE
        self.port = 0
        self.encrypted = 0

    def settings(self, **changes: object) -> RuntimeSettings:
        url = f"postgresql://relevo@localhost:{self.port}{self._database}"
        return RuntimeSettings.model_validate({"postgres": url, "postgres_ca": self._authority.ca} | changes)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speaks TLS as the server would (PostgreSQL's protocol, SSLRequest), and passes on what is inside."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(self._context)
            self.encrypted += 1
            inner, outer = await asyncio.open_unix_connection(self._socket)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(passed_on(reader, outer))
                tasks.create_task(passed_on(inner, writer))
        writer.close()


SSL_REQUEST = struct.pack(">II", 8, 80877103)


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65536):
        writer.write(part)
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def behind_tls(dsn: str, authority: Authority, issued: Issued, *, ask: bool = False) -> AsyncIterator[TlsServer]:
    """The embedded server is built without TLS, so it is put behind one that speaks it; `ask` for certificates."""
    server = TlsServer(dsn, authority, issued, ask=ask)
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@pytest.fixture
async def server(database: str, authority: Authority) -> AsyncIterator[TlsServer]:
    async with behind_tls(database, authority, authority.issue("database")) as started:
        yield started


async def works(settings: RuntimeSettings) -> bool:
    pool = await open_pool(settings.dsn, application_name="relevo-tests")
    try:
        return bool(await pool.fetchval("select true"))
    finally:
        pool.terminate()


async def refusal(settings: RuntimeSettings) -> str:
    with pytest.raises(Unreachable) as refused:
        await open_pool(settings.dsn, application_name="relevo-tests")
    with pytest.raises(Unreachable) as again:
        await pending(settings.dsn, [])
    assert str(again.value) == str(refused.value)
    return str(refused.value)


async def test_it_is_verified_where_a_ca_is_named(server: TlsServer) -> None:
    assert "sslmode=verify-full" in server.settings().dsn
    assert await works(server.settings())
    assert server.encrypted == 1


async def test_another_ca(server: TlsServer, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other").ca
    told = await refusal(server.settings(postgres_ca=other))
    assert f"not signed by a CA of RELEVO_POSTGRES_CA={other}" in told


async def test_a_file_that_is_not_there(server: TlsServer) -> None:
    told = await refusal(server.settings(postgres_ca="/nowhere/ca.pem"))
    assert "RELEVO_POSTGRES_CA=/nowhere/ca.pem can't be read: No such file or directory" in told


async def test_a_file_that_is_something_else(server: TlsServer, tmp_path: Path) -> None:
    odd = tmp_path / "odd.pem"
    odd.write_text("nonsense")
    assert "are the files of RELEVO_POSTGRES_CA" in await refusal(server.settings(postgres_ca=odd))


async def test_a_certificate_for_another_host(database: str, authority: Authority) -> None:
    async with behind_tls(database, authority, authority.issue("there", host="db.example.com")) as server:
        assert "the server's certificate is for another name" in await refusal(server.settings())
        assert await works(server.settings(postgres_tls="verify-ca"))


async def test_a_certificate_that_has_expired(database: str, authority: Authority) -> None:
    async with behind_tls(database, authority, authority.issue("old", expired=True)) as server:
        assert "the server's certificate has expired" in await refusal(server.settings())


async def test_a_certificate_that_is_not_valid_yet(database: str, authority: Authority) -> None:
    async with behind_tls(database, authority, authority.issue("soon", early=True)) as server:
        assert "the server's certificate is not valid yet" in await refusal(server.settings())


async def test_a_server_without_tls(authority: Authority, tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path / "server", port=0) as postgres:
        settings = RuntimeSettings.model_validate({"postgres": postgres.tcp_dsn, "postgres_ca": authority.ca})
        assert "the server speaks no TLS" in await refusal(settings)


async def test_a_client_certificate(database: str, authority: Authority) -> None:
    client, other = authority.issue("database-client", password="hunter2"), authority.issue("database-other")
    shown = {"postgres_certificate": client.certificate, "postgres_key": client.key}
    async with behind_tls(database, authority, authority.issue("strict"), ask=True) as strict:
        assert await works(strict.settings(**shown, postgres_key_password="hunter2"))
        wrong = await refusal(strict.settings(**shown, postgres_key_password="wrong"))
        assert "does RELEVO_POSTGRES_KEY_PASSWORD open the key?" in wrong
        mixed = await refusal(strict.settings(postgres_certificate=client.certificate, postgres_key=other.key))
        assert "RELEVO_POSTGRES_KEY is not the private key of RELEVO_POSTGRES_CERTIFICATE" in mixed
        assert "another client certificate: RELEVO_POSTGRES_CERTIFICATE=" in await refusal(strict.settings())
        late = authority.issue("database-late", expired=True)
        old = await refusal(strict.settings(postgres_certificate=late.certificate, postgres_key=late.key))
        assert f"RELEVO_POSTGRES_CERTIFICATE={late.certificate} expired on" in old


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"postgres_tls": "verify-full"}, "RELEVO_POSTGRES_CA: RELEVO_POSTGRES_TLS=verify-full needs a CA"),
        (
            {
                "postgres": "postgresql://relevo@db/relevo?sslmode=require",
                "postgres_tls": "verify-ca",
                "postgres_ca": "x",
            },
            "RELEVO_POSTGRES_TLS: RELEVO_POSTGRES says it too",
        ),
        ({"postgres_tls": "disable", "postgres_ca": "x"}, "RELEVO_POSTGRES_CA: of no use"),
        ({"postgres_key": "x"}, "RELEVO_POSTGRES_CERTIFICATE, RELEVO_POSTGRES_KEY: each needs the other"),
        ({"postgres_tls": "maybe"}, "verify-full"),
    ],
)
def test_what_cannot_be_together(changes: dict[str, object], told: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=re.escape(told)):
        RuntimeSettings.model_validate(changes)


@pytest.mark.parametrize(
    ("url", "changes", "dsn"),
    [
        ("postgresql://u:p@db/r", {}, "postgresql://u:p@db/r"),
        ("postgresql://u:p@db/r?sslmode=require", {}, "postgresql://u:p@db/r?sslmode=require"),
        ("postgresql://u@db/r?sslrootcert=/a b", {}, "postgresql://u@db/r?sslrootcert=/a b&sslmode=verify-full"),
        ("postgresql://u@db/r", {"postgres_tls": "REQUIRE"}, "postgresql://u@db/r?sslmode=require"),
        (
            "postgresql://u@db/r?application_name=x",
            {"postgres_ca": "/a&b/ca.pem"},
            "postgresql://u@db/r?application_name=x&sslrootcert=%2Fa%26b%2Fca.pem&sslmode=verify-full",
        ),
        (
            "postgresql://u@db/r?sslmode=require",
            {"postgres_ca": "/ca.pem"},
            "postgresql://u@db/r?sslmode=require&sslrootcert=%2Fca.pem",
        ),
    ],
)
def test_what_the_settings_add_to_the_url(url: str, changes: dict[str, object], dsn: str) -> None:
    assert RuntimeSettings.model_validate({"postgres": url, **changes}).dsn == dsn
