from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.standing_runs import StandingRuns
    from ..models.standing_scores import StandingScores


T = TypeVar("T", bound="Standing")


@_attrs_define
class Standing:
    """How a test of variants stands: how many `runs` each got, what each makes a run by the rule, and from when on one
    can win: `None` as long as no run got any.

        Attributes:
            runs (StandingRuns):
            scores (StandingScores):
            best (str):
            earliest (datetime.datetime | None):
    """

    runs: StandingRuns
    scores: StandingScores
    best: str
    earliest: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        runs = self.runs.to_dict()

        scores = self.scores.to_dict()

        best = self.best

        earliest: None | str
        if isinstance(self.earliest, datetime.datetime):
            earliest = self.earliest.isoformat()
        else:
            earliest = self.earliest

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "runs": runs,
                "scores": scores,
                "best": best,
                "earliest": earliest,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.standing_runs import StandingRuns
        from ..models.standing_scores import StandingScores

        d = dict(src_dict)
        runs = StandingRuns.from_dict(d.pop("runs"))

        scores = StandingScores.from_dict(d.pop("scores"))

        best = d.pop("best")

        def _parse_earliest(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                earliest_type_0 = datetime.datetime.fromisoformat(data)

                return earliest_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        earliest = _parse_earliest(d.pop("earliest"))

        standing = cls(
            runs=runs,
            scores=scores,
            best=best,
            earliest=earliest,
        )

        standing.additional_properties = d
        return standing

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
