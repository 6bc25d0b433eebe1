"""The `relevo` command: one module a noun in `relevo_cli.commands`."""

import importlib
import os
import sys

import typer

from relevo_cli.console import err

COMMANDS = {
    "new": "new",
    "check": "check",
    "test": "test",
    "watch": "watch",
    "diagram": "diagram",
    "up": "up",
    "demo": "demo",
    "migrate": "migrate",
    "deploy": "deploy",
    "rollback": "rollback",
    "history": "history",
    "approvers": "approvers",
    "explain": "explain",
    "shops": "shops",
    "events": "events",
    "start": "start",
    "tasks": "tasks",
    "dead-letters": "dead_letters",
    "unrecognised": "unrecognised",
    "erasures": "erasures",
    "privacy": "privacy",
    "doctor": "doctor",
    "settings": "settings",
    "docs": "docs",
}
"""Each command and its module, which has a function `register`."""
USAGE_ERROR = 2


def application(asked: str = "") -> typer.Typer:
    """The command with its subcommands; with the one alone that is `asked` for, so that the others cost no time."""
    app = typer.Typer(
        help="Relevo automates the workflows of online shops.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)  # keeps a single command a subcommand
    for module in [COMMANDS[asked]] if asked in COMMANDS else COMMANDS.values():
        importlib.import_module(f"relevo_cli.commands.{module}").register(app)
    return app


def main() -> None:
    """Runs the command. What a person can mend is one sentence on standard error and exit code 2."""
    try:
        application(*sys.argv[1:2])()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from relevo_cli.explain import explain  # noqa: PLC0415  # it knows every library's errors: slow to import

        sentence = explain(error)
        if sentence is None:
            raise
        err().print(f"relevo: {sentence}", markup=False, style="red")
        _give_up_output()
        sys.exit(USAGE_ERROR)


def _give_up_output() -> None:
    """Lets go of output that can't be written, so that Python doesn't fail of it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
