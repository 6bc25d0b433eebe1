"""Who runs the command, for the history of what it changes."""

import getpass

from relevo_cli.errors import CommandError


def login_name() -> str:
    """The name of who is logged in here. Raises `CommandError` where the system has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise CommandError(
            "this system has no name for who runs the command, and the history wants one: set LOGNAME, or give "
            "--author where the command takes it"
        ) from error
