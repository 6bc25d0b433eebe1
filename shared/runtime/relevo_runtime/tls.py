"""TLS as a client, by PEM files that may be replaced while a service runs."""

import logging
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from msgspec import Struct

from relevo_runtime.clock import SystemClock
from relevo_runtime.errors import RuntimeFault

_log = logging.getLogger(__name__)


class TlsFileError(RuntimeFault):
    """A file for TLS can't be used; the message names the variable, the file and what is wrong with it."""


class TlsFiles(Struct, frozen=True, kw_only=True):
    """What a TLS client needs. Without `ca` the system's CAs are trusted.

    `variables` is how the names of the settings begin that name them: `RELEVO_KAFKA_` of `RELEVO_KAFKA_CA`.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str = ""
    verify_hostname: bool = True
    variables: str

    def __repr__(self) -> str:
        return f"TlsFiles({self.variables}…)"  # a password is in it

    def variable(self, name: str) -> str:
        """The setting and what it says: `RELEVO_KAFKA_CA=/etc/relevo/ca.pem`."""
        return f"{self.variables}{name.upper()}={getattr(self, name)}"

    def paths(self) -> Iterator[tuple[str, Path]]:
        """The files that are named, each with its field."""
        for name in ("ca", "certificate", "key"):
            if (path := getattr(self, name)) is not None:
                yield name, path


class RereadingContext(ssl.SSLContext):
    """A client's context that reads its files again for a new connection, once they have changed.

    So a certificate is replaced without a restart. Files that can't be used meanwhile, such as one that is half
    written, are logged, and the connection is made with what was read last.
    """

    def __new__(cls, files: TlsFiles) -> "RereadingContext":
        """A context of OpenSSL's own, which is never used for a connection itself."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, files: TlsFiles) -> None:
        """Reads the files. Raises `TlsFileError`."""
        self._files = files
        self._read = _stamps(files)
        self._current = _context(files)

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """Called by the event loop for each new connection."""
        stamps = _stamps(self._files)
        if stamps != self._read:
            self._read = stamps
            try:
                self._current = _context(self._files)
                _log.info("the files of %s* have changed and are read again", self._files.variables)
            except TlsFileError as error:
                _log.error("%s; the one that was read before stays in use", error)
        return self._current.wrap_bio(*arguments, **options)


def expired(path: Path) -> datetime | None:
    """When the first certificate of a PEM file expired, if it did. Raises `OSError`, `ValueError` if there is none."""
    [certificate, *_] = x509.load_pem_x509_certificates(path.read_bytes())
    end = certificate.not_valid_after_utc
    return end if end < SystemClock().now() else None


def _stamps(files: TlsFiles) -> list[object]:
    """What changes when a file is written or replaced."""
    found: list[object] = []
    for _, path in files.paths():
        try:
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_ino, status.st_size))
        except OSError as error:
            found.append(error.errno)
    return found


def _context(files: TlsFiles) -> ssl.SSLContext:
    for name, path in files.paths():
        try:
            path.read_bytes()
        except OSError as error:
            raise TlsFileError(f"{files.variable(name)} can't be read: {error.strerror}") from error
    try:
        context = ssl.create_default_context(cafile=files.ca)
    except ssl.SSLError as error:
        raise TlsFileError(f"{files.variable('ca')} has no certificate in PEM form") from error
    context.check_hostname = files.verify_hostname
    if files.certificate is not None:
        _identify(context, files, files.certificate)
    return context


def _identify(context: ssl.SSLContext, files: TlsFiles, path: Path) -> None:
    """Load the client's certificate and key. Raises `TlsFileError`."""
    try:
        end = expired(path)
    except ValueError as error:
        raise TlsFileError(f"{files.variable('certificate')} has no certificate in PEM form") from error
    if end is not None:
        raise TlsFileError(
            f"{files.variable('certificate')} expired on {end:%Y-%m-%d %H:%M} UTC: have a new one issued"
        )
    try:
        # Without a password OpenSSL would ask for it on the terminal.
        context.load_cert_chain(path, files.key, password=lambda: files.key_password)
    except ssl.SSLError as error:
        raise TlsFileError(_about_key(files, error)) from error


def _about_key(files: TlsFiles, error: ssl.SSLError) -> str:
    key = files.variable("key" if files.key is not None else "certificate")
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{key} is not the private key of {files.variable('certificate')}"
    protected = b"ENCRYPTED" in (files.key or files.certificate or Path()).read_bytes()
    if protected:
        return f"{files.variables}KEY_PASSWORD does not open the private key of {key}"
    return f"{key} has no private key in PEM form"
