"""The address of a request to a shop's API: below the connection's own, whatever the request says."""

import re
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from relevo_ingest.connectors.platform_api import ApiRequest

_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_PATH = "/-._~!$&'()*+,;=:@%"


class InvalidAddress(ValueError):  # noqa: N818 - named for what the person is told
    """An address that no request can go to, and why."""


def checked_base(base_url: str) -> str:
    """The base of a shop's API without a slash at its end: `https://shop.example/api`. Raises `InvalidAddress`."""
    try:
        found = urlsplit(base_url.strip())
        port = found.port
    except ValueError as error:
        raise InvalidAddress(f"the address of the shop's API is not a URL: {error}") from None
    if found.scheme not in _DEFAULT_PORTS or not found.hostname or port == 0:
        raise InvalidAddress("the address of a shop's API begins with https:// (or http://) and a host")
    if found.username is not None or found.password is not None:
        raise InvalidAddress("the address of a shop's API has no user and no password: they are credentials")
    if found.query or found.fragment or _UNSAFE.search(base_url.strip()):
        raise InvalidAddress("the address of a shop's API has no query, no fragment and no spaces")
    return f"{found.scheme}://{found.netloc}{_below(found.path)}".rstrip("/")


def request_url(base_url: str, request: ApiRequest) -> str:
    """Where the request goes. Raises `InvalidAddress` if it would leave what is below `base_url`."""
    if not request.path.startswith("/"):
        raise InvalidAddress(f"the path {request.path[:100]!r} does not begin with /")
    url = checked_base(base_url) + _below(request.path)
    return f"{url}?{urlencode(request.query)}" if request.query else url


def may_follow(url: str, redirected: str) -> bool:
    """Whether what opens `url` may be sent to `redirected` too: the same host and port, and never less secret."""
    try:
        old, new = urlsplit(url), urlsplit(redirected)
        if old.hostname != new.hostname or new.username is not None or new.scheme not in _DEFAULT_PORTS:
            return False
        if old.scheme == new.scheme:
            return _port(old) == _port(new)
        return old.scheme == "http" and old.port in (None, 80) and new.port in (None, 443)
    except ValueError:
        return False


def _port(url: SplitResult) -> int:
    return url.port or _DEFAULT_PORTS[url.scheme]


def _below(path: str) -> str:
    """The path, quoted. Raises `InvalidAddress` if it steps upwards, or is the beginning of another address."""
    parts = path.replace("%2e", ".").replace("%2E", ".").split("/")
    if ".." in parts or "." in parts or path.startswith("//") or _UNSAFE.search(path) or "?" in path or "#" in path:
        raise InvalidAddress(f"{path[:100]!r} is not a plain path")
    return quote(path, safe=_PATH)
