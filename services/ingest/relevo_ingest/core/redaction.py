"""Personal secrets that must never reach a topic: they are cut out before anything is published.

Canonical events are built field by field, so only what they name can get through; this is for what is kept
as it came (`relevo.unrecognised`) and for free-form fields (attributes, form fields).
"""

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

REMOVED = "[removed]"

_SECRET_NAMES = frozenset(
    (
        *("passwd", "password", "passwordhash", "encryptedpassword", "hashedpassword", "passworddigest", "pwd", "salt"),
        *("securekey", "secret", "clientsecret", "apikey", "apisecret", "accesskey", "privatekey", "accesstoken"),
        *("refreshtoken", "authtoken", "resettoken", "rptoken", "confirmationtoken", "sessionid", "sessiontoken"),
        *("token", "multipassidentifier", "authorization", "cookie", "otp", "pin"),
        *("browserip", "clientip", "ipaddress", "customerip", "ip", "useragent", "clientdetails"),
        *("paymentdetails", "receipt", "creditcard", "creditcardbin", "cardnumber", "card", "pan", "cvv", "cvc"),
        *("cvvresultcode", "avsresultcode", "iban", "bic", "bankaccount", "accountnumber", "routingnumber"),
        *("ssn", "socialsecuritynumber", "taxid"),
    )
)
_SECRET_PARTS = ("password", "passwd", "secret", "creditcard", "cardnumber", "privatekey", "apikey", "accesstoken")
_SECRET_PARAMETERS = frozenset(("key", "token", "secret", "signature", "sig", "password", "auth", "hmac", "code"))
_HASH = re.compile(r"^(\$2[abxy]\$|\$argon2|\$P\$|\$H\$|\$5\$|\$6\$|pbkdf2[_$:]|scrypt[_$:])")
_FIELD = re.compile(
    r"""((?:"|\b)([A-Za-z][\w-]{1,40})"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|\{[^}]*\}?|[^\s,;&}\]]+)"""
)
_NOT_ALNUM = re.compile(r"[^a-z0-9]")


def secret_name(name: str) -> bool:
    """Does a field of this name hold a secret? `secure_key`, `secureKey` and `Secure-Key` are one name."""
    plain = _NOT_ALNUM.sub("", name.lower())
    return plain in _SECRET_NAMES or any(part in plain for part in _SECRET_PARTS)


def redact(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """The same JSON value with the values of secret fields, password hashes and keys in links replaced.

    Fields named in `keep` stay as they are, at the top level only.
    """
    if isinstance(value, dict):
        return {
            name: item if name in keep else REMOVED if secret_name(name) and item else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str):
        return _redact_text(value)
    return value


def redact_plain(text: str) -> str:
    """Text that is not JSON (any more) with what looks like a secret field of JSON or of a form replaced."""
    return _FIELD.sub(lambda found: f"{found[1]}{REMOVED}" if secret_name(found[2]) else found[0], text)


def without_secrets(fields: dict[str, Any]) -> dict[str, Any]:
    """Free-form fields without the secret ones."""
    return {
        name: value
        for name, value in fields.items()
        if not secret_name(name) and not (isinstance(value, str) and _HASH.match(value))
    }


def _redact_text(value: str) -> str:
    if _HASH.match(value):
        return REMOVED
    if not value.startswith(("http://", "https://")):
        return value
    try:
        parts = urlsplit(value)
    except ValueError:  # no link after all: text that happens to begin like one
        return value
    query = [(k, REMOVED if k.lower() in _SECRET_PARAMETERS else v) for k, v in parse_qsl(parts.query, True)]
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query), parts.fragment))
