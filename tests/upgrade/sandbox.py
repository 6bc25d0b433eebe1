"""The mail server of both releases: this release's sandbox."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from relevo_cli.child import Child, Died, Spec, python
from relevo_cli.processes import HOST, SMS_TOKEN, mail_folder
from relevo_embedded.process import free_ports
from tests.upgrade.fleet import GRACE, READY


@contextlib.asynccontextmanager
async def sandbox(folder: Path, on_death: Callable[[Died], None]) -> AsyncIterator[tuple[int, int]]:
    """Its ports for SMTP and for HTTP."""
    smtp, http = free_ports(2)
    options = ("--smtp-port", str(smtp), "--http-port", str(http), "--folder", str(mail_folder(folder)))
    spec = Spec(
        name="sandbox",
        command=python("relevo_sandbox", *options, "--token", SMS_TOKEN, "--watch-parent"),
        environment={},
        ready_url=f"http://{HOST}:{http}/counts",
        log=folder / "sandbox.log",
    )
    child = Child(spec, on_death)
    await child.start()
    try:
        await child.wait_ready(READY)
        yield smtp, http
    finally:
        await child.stop(GRACE)
