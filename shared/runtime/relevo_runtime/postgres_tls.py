"""TLS to PostgreSQL: what the settings add to its URL, and what went wrong with it, in words."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from relevo_runtime.certificates import verdict

VARIABLES = {
    "sslmode": "RELEVO_POSTGRES_TLS",
    "sslrootcert": "RELEVO_POSTGRES_CA",
    "sslcert": "RELEVO_POSTGRES_CERTIFICATE",
    "sslkey": "RELEVO_POSTGRES_KEY",
    "sslpassword": "RELEVO_POSTGRES_KEY_PASSWORD",
}
"""What the URL calls it (as libpq does), and the setting that says it outside of the URL."""
_VERIFIED = "verify-full"
_FILES = ("sslrootcert", "sslcert", "sslkey")


def with_tls(url: str, given: Mapping[str, str]) -> str:
    """`url` with the parameters that are `given`, by the names of `VARIABLES`.

    Where a CA is named and nothing says how much is verified, everything is: that a trusted CA signed the server's
    certificate, and that it is for the host. By itself the library would verify nothing.
    """
    said = _parameters(url)
    more = {name: value for name, value in given.items() if value}
    if "sslmode" not in said | more and "sslrootcert" in said | more:
        more["sslmode"] = _VERIFIED
    if not more:
        return url
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in more.items())
    return f"{url}{'&' if urlsplit(url).query else '?'}{text}"


def also_in_url(url: str, given: Mapping[str, str]) -> list[str]:
    """The settings that the URL says as well."""
    said = _parameters(url)
    return [VARIABLES[name] for name, value in given.items() if value and name in said]


def tls_reason(error: BaseException, dsn: str) -> str | None:
    """What `error` means, if it is one of TLS, and what to do about it."""
    said = _parameters(dsn)
    if (unreadable := _unreadable(said)) is not None:
        return unreadable
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, said.get("sslrootcert", ""))
    if isinstance(error, ssl.SSLError):
        return _handshake(error)
    if "rejected SSL upgrade" in str(error):
        return "the server speaks no TLS; turn `ssl` on there, or leave RELEVO_POSTGRES_TLS and RELEVO_POSTGRES_CA out"
    if "closed in the middle" in str(error) and said.get("sslmode", "disable") != "disable":
        return f"the server ends the connection as it begins; {_own_certificate(said.get('sslcert', ''))}"
    return None


def _own_certificate(path: str) -> str:
    """What a server may have against ours. By TLS 1.3 it says so after the handshake, unread by the library."""
    from relevo_runtime.tls import expired  # noqa: PLC0415  # a library for certificates, which is slow to import

    have = f"RELEVO_POSTGRES_CERTIFICATE={path}"
    if path and (end := expired(Path(path))) is not None:
        return f"{have} expired on {end:%Y-%m-%d %H:%M} UTC: have a new one issued"
    return f"it may want another client certificate: {have}"


def _handshake(error: ssl.SSLError) -> str:
    """About our own files."""
    if error.reason == "KEY_VALUES_MISMATCH":
        return "RELEVO_POSTGRES_KEY is not the private key of RELEVO_POSTGRES_CERTIFICATE"
    return (
        f"{error.reason or error}; are the files of RELEVO_POSTGRES_CA, RELEVO_POSTGRES_CERTIFICATE and"
        " RELEVO_POSTGRES_KEY in PEM form, and does RELEVO_POSTGRES_KEY_PASSWORD open the key?"
    )


def _certificate(error: ssl.SSLCertVerificationError, ca: str) -> str:
    """About the server's certificate."""
    match verdict(error):
        case "another name":
            return (
                "the server's certificate is for another name; name the host in RELEVO_POSTGRES as its certificate"
                " does, or set RELEVO_POSTGRES_TLS=verify-ca if it can't have that name"
            )
        case "expired":
            return "the server's certificate has expired; have it get a new one, or mend this machine's clock"
        case "not valid yet":
            return "the server's certificate is not valid yet; have it get a new one, or mend this machine's clock"
        case "unknown CA":
            return f"the server's certificate is not signed by a CA of RELEVO_POSTGRES_CA={ca} ({error.verify_message})"
        case _:
            return f"the server's certificate is refused: {error.verify_message}; RELEVO_POSTGRES_CA={ca} is trusted"


def _unreadable(said: Mapping[str, str]) -> str | None:
    for name in _FILES:
        try:
            if name in said:
                Path(said[name]).read_bytes()
        except OSError as error:
            return f"{VARIABLES[name]}={said[name]} can't be read: {error.strerror}"
    return None


def _parameters(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return {}  # whoever connects by it says what is wrong with it
