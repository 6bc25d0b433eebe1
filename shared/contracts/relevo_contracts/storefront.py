"""What mails and the pages of a shop agree on."""

VISIT_PARAMETER = "rlv"
"""The parameter of a link in a mail that proves who reads it; it is taken out of every address that is kept."""


def with_visit(url: str, token: str) -> str:
    """`url` with the proof as its last parameter; as it is if it has one already, also an empty one."""
    return with_parameters(url, {VISIT_PARAMETER: token})


def with_parameters(url: str, parameters: dict[str, str]) -> str:
    """`url` with these parameters at the end of its query, but for those that it has already, also empty ones.

    Values are percent-encoded as they are to stand there. The rest of the address stays, letter by letter.
    """
    address, hash_sign, fragment = url.partition("#")
    path, _, query = address.partition("?")
    there = {pair.partition("=")[0] for pair in query.split("&")}
    added = [f"{name}={value}" for name, value in parameters.items() if name not in there]
    if not added:
        return url
    return f"{path}?{'&'.join([*([query] if query else []), *added])}{hash_sign}{fragment}"
