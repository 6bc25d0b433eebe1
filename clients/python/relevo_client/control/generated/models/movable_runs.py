from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MovableRuns")


@_attrs_define
class MovableRuns:
    """Runs that can be moved: how many rest at this step, and the step of the new version that takes its place.

    `again` says what they would do a second time in the new version; mostly nothing.

        Attributes:
            step (str):
            version (str):
            place (str):
            runs (int):
            again (str | Unset):  Default: ''.
    """

    step: str
    version: str
    place: str
    runs: int
    again: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        step = self.step

        version = self.version

        place = self.place

        runs = self.runs

        again = self.again

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "step": step,
                "version": version,
                "place": place,
                "runs": runs,
            }
        )
        if again is not UNSET:
            field_dict["again"] = again

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        step = d.pop("step")

        version = d.pop("version")

        place = d.pop("place")

        runs = d.pop("runs")

        again = d.pop("again", UNSET)

        movable_runs = cls(
            step=step,
            version=version,
            place=place,
            runs=runs,
            again=again,
        )

        movable_runs.additional_properties = d
        return movable_runs

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
