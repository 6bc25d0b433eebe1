"""Errors as one clear sentence that says what to do; anything else is a bug and keeps its traceback."""

import errno
import os
import re

import asyncpg
import pydantic
from aiokafka.errors import KafkaConnectionError, KafkaError

from relevo_cli.child import StartError
from relevo_control.app.errors import OperationError
from relevo_embedded import EmbeddedError
from relevo_runtime.database_errors import advice
from relevo_runtime.environment import problems_of
from relevo_runtime.errors import RuntimeFault
from relevo_workflow import WorkflowError

_PLACE = re.compile(r"\('([^']+)', (\d+)")
"""A host in what aiokafka says: `Unable to bootstrap from [('kafka', 9092, …)]`."""


def describe_error(error: BaseException) -> str | None:  # noqa: PLR0911  # one line a kind of error
    """The sentence for an error that is not a bug; None for a bug."""
    match error:
        case BaseExceptionGroup():
            return describe_error(error.exceptions[0])
        case OperationError() | RuntimeFault() | EmbeddedError() | StartError():
            return str(error)
        case WorkflowError():
            return f"the workflow has errors:\n{error}"
        case pydantic.ValidationError():
            return _settings(error)
        case OSError() if _of_a_file(error):
            return _file(error)
        case KafkaConnectionError():
            return _unreachable(f"Kafka can't be reached at {_places(error)}")
        case KafkaError() | OSError():
            return _unreachable(str(error) or type(error).__name__)
        case _:
            return _postgres(error)


_HELP = {
    errno.ENOSPC: "the disk is full: make room on it",
    errno.EDQUOT: "the quota is used up: make room",
    errno.EROFS: "nothing can be written there",
    errno.EACCES: "the account that runs this may not read or write there",
    errno.EPERM: "the account that runs this may not do that",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "the disk or the terminal failed",
}
"""What helps against errors of files; those of the network are others."""


def _of_a_file(error: OSError) -> bool:
    if isinstance(error, ConnectionError):
        return False
    return error.filename is not None or error.errno in _HELP


def _file(error: OSError) -> str:
    where = "" if error.filename is None else f"{error.filename}: "
    return f"{where}{error.strerror}; {_HELP.get(error.errno or 0, 'choose another file or folder')}"


def _postgres(error: BaseException) -> str | None:
    match error:
        case asyncpg.UndefinedTableError() | asyncpg.InvalidSchemaNameError():
            return f"the database has no tables of Relevo ({error}); run `relevo migrate` first"
        case asyncpg.UndefinedColumnError():
            return f"the database is of an older release ({error}); run `relevo migrate` first"
        case asyncpg.InsufficientPrivilegeError():
            return f"{error}{advice(error)}"
        case asyncpg.PostgresConnectionError():
            return _unreachable(str(error))
        case _:
            return None


def _settings(error: pydantic.ValidationError) -> str:
    wrong = "; ".join(problems_of(error, environment=os.environ))
    return f"a setting is wrong: {wrong} (`relevo settings` prints what each one means)"


def _places(error: KafkaConnectionError) -> str:
    return ", ".join(f"{host}:{port}" for host, port in _PLACE.findall(str(error))) or f"its address ({error})"


def _unreachable(error: str) -> str:
    return (
        f"{error}; is the address right? Set RELEVO_KAFKA and RELEVO_POSTGRES, or start a system of your own "
        "with `relevo up`"
    )
