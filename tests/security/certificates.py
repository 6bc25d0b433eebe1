"""A certificate authority of the tests' own, as PEM files in a folder."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_NOW = datetime.now(UTC)
_DAY = timedelta(days=1)


class Issued(NamedTuple):
    """A certificate, its private key, and both in one file."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Issues certificates; `ca` is its own, which trusts it."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Relevo tests {name}")])
        own = _builder(self._name, self._name, self._key, _NOW - _DAY, _NOW + _DAY)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        *,
        host: str = "localhost",
        expired: bool = False,
        early: bool = False,
        password: str = "",
        file: str = "",
    ) -> Issued:
        """A certificate for `name`, as a client and as a server on `host`; good since a day and for one, unless it has
        `expired` or it is `early`. `file` names its files, else `name` does.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        end = _NOW - timedelta(hours=1) if expired else _NOW + _DAY
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        begin = _NOW + timedelta(hours=1) if early else _NOW - _DAY
        made = _builder(subject, self._name, key, begin, end)
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            encryption = serialization.BestAvailableEncryption(password.encode())
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        file = file or name
        issued = Issued(*(self._folder / f"{file}{end}" for end in (".crt", ".key", ".both")))
        for path, content in zip(issued, (certificate, private, private + certificate), strict=True):
            path.write_bytes(content)
            path.chmod(0o600)
        return issued


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
