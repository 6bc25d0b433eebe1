"""The command's own error: something that the person at the keyboard can mend."""


class CommandError(Exception):
    """The message says what is wrong and what to do."""


def unknown_shop(name: str) -> str:
    """The sentence for a shop that the catalog doesn't have."""
    return f"shop {name!r} is not known; `relevo shops list` prints those that are"
