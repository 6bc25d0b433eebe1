from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.immovable_runs import ImmovableRuns
    from ..models.movable_runs import MovableRuns
    from ..models.run_example import RunExample


T = TypeVar("T", bound="MigrationPreview")


@_attrs_define
class MigrationPreview:
    """What moving the runs in flight would do. `examples` are some of those that can't be moved.

    `watching` are those of `runs` whose steps are over: only their goal is watched, which holds up nothing.

        Attributes:
            runs (int):
            watching (int | Unset):  Default: 0.
            going (list[MovableRuns] | Unset):
            stuck (list[ImmovableRuns] | Unset):
            examples (list[RunExample] | Unset):
    """

    runs: int
    watching: int | Unset = 0
    going: list[MovableRuns] | Unset = UNSET
    stuck: list[ImmovableRuns] | Unset = UNSET
    examples: list[RunExample] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        runs = self.runs

        watching = self.watching

        going: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.going, Unset):
            going = []
            for going_item_data in self.going:
                going_item = going_item_data.to_dict()
                going.append(going_item)

        stuck: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.stuck, Unset):
            stuck = []
            for stuck_item_data in self.stuck:
                stuck_item = stuck_item_data.to_dict()
                stuck.append(stuck_item)

        examples: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.examples, Unset):
            examples = []
            for examples_item_data in self.examples:
                examples_item = examples_item_data.to_dict()
                examples.append(examples_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "runs": runs,
            }
        )
        if watching is not UNSET:
            field_dict["watching"] = watching
        if going is not UNSET:
            field_dict["going"] = going
        if stuck is not UNSET:
            field_dict["stuck"] = stuck
        if examples is not UNSET:
            field_dict["examples"] = examples

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.immovable_runs import ImmovableRuns
        from ..models.movable_runs import MovableRuns
        from ..models.run_example import RunExample

        d = dict(src_dict)
        runs = d.pop("runs")

        watching = d.pop("watching", UNSET)

        _going = d.pop("going", UNSET)
        going: list[MovableRuns] | Unset = UNSET
        if _going is not UNSET:
            going = []
            for going_item_data in _going:
                going_item = MovableRuns.from_dict(going_item_data)

                going.append(going_item)

        _stuck = d.pop("stuck", UNSET)
        stuck: list[ImmovableRuns] | Unset = UNSET
        if _stuck is not UNSET:
            stuck = []
            for stuck_item_data in _stuck:
                stuck_item = ImmovableRuns.from_dict(stuck_item_data)

                stuck.append(stuck_item)

        _examples = d.pop("examples", UNSET)
        examples: list[RunExample] | Unset = UNSET
        if _examples is not UNSET:
            examples = []
            for examples_item_data in _examples:
                examples_item = RunExample.from_dict(examples_item_data)

                examples.append(examples_item)

        migration_preview = cls(
            runs=runs,
            watching=watching,
            going=going,
            stuck=stuck,
            examples=examples,
        )

        migration_preview.additional_properties = d
        return migration_preview

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
