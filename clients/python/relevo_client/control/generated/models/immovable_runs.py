from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ImmovableRuns")


@_attrs_define
class ImmovableRuns:
    """Runs that can't be moved: how many rest at this step for this reason.

    Attributes:
        step (str):
        version (str):
        reason (str):
        runs (int):
    """

    step: str
    version: str
    reason: str
    runs: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        step = self.step

        version = self.version

        reason = self.reason

        runs = self.runs

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "step": step,
                "version": version,
                "reason": reason,
                "runs": runs,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        step = d.pop("step")

        version = d.pop("version")

        reason = d.pop("reason")

        runs = d.pop("runs")

        immovable_runs = cls(
            step=step,
            version=version,
            reason=reason,
            runs=runs,
        )

        immovable_runs.additional_properties = d
        return immovable_runs

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
