from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.policy_change_state import PolicyChangeState
from ..types import UNSET, Unset

T = TypeVar("T", bound="PolicyChange")


@_attrs_define
class PolicyChange:
    """What deploying a policy changes. `before` is the version that it takes the place of.

    Attributes:
        shop (str):
        version (str):
        state (PolicyChangeState):
        before (str | Unset):  Default: ''.
        diff (list[str] | Unset):
    """

    shop: str
    version: str
    state: PolicyChangeState
    before: str | Unset = ""
    diff: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        version = self.version

        state = self.state.value

        before = self.before

        diff: list[str] | Unset = UNSET
        if not isinstance(self.diff, Unset):
            diff = self.diff

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "version": version,
                "state": state,
            }
        )
        if before is not UNSET:
            field_dict["before"] = before
        if diff is not UNSET:
            field_dict["diff"] = diff

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        shop = d.pop("shop")

        version = d.pop("version")

        state = PolicyChangeState(d.pop("state"))

        before = d.pop("before", UNSET)

        diff = cast(list[str], d.pop("diff", UNSET))

        policy_change = cls(
            shop=shop,
            version=version,
            state=state,
            before=before,
            diff=diff,
        )

        policy_change.additional_properties = d
        return policy_change

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
