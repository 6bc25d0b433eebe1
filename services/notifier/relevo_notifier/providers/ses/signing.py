"""AWS Signature Version 4. Pure.

Source: AWS, "Create a signed AWS API request". Compared with AWS's own library in `tests/notifier/test_ses.py`.
"""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "ses"


class Credentials(Struct, frozen=True):
    """Whose request it is, and in which region. `session_token` is empty for a key that lasts."""

    region: str
    key_id: str
    secret: str
    session_token: str = ""


def signed_headers(credentials: Credentials, url: str, content: bytes, now: datetime) -> dict[str, str]:
    """The headers that make a POST of JSON to `url` a request of `credentials`. `now` is true UTC time."""
    parts = urlsplit(url)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/json", "host": parts.netloc, "x-amz-date": stamp}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    request = "\n".join(
        [
            "POST",
            parts.path or "/",
            parts.query,
            *(f"{name}:{headers[name].strip()}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(content).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{credentials.region}/{_SERVICE}/aws4_request"
    to_sign = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(_signing_key(credentials, stamp[:8]), to_sign.encode(), "sha256").hexdigest()
    authorization = (
        f"{_ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return {name: value for name, value in headers.items() if name not in ("host", "content-type")} | {
        "authorization": authorization
    }


def _signing_key(credentials: Credentials, day: str) -> bytes:
    key = f"AWS4{credentials.secret}".encode()
    for step in (day, credentials.region, _SERVICE, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key
