"""Names kept in short, where only "was it there?" is ever asked."""

from base64 import urlsafe_b64encode
from hashlib import blake2b


def digest_of(name: str) -> str:
    """A name in eleven characters: two of a customer's thousands meet with a probability of 10^-12."""
    return urlsafe_b64encode(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()).decode().rstrip("=")
