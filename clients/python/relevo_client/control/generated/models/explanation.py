from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.absence import Absence
    from ..models.line import Line
    from ..models.run_in_progress import RunInProgress


T = TypeVar("T", bound="Explanation")


@_attrs_define
class Explanation:
    """All of it: what happened in order of time, where runs rest now, and which workflows were never entered.

    Attributes:
        lines (list[Line]):
        underway (list[RunInProgress]):
        absences (list[Absence]):
    """

    lines: list[Line]
    underway: list[RunInProgress]
    absences: list[Absence]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        lines = []
        for lines_item_data in self.lines:
            lines_item = lines_item_data.to_dict()
            lines.append(lines_item)

        underway = []
        for underway_item_data in self.underway:
            underway_item = underway_item_data.to_dict()
            underway.append(underway_item)

        absences = []
        for absences_item_data in self.absences:
            absences_item = absences_item_data.to_dict()
            absences.append(absences_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "lines": lines,
                "underway": underway,
                "absences": absences,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.absence import Absence
        from ..models.line import Line
        from ..models.run_in_progress import RunInProgress

        d = dict(src_dict)
        lines = []
        _lines = d.pop("lines")
        for lines_item_data in _lines:
            lines_item = Line.from_dict(lines_item_data)

            lines.append(lines_item)

        underway = []
        _underway = d.pop("underway")
        for underway_item_data in _underway:
            underway_item = RunInProgress.from_dict(underway_item_data)

            underway.append(underway_item)

        absences = []
        _absences = d.pop("absences")
        for absences_item_data in _absences:
            absences_item = Absence.from_dict(absences_item_data)

            absences.append(absences_item)

        explanation = cls(
            lines=lines,
            underway=underway,
            absences=absences,
        )

        explanation.additional_properties = d
        return explanation

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
