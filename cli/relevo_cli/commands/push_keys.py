"""`relevo push-keys`: the keys by which push services know who sends."""

import typer
from cryptography.hazmat.primitives.asymmetric import ec

from relevo_cli.console import out
from relevo_notifier.providers.webpush.vapid import encoded, public_bytes

_BYTES = 32


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("push-keys")(push_keys)


def push_keys() -> None:
    """Make a pair of VAPID keys: the private one for the notifier, the public one for the shops' pages.

    Browsers take messages of the key alone that they were asked with: another one makes all of them ask again.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_numbers().private_value.to_bytes(_BYTES, "big")
    out().print(f"RELEVO_NOTIFIER_WEBPUSH_PRIVATE_KEY={encoded(private)}", markup=False, soft_wrap=True)
    out().print(f'data-push-key="{encoded(public_bytes(key))}"', markup=False, soft_wrap=True)
