"""Whether a notification is one of Amazon SNS. Pure.

Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages". Anybody can have a topic that SNS
signs for: only one topic is ours.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from relevo_notifier.app.ports import NotAuthenticError
from relevo_notifier.providers.webhooks import text_at

TOPIC = r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}"
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]+\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


def certificate_url(notification: Mapping[str, Any], topic: str) -> str:
    """Where the certificate of a notification of `topic` is. Raises `NotAuthenticError` for one of another topic, and
    for a certificate that lies anywhere but at SNS in the topic's own region.
    """
    if text_at(notification, "TopicArn") != topic:
        raise NotAuthenticError("it is not of the topic in RELEVO_NOTIFIER_SES_TOPIC")
    url = text_at(notification, "SigningCertURL")
    if not is_of_sns(url, topic) or not _CERTIFICATE.fullmatch(url.partition("amazonaws.com")[2].removeprefix(".cn")):
        raise NotAuthenticError("its certificate is not one of Amazon SNS")
    return url


def is_of_sns(url: str, topic: str) -> bool:
    """Whether `url` leads to SNS in the region of `topic`, and nowhere else."""
    match = re.fullmatch(TOPIC, topic)
    if match is None or not url.isascii() or not url.isprintable():
        return False
    host = f"sns.{match[2]}.amazonaws.com" + (".cn" if match[1] == "aws-cn" else "")
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.netloc == host


def check_signature(notification: Mapping[str, Any], certificate: bytes) -> None:
    """Raises `NotAuthenticError` unless the key of this certificate (PEM) signed it."""
    names, algorithm = (
        _SIGNED.get(text_at(notification, "Type")),
        _HASHES.get(text_at(notification, "SignatureVersion")),
    )
    if names is None or algorithm is None:
        raise NotAuthenticError("its type or the version of its signature is not known")
    signed = "".join(f"{name}\n{text_at(notification, name)}\n" for name in names if name in notification)
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        signature = base64.b64decode(text_at(notification, "Signature"), validate=True)
        if not isinstance(key, rsa.RSAPublicKey):
            raise NotAuthenticError("its certificate has a key of another kind than RSA")
        key.verify(signature, signed.encode("utf-8", "surrogatepass"), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, ValueError) as error:
        raise NotAuthenticError("the signature is missing or wrong") from error
