"""Every operation is tried with what the document says, and with what it does not: no 5xx. It speaks TLS, too."""

import datetime as dt
import ssl
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from relevo_control.entrypoints.main import running
from relevo_control.entrypoints.openapi import openapi
from relevo_control.settings import ControlSettings
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.http import BadCertificate
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from tests.conformance.fuzzing import fuzz, narrowed
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire, bearer
from tests.control.test_by_server import Person


@pytest.mark.timeout(900)
async def test_no_operation_answers_with_a_5xx(url: str, hire: Hire, pool: Pool, topics: list[str]) -> None:
    assert topics
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="custom"))
    values = {"shop": ["tea", "nobody"], "workflow": ["cart"], "digest": ["0" * 64, "x"], "id": ["r/approve-1/2"]}
    document = narrowed(openapi(), values, 5)
    headers = bearer(await hire("root", "admin"))
    code, said = await fuzz(document, url, cases=3, headers=headers)
    assert code == 0, said
    assert "passed" in said


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, signed by its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "control")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "tls.crt", folder / "tls.key"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, private


async def test_it_speaks_tls_by_files_and_the_command_trusts_an_own_authority(
    settings: SettingsFactory, hire: Hire, tmp_path: Path
) -> None:
    chain, private = certificate(tmp_path)
    own = settings(ControlSettings, control_port=0, control_tls_certificate=chain, control_tls_key=private)
    token = await hire("ann", "viewer")
    async with running(own, Service("control", own)) as port:
        url = f"https://127.0.0.1:{port}"
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(chain))) as client:
            assert (await client.get(f"{url}/healthz")).status_code == 200
        with pytest.raises(httpx.HTTPError):
            async with httpx.AsyncClient() as client:
                await client.get(f"http://127.0.0.1:{port}/healthz")
        ann = Person(url, token)
        _, err = await ann.says("shops", "list", code=2)
        assert "can't be reached" in err
        ann.environment["SSL_CERT_FILE"] = str(chain)
        out, _ = await ann.says("shops", "list", "--json")
        assert out == "[]\n"


async def test_a_certificate_that_can_not_be_used_says_which(settings: SettingsFactory, tmp_path: Path) -> None:
    chain, _ = certificate(tmp_path)
    own = settings(ControlSettings, control_port=0, control_tls_certificate=chain, control_tls_key=chain)
    with pytest.raises(BadCertificate, match=r"tls\.crt"):
        async with running(own, Service("control", own)):
            pass
