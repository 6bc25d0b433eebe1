from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.change import Change
    from ..models.deployment_plan_secrets import DeploymentPlanSecrets
    from ..models.event_change import EventChange
    from ..models.policy_change import PolicyChange
    from ..models.unserved import Unserved


T = TypeVar("T", bound="DeploymentPlan")


@_attrs_define
class DeploymentPlan:
    """The changes of a deployment, as the catalog was at `revision`; `secrets` are what calls need, by workflow.

    `unserved` are the shops that lack a system which a workflow asks.

        Attributes:
            revision (int):
            changes (list[Change]):
            events (list[EventChange] | Unset):
            policy (None | PolicyChange | Unset):
            secrets (DeploymentPlanSecrets | Unset):
            unserved (list[Unserved] | Unset):
    """

    revision: int
    changes: list[Change]
    events: list[EventChange] | Unset = UNSET
    policy: None | PolicyChange | Unset = UNSET
    secrets: DeploymentPlanSecrets | Unset = UNSET
    unserved: list[Unserved] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_change import PolicyChange

        revision = self.revision

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        events: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = []
            for events_item_data in self.events:
                events_item = events_item_data.to_dict()
                events.append(events_item)

        policy: dict[str, Any] | None | Unset
        if isinstance(self.policy, Unset):
            policy = UNSET
        elif isinstance(self.policy, PolicyChange):
            policy = self.policy.to_dict()
        else:
            policy = self.policy

        secrets: dict[str, Any] | Unset = UNSET
        if not isinstance(self.secrets, Unset):
            secrets = self.secrets.to_dict()

        unserved: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.unserved, Unset):
            unserved = []
            for unserved_item_data in self.unserved:
                unserved_item = unserved_item_data.to_dict()
                unserved.append(unserved_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "revision": revision,
                "changes": changes,
            }
        )
        if events is not UNSET:
            field_dict["events"] = events
        if policy is not UNSET:
            field_dict["policy"] = policy
        if secrets is not UNSET:
            field_dict["secrets"] = secrets
        if unserved is not UNSET:
            field_dict["unserved"] = unserved

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.change import Change
        from ..models.deployment_plan_secrets import DeploymentPlanSecrets
        from ..models.event_change import EventChange
        from ..models.policy_change import PolicyChange
        from ..models.unserved import Unserved

        d = dict(src_dict)
        revision = d.pop("revision")

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = Change.from_dict(changes_item_data)

            changes.append(changes_item)

        _events = d.pop("events", UNSET)
        events: list[EventChange] | Unset = UNSET
        if _events is not UNSET:
            events = []
            for events_item_data in _events:
                events_item = EventChange.from_dict(events_item_data)

                events.append(events_item)

        def _parse_policy(data: object) -> None | PolicyChange | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                policy_type_0 = PolicyChange.from_dict(data)

                return policy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PolicyChange | Unset, data)

        policy = _parse_policy(d.pop("policy", UNSET))

        _secrets = d.pop("secrets", UNSET)
        secrets: DeploymentPlanSecrets | Unset
        if isinstance(_secrets, Unset):
            secrets = UNSET
        else:
            secrets = DeploymentPlanSecrets.from_dict(_secrets)

        _unserved = d.pop("unserved", UNSET)
        unserved: list[Unserved] | Unset = UNSET
        if _unserved is not UNSET:
            unserved = []
            for unserved_item_data in _unserved:
                unserved_item = Unserved.from_dict(unserved_item_data)

                unserved.append(unserved_item)

        deployment_plan = cls(
            revision=revision,
            changes=changes,
            events=events,
            policy=policy,
            secrets=secrets,
            unserved=unserved,
        )

        deployment_plan.additional_properties = d
        return deployment_plan

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
