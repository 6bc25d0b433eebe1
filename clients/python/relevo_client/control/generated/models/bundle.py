from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bundle_events import BundleEvents
    from ..models.bundle_workflows_item import BundleWorkflowsItem


T = TypeVar("T", bound="Bundle")


@_attrs_define
class Bundle:
    """Targets as they travel: the raw files of each workflow by path, declared events by name, the policy's text.

    Attributes:
        workflows (list[BundleWorkflowsItem] | Unset):
        events (BundleEvents | Unset):
        policy (str | Unset):  Default: ''.
    """

    workflows: list[BundleWorkflowsItem] | Unset = UNSET
    events: BundleEvents | Unset = UNSET
    policy: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        workflows: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.workflows, Unset):
            workflows = []
            for workflows_item_data in self.workflows:
                workflows_item = workflows_item_data.to_dict()
                workflows.append(workflows_item)

        events: dict[str, Any] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = self.events.to_dict()

        policy = self.policy

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if workflows is not UNSET:
            field_dict["workflows"] = workflows
        if events is not UNSET:
            field_dict["events"] = events
        if policy is not UNSET:
            field_dict["policy"] = policy

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.bundle_events import BundleEvents
        from ..models.bundle_workflows_item import BundleWorkflowsItem

        d = dict(src_dict)
        _workflows = d.pop("workflows", UNSET)
        workflows: list[BundleWorkflowsItem] | Unset = UNSET
        if _workflows is not UNSET:
            workflows = []
            for workflows_item_data in _workflows:
                workflows_item = BundleWorkflowsItem.from_dict(workflows_item_data)

                workflows.append(workflows_item)

        _events = d.pop("events", UNSET)
        events: BundleEvents | Unset
        if isinstance(_events, Unset):
            events = UNSET
        else:
            events = BundleEvents.from_dict(_events)

        policy = d.pop("policy", UNSET)

        bundle = cls(
            workflows=workflows,
            events=events,
            policy=policy,
        )

        return bundle
