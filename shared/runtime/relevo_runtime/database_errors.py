"""What errors of the database mean: worth another try, or a fault of the service. Nothing connects here."""

import asyncpg

_TEMPORARY: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidCachedStatementError,  # a migration changed what it returns: the next try has it prepared anew
    asyncpg.ReadOnlySQLTransactionError,  # a standby that was just promoted elsewhere
    ConnectionError,
    TimeoutError,
)


def advice(error: BaseException) -> str:
    """What to do about an error of the database, to be put behind it; empty where it says so itself."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return (
            "; the user of RELEVO_POSTGRES lacks that right: `relevo migrate --roles`, run by the owner of the tables,"
            " gives each service and members of relevo_operator theirs"
        )
    older = asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError | asyncpg.InvalidSchemaNameError
    return "; the database is not of this release: run `relevo migrate`" if isinstance(error, older) else ""


def is_schema_mismatch(error: BaseException) -> bool:
    """Whether no record is at fault, but the service: its statements and the database's schema do not fit each other.

    Class 42 of the error codes: an unknown table or column, a missing right. No value can bring it about.
    """
    return isinstance(error, asyncpg.SyntaxOrAccessError | asyncpg.InvalidSchemaNameError)


def temporary(error: BaseException) -> bool:
    """Whether the same work may succeed when it is tried again: the connection was lost, a deadlock, too busy …"""
    if isinstance(error, _TEMPORARY):
        return True
    if isinstance(error, asyncpg.InternalClientError):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        text = str(error)
        return "closed" in text or "closing" in text or "released" in text
    if isinstance(error, OSError):
        return not isinstance(error, PermissionError)
    return False
