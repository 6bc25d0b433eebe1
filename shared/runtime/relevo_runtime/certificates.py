"""What OpenSSL has against a server's certificate. Source: x509_vfy.h, X509_V_ERR_*. Pure."""

import ssl
from typing import Literal

Verdict = Literal["expired", "not valid yet", "another name", "unknown CA", "another fault"]
_BY_CODE: dict[int, Verdict] = {
    9: "not valid yet",
    10: "expired",
    **dict.fromkeys((62, 64), "another name"),
    **dict.fromkeys((2, 18, 19, 20, 21), "unknown CA"),
}


def verdict(error: ssl.SSLCertVerificationError) -> Verdict:
    """Why the certificate was refused."""
    return _BY_CODE.get(error.verify_code, "another fault")
