"""`relevo deploy`: check workflows and make them what new runs start with."""

import asyncio
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from relevo_cli import addresses, database
from relevo_cli.console import out, print_json
from relevo_cli.workflow_files import Loaded, load_folders
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.settings import RuntimeSettings


class Deployment(Struct, frozen=True, kw_only=True):
    """What became of one workflow: `revision` is None where this version was active already."""

    workflow: str
    version: str
    shop: str
    revision: int | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy")(deploy)


def deploy(
    path: Annotated[Path, typer.Argument(help="A workflow folder, or a folder of workflow folders.")],
    shop: Annotated[str, typer.Option(help="Deploy for this shop only; default: for every shop.")] = catalog.EVERY_SHOP,
    note: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check every workflow in PATH and deploy them, all or none. Runs in flight keep their version."""
    loaded = load_folders(path)
    done = asyncio.run(store(addresses.settings(), loaded, shop=shop, note=note))
    if as_json:
        print_json(done)
        return
    for one in done:
        what = "is active already" if one.revision is None else f"deployed as revision {one.revision}"
        out().print(f"{one.workflow}  {one.version}  {what}", markup=False)


async def store(
    settings: RuntimeSettings, loaded: Sequence[Loaded], *, shop: str = catalog.EVERY_SHOP, note: str = ""
) -> list[Deployment]:
    """Deploy all in one transaction; what is active already is left alone."""
    at = make_clock(settings).now()
    done = []
    async with database.transaction(settings) as connection:
        active = {(one.shop, one.workflow): one.version for one in await catalog.active_definitions(connection)}
        for one in loaded:
            name, version = one.definition.name, one.definition.version
            revision = None
            if active.get((shop, name)) != version:
                revision = await catalog.deploy(
                    connection,
                    shop=shop,
                    workflow=name,
                    version=version,
                    files=one.files,
                    at=at,
                    author=getpass.getuser(),
                    note=note,
                )
            done.append(Deployment(workflow=name, version=version, shop=shop, revision=revision))
    return done
