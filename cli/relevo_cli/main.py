"""The `relevo` command: one module a noun in `relevo_cli.commands`, imported when it is asked for."""

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from keyword import iskeyword
from typing import Annotated

import typer

from relevo_cli.console import err

COMMANDS = {
    "init": "Write a tested repository of workflows for a shop.",
    "new": "Write a new workflow with a template, a layout and tests.",
    "check": "Find every mistake in workflows.",
    "test": "Run the tests beside each workflow in virtual time.",
    "watch": "Check, test and preview workflows again at each save.",
    "preview": "Show a message as its reader would get it.",
    "send-test": "Send a message to an address of one's own.",
    "push-keys": "Make the keys by which push services know who sends.",
    "diagram": "Draw a workflow, with its waits and conditions in words.",
    "up": "Start the whole system here; Ctrl-C stops it.",
    "demo": "Replay a recorded day of the sample shop.",
    "migrate": "Apply migrations and create the topics that are missing.",
    "deploy": "Show what changes in workflows, and deploy them.",
    "rollback": "Deploy an earlier version of a workflow again.",
    "history": "List the deployments of a workflow, and what they changed.",
    "approve": "Approve a plan of somebody else, by the control API.",
    "approvers": "Who may approve changes of administrative workflows.",
    "explain": "Tell what a customer was sent, and why; what not, too.",
    "shops": "Make shops known, list and change them.",
    "connect": "Connect a shop by the API of its platform.",
    "disconnect": "Remove a shop's webhooks, forget its credentials.",
    "systems": "Which other systems serve a shop: helpdesk, ERP …",
    "secrets": "Seal what opens shops with another key.",
    "import": "Tell a shop's past from files: customers, orders …",
    "imports": "How far imports of files have come.",
    "fields": "Which of a shop's own fields say what of customers.",
    "products": "The catalogue of a shop, as its events tell it.",
    "runs": "Runs of workflows: where each rests, how it ended.",
    "results": "What a workflow has come to, kept for good.",
    "reports": "Reports to the staff, daily or weekly, or one at once.",
    "coupons": "Pools of codes that workflows take from.",
    "events": "What arrives for a shop, and the events it declared.",
    "start": "Start a workflow by hand for one customer.",
    "tasks": "What workflows ask of the staff: list it, answer it.",
    "dead-letters": "Messages that could not be processed: list, send again.",
    "unrecognised": "Genuine messages of shops that made no event.",
    "erasures": "Requests of shops to erase; each waits before it acts.",
    "privacy": "What is kept of a person, who asked for it, erasing them.",
    "doctor": "Look at the running system and say what to do.",
    "restore-check": "After a restore: do PostgreSQL and Kafka fit together?",
    "tokens": "What opens the control API: make, list, revoke it.",
    "login": "Log in at a control API as a person, by OIDC.",
    "audit": "Who did what by the control API; check the log.",
    "settings": "All settings with meaning, default and present value.",
    "docs": "Write the schemas and the other generated documents.",
}
"""Each command and a line about it. Its module in `commands` has its name (`import_`, where that is a word of Python)
and a function `register`."""
USAGE_ERROR = 2


def application(*asked: str) -> typer.Typer:
    """The command with those of its subcommands that are `asked` for, so that the others cost no time."""
    app = _bare()
    for name in asked:
        importlib.import_module(module_of(name)).register(app)
    return app


def module_of(name: str) -> str:
    """The module of a subcommand."""
    return f"relevo_cli.commands.{name}_" if iskeyword(name) else f"relevo_cli.commands.{name.replace('-', '_')}"


def overview() -> typer.Typer:
    """The command with what its help says of each subcommand, none of which is imported."""
    app = _bare()
    for name, summary in COMMANDS.items():
        app.command(name, help=summary)(lambda: None)
    return app


def _bare() -> typer.Typer:
    app = typer.Typer(
        help="Relevo automates the workflows of online shops.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_everywhere)  # keeps a single command a subcommand
    return app


def _everywhere(
    server: Annotated[
        str, typer.Option(help="Work through this control API, with the token in RELEVO_TOKEN; or RELEVO_SERVER.")
    ] = "",
) -> None:
    if server:
        os.environ["RELEVO_SERVER"] = server


def server_first(words: Sequence[str]) -> list[str]:
    """The words of a command line with `--server URL` in front, where it may stand behind the command too."""
    own = list(words[: words.index("--")]) if "--" in words else list(words)
    found: list[str] = []
    for at, word in enumerate(own):
        if word.startswith("--server="):
            found = [word]
        elif word == "--server":
            found = own[at : at + 2]
        else:
            continue
        return [*found, *own[:at], *own[at + len(found) :], *words[len(own) :]]
    return list(words)


def main() -> None:
    """Runs the command. What a person can mend is one sentence on standard error and exit code 2."""
    # What does not answer, or not yet, is said by the command itself, in a sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        words = server_first(sys.argv[1:])
        command = [word for word in words[_server_words(words) :] if word != "--"][:1]
        (application(*command) if COMMANDS.keys() & command else overview())(words)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from relevo_cli.explain import describe_error  # noqa: PLC0415  # it knows every library's errors: slow to import

        sentence = describe_error(error)
        if sentence is None:
            raise
        err().print(f"relevo: {sentence}", markup=False, style="red")
        _give_up_output()
        sys.exit(USAGE_ERROR)


def _server_words(words: Sequence[str]) -> int:
    """How many words in front name the control API."""
    return 0 if not words or not words[0].startswith("--server") else 1 if "=" in words[0] else 2


def _give_up_output() -> None:
    """Lets go of output that can't be written, so that Python doesn't fail of it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
