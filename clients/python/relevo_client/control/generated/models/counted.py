from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Counted")


@_attrs_define
class Counted:
    """A count as it is read: of runs that started on `day`, what `measure` says, how often and what it was worth.

    The measures: `started`, `assigned` (an arm of a split, in `step`), `reached` (a step), `waited` (at a step, with a
    length of `WAITS` and the seconds as `amount`), `ended` (after a step, with the reason), `goal`; of messages the
    statuses of outcomes, `delivered`, `bounced`, `complained`, `opened` and `clicked` (also `_by_machine`), with the
    channel, and the `cost` of those sent as `amount`; `answered` with the survey, and of each answer that is not in
    words `rated`, `rated_nps` (0 to 10) or `chosen`, with `survey/question/answer`, and ratings as `amount`.

        Attributes:
            version (str):
            variant (str):
            day (datetime.date):
            step (str):
            measure (str):
            detail (str):
            currency (str):
            count (int):
            amount (str):
            squares (str):
    """

    version: str
    variant: str
    day: datetime.date
    step: str
    measure: str
    detail: str
    currency: str
    count: int
    amount: str
    squares: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        variant = self.variant

        day = self.day.isoformat()

        step = self.step

        measure = self.measure

        detail = self.detail

        currency = self.currency

        count = self.count

        amount = self.amount

        squares = self.squares

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "version": version,
                "variant": variant,
                "day": day,
                "step": step,
                "measure": measure,
                "detail": detail,
                "currency": currency,
                "count": count,
                "amount": amount,
                "squares": squares,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        version = d.pop("version")

        variant = d.pop("variant")

        day = datetime.date.fromisoformat(d.pop("day"))

        step = d.pop("step")

        measure = d.pop("measure")

        detail = d.pop("detail")

        currency = d.pop("currency")

        count = d.pop("count")

        amount = d.pop("amount")

        squares = d.pop("squares")

        counted = cls(
            version=version,
            variant=variant,
            day=day,
            step=step,
            measure=measure,
            detail=detail,
            currency=currency,
            count=count,
            amount=amount,
            squares=squares,
        )

        counted.additional_properties = d
        return counted

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
