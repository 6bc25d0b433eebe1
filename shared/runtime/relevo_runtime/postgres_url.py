"""What is wrong with a connection URL of PostgreSQL. Nothing of it is shown: a password may be anywhere in it. Pure."""

import re
from urllib.parse import urlsplit

_ESCAPED = (
    "in a user or a password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, [ as %5B and % as %25 (RFC 3986)"
)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:\d{1,5})?")
_FIELD = re.compile(r"(?!port=)[^=@]+=.*|port=\d{1,5}(,\d{1,5})*")


def fault_of(url: str) -> str | None:
    """What to mend; None if the URL is read as it is meant.

    The library takes the first @ for the end of the password, and a / ? or # in one for the end of the host. So it
    would ask a name server for the rest of a password, or quote it in an error.
    """
    scheme, _, rest = url.partition("://")
    if not rest or scheme not in ("postgresql", "postgres"):
        return "it does not begin with postgresql://"
    try:
        parts = urlsplit(url)
    except ValueError:
        return _ESCAPED
    user, _, hosts = parts.netloc.rpartition("@")
    if "@" in user + parts.path or "#" in rest or _BARE_PERCENT.search(user):
        return _ESCAPED
    if not all(map(_HOST.fullmatch, hosts.split(","))):
        return f"a port is a number; {_ESCAPED}"
    if parts.query and not all(map(_FIELD.fullmatch, parts.query.split("&"))):
        return f"behind the ? stand NAME=VALUE with & between them, and a port is a number; {_ESCAPED}"
    return None
