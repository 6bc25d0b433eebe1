from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.proposal_in_flight import ProposalInFlight

if TYPE_CHECKING:
    from ..models.approval import Approval
    from ..models.deployment_plan import DeploymentPlan


T = TypeVar("T", bound="Proposal")


@_attrs_define
class Proposal:
    """A plan with its digest, whose it is, and who has approved it; `applied_at` once it was carried out.

    Attributes:
        digest (str):
        shop (str):
        author (str):
        in_flight (ProposalInFlight):
        repeat (bool):
        note (str):
        created_at (datetime.datetime):
        applied_at (datetime.datetime | None):
        approvals (list[Approval]):
        plan (DeploymentPlan): The changes of a deployment, as the catalog was at `revision`; `secrets` are what calls
            need, by workflow.

            `unserved` are the shops that lack a system which a workflow asks.
    """

    digest: str
    shop: str
    author: str
    in_flight: ProposalInFlight
    repeat: bool
    note: str
    created_at: datetime.datetime
    applied_at: datetime.datetime | None
    approvals: list[Approval]
    plan: DeploymentPlan
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        digest = self.digest

        shop = self.shop

        author = self.author

        in_flight = self.in_flight.value

        repeat = self.repeat

        note = self.note

        created_at = self.created_at.isoformat()

        applied_at: None | str
        if isinstance(self.applied_at, datetime.datetime):
            applied_at = self.applied_at.isoformat()
        else:
            applied_at = self.applied_at

        approvals = []
        for approvals_item_data in self.approvals:
            approvals_item = approvals_item_data.to_dict()
            approvals.append(approvals_item)

        plan = self.plan.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "digest": digest,
                "shop": shop,
                "author": author,
                "in_flight": in_flight,
                "repeat": repeat,
                "note": note,
                "created_at": created_at,
                "applied_at": applied_at,
                "approvals": approvals,
                "plan": plan,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.approval import Approval
        from ..models.deployment_plan import DeploymentPlan

        d = dict(src_dict)
        digest = d.pop("digest")

        shop = d.pop("shop")

        author = d.pop("author")

        in_flight = ProposalInFlight(d.pop("in_flight"))

        repeat = d.pop("repeat")

        note = d.pop("note")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_applied_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                applied_at_type_0 = datetime.datetime.fromisoformat(data)

                return applied_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        applied_at = _parse_applied_at(d.pop("applied_at"))

        approvals = []
        _approvals = d.pop("approvals")
        for approvals_item_data in _approvals:
            approvals_item = Approval.from_dict(approvals_item_data)

            approvals.append(approvals_item)

        plan = DeploymentPlan.from_dict(d.pop("plan"))

        proposal = cls(
            digest=digest,
            shop=shop,
            author=author,
            in_flight=in_flight,
            repeat=repeat,
            note=note,
            created_at=created_at,
            applied_at=applied_at,
            approvals=approvals,
            plan=plan,
        )

        proposal.additional_properties = d
        return proposal

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
