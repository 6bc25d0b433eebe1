from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.standing import Standing


T = TypeVar("T", bound="VariantTest")


@_attrs_define
class VariantTest:
    """A split with a rule: how it stands over all its runs, whenever they started; and who has won, if anyone.

    Attributes:
        split (str):
        by (str):
        least (int):
        standing (Standing): How a test of variants stands: how many `runs` each got, what each makes a run by the rule,
            and from when on one
            can win: `None` as long as no run got any.
        winner (str | Unset):  Default: ''.
        decided_at (datetime.datetime | None | Unset):
    """

    split: str
    by: str
    least: int
    standing: Standing
    winner: str | Unset = ""
    decided_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        split = self.split

        by = self.by

        least = self.least

        standing = self.standing.to_dict()

        winner = self.winner

        decided_at: None | str | Unset
        if isinstance(self.decided_at, Unset):
            decided_at = UNSET
        elif isinstance(self.decided_at, datetime.datetime):
            decided_at = self.decided_at.isoformat()
        else:
            decided_at = self.decided_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "split": split,
                "by": by,
                "least": least,
                "standing": standing,
            }
        )
        if winner is not UNSET:
            field_dict["winner"] = winner
        if decided_at is not UNSET:
            field_dict["decided_at"] = decided_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.standing import Standing

        d = dict(src_dict)
        split = d.pop("split")

        by = d.pop("by")

        least = d.pop("least")

        standing = Standing.from_dict(d.pop("standing"))

        winner = d.pop("winner", UNSET)

        def _parse_decided_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                decided_at_type_0 = datetime.datetime.fromisoformat(data)

                return decided_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        decided_at = _parse_decided_at(d.pop("decided_at", UNSET))

        variant_test = cls(
            split=split,
            by=by,
            least=least,
            standing=standing,
            winner=winner,
            decided_at=decided_at,
        )

        variant_test.additional_properties = d
        return variant_test

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
