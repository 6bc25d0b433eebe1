"""A deployment through the control API: who stands behind it is who is logged in."""

from relevo_cli.deploying.session import Options, Source
from relevo_cli.errors import CommandError
from relevo_cli.server import Control
from relevo_control.app.deploying.apply_plan import DeploymentResult
from relevo_control.app.deploying.plan import DeploymentPlan
from relevo_control.app.deploying.source import Again, bundle_of
from relevo_control.app.pages import Items
from relevo_control.app.plans import Proposal, Wish


class ServerDeployment:
    """One deployment: the server makes the plan and keeps it; what is carried out is named by its digest."""

    def __init__(self, control: Control, source: Source, options: Options) -> None:
        self._control = control
        self._source = source
        self._options = options
        self._proposal: Proposal | None = None

    async def plan(self) -> DeploymentPlan:
        """What it would change. Raises `CommandError` for signatures in free text."""
        said = self._options.sign_off
        if said.reviewer or said.approver:
            raise CommandError(
                "with --server approvals are by who is logged in: `relevo approve` with the plan's digest"
            )
        wish = Wish(
            shop=self._options.shop,
            again=self._source if isinstance(self._source, Again) else None,
            bundle=None if isinstance(self._source, Again) else bundle_of(self._source),
            in_flight=self._options.in_flight,
            repeat=self._options.repeat,
            note=said.note,
        )
        self._proposal = await self._control.post("/v1/plans", Proposal, wish)
        return self._proposal.plan

    async def carry_out(self) -> list[DeploymentResult]:
        """Does what the plan says."""
        if self._proposal is None:
            raise CommandError("there is no plan to carry out")
        done = await self._control.post(f"/v1/plans/{self._proposal.digest}/deployment", Items[DeploymentResult])
        return done.items

    @property
    def remark(self) -> str:
        """The plan's digest, by which somebody else approves it."""
        return f"plan {self._proposal.digest} by {self._proposal.author}" if self._proposal is not None else ""
