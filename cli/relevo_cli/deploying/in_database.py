"""A deployment by whoever has the database: who stands behind it is what they say."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from relevo_cli import database
from relevo_cli.deploying.session import Options, Source
from relevo_control.app.deploying.apply_plan import Deployer, DeploymentResult
from relevo_control.app.deploying.plan import DeploymentPlan, make_plan
from relevo_control.app.deploying.rules import SignOff
from relevo_control.app.deploying.source import Targets, resolve
from relevo_control.app.errors import OperationError
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Connection
from relevo_runtime.settings import RuntimeSettings


@contextlib.asynccontextmanager
async def in_database(
    settings: RuntimeSettings, source: Source, options: Options
) -> AsyncIterator["DatabaseDeployment"]:
    """A deployment on a connection of its own."""
    async with database.connection(settings) as connection:
        yield DatabaseDeployment(connection, settings, source, options)


class DatabaseDeployment:
    """One deployment on one connection."""

    remark = ""

    def __init__(self, connection: Connection, settings: RuntimeSettings, source: Source, options: Options) -> None:
        self._connection = connection
        self._settings = settings
        self._source = source
        self._options = options
        self._planned: tuple[DeploymentPlan, Targets] | None = None

    async def plan(self) -> DeploymentPlan:
        """What it would change."""
        targets = await resolve(self._connection, self._source, self._options.shop)
        plan = await make_plan(
            self._connection,
            targets.versions,
            shop=self._options.shop,
            sign_off=self._options.sign_off,
            declared=targets.declared,
            policy=targets.policy,
        )
        self._planned = plan, targets
        return plan

    async def carry_out(self) -> list[DeploymentResult]:
        """Does what the plan says."""
        if self._planned is None:
            raise OperationError("there is no plan to carry out")
        plan, targets = self._planned
        said = self._options.sign_off
        deployer = Deployer(
            self._connection,
            make_clock(self._settings),
            sign_off=SignOff(
                author=said.author, reviewer=said.reviewer, approver=said.approver, note=said.note or targets.note
            ),
            in_flight=self._options.in_flight,
            repeat=self._options.repeat,
            settled=timedelta(seconds=self._options.settle),
            policy=targets.policy,
        )
        return await deployer.carry_out(plan, targets.versions)
