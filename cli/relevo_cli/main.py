"""The `relevo` command: one module a noun in `relevo_cli.commands`."""

import sys

import typer

from relevo_cli.commands import dead_letters, demo, deploy, docs, migrate, settings, shops, up
from relevo_cli.console import err
from relevo_cli.errors import explain

USAGE_ERROR = 2


def application() -> typer.Typer:
    """The command with its subcommands."""
    app = typer.Typer(
        help="Relevo automates the workflows of online shops.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command("up")(up.up)
    app.command("demo")(demo.demo)
    app.command("migrate")(migrate.migrate)
    app.command("deploy")(deploy.deploy)
    app.command("settings")(settings.settings)
    app.command("docs")(docs.docs)
    app.add_typer(shops.application(), name="shops")
    app.add_typer(dead_letters.application(), name="dead-letters")
    return app


def main() -> None:
    """Runs the command. What a person can mend is one sentence on standard error and exit code 2."""
    try:
        application()()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        err().print(f"relevo: {sentence}", markup=False, style="red")
        sys.exit(USAGE_ERROR)


if __name__ == "__main__":
    main()
