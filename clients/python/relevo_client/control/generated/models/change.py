from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.change_state import ChangeState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.migration_preview import MigrationPreview


T = TypeVar("T", bound="Change")


@_attrs_define
class Change:
    """What deploying one workflow changes. `before` is the version that it takes the place of, `level` its rules.

    `objection` says what is missing for it; `serves` whether `before` starts runs now (it does not while it drains).

        Attributes:
            workflow (str):
            shop (str):
            version (str):
            state (ChangeState):
            level (str):
            before (str | Unset):  Default: ''.
            serves (bool | Unset):  Default: False.
            summary (list[str] | Unset):
            diff (list[str] | Unset):
            in_flight (MigrationPreview | Unset): What moving the runs in flight would do. `examples` are some of those that
                can't be moved.

                `watching` are those of `runs` whose steps are over: only their goal is watched, which holds up nothing.
            objection (str | Unset):  Default: ''.
    """

    workflow: str
    shop: str
    version: str
    state: ChangeState
    level: str
    before: str | Unset = ""
    serves: bool | Unset = False
    summary: list[str] | Unset = UNSET
    diff: list[str] | Unset = UNSET
    in_flight: MigrationPreview | Unset = UNSET
    objection: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        workflow = self.workflow

        shop = self.shop

        version = self.version

        state = self.state.value

        level = self.level

        before = self.before

        serves = self.serves

        summary: list[str] | Unset = UNSET
        if not isinstance(self.summary, Unset):
            summary = self.summary

        diff: list[str] | Unset = UNSET
        if not isinstance(self.diff, Unset):
            diff = self.diff

        in_flight: dict[str, Any] | Unset = UNSET
        if not isinstance(self.in_flight, Unset):
            in_flight = self.in_flight.to_dict()

        objection = self.objection

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "workflow": workflow,
                "shop": shop,
                "version": version,
                "state": state,
                "level": level,
            }
        )
        if before is not UNSET:
            field_dict["before"] = before
        if serves is not UNSET:
            field_dict["serves"] = serves
        if summary is not UNSET:
            field_dict["summary"] = summary
        if diff is not UNSET:
            field_dict["diff"] = diff
        if in_flight is not UNSET:
            field_dict["in_flight"] = in_flight
        if objection is not UNSET:
            field_dict["objection"] = objection

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.migration_preview import MigrationPreview

        d = dict(src_dict)
        workflow = d.pop("workflow")

        shop = d.pop("shop")

        version = d.pop("version")

        state = ChangeState(d.pop("state"))

        level = d.pop("level")

        before = d.pop("before", UNSET)

        serves = d.pop("serves", UNSET)

        summary = cast(list[str], d.pop("summary", UNSET))

        diff = cast(list[str], d.pop("diff", UNSET))

        _in_flight = d.pop("in_flight", UNSET)
        in_flight: MigrationPreview | Unset
        if isinstance(_in_flight, Unset):
            in_flight = UNSET
        else:
            in_flight = MigrationPreview.from_dict(_in_flight)

        objection = d.pop("objection", UNSET)

        change = cls(
            workflow=workflow,
            shop=shop,
            version=version,
            state=state,
            level=level,
            before=before,
            serves=serves,
            summary=summary,
            diff=diff,
            in_flight=in_flight,
            objection=objection,
        )

        change.additional_properties = d
        return change

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
