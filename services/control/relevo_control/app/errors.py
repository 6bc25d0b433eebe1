"""What a person can mend, whether they asked by the command or over HTTP."""


class OperationError(Exception):
    """The message says what is wrong and what to do."""


class NotKnownError(OperationError):
    """What was named is not there."""


class ConflictError(OperationError):
    """It can't be done as things are now: something is missing, or was done already."""


class OutdatedError(ConflictError):
    """What was looked at is no longer so: somebody else has changed it meanwhile."""


def unknown_shop(name: str) -> str:
    """The sentence for a shop that the catalog doesn't have."""
    return f"shop {name!r} is not known; `relevo shops list` prints those that are"
