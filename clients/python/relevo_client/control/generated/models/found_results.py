from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.counted import Counted
    from ..models.variant_test import VariantTest


T = TypeVar("T", bound="FoundResults")


@_attrs_define
class FoundResults:
    """The counts of a workflow, and how its tests of variants stand.

    Attributes:
        workflow (str):
        shop (str):
        since (datetime.date):
        counts (list[Counted]):
        tests (list[VariantTest]):
    """

    workflow: str
    shop: str
    since: datetime.date
    counts: list[Counted]
    tests: list[VariantTest]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        workflow = self.workflow

        shop = self.shop

        since = self.since.isoformat()

        counts = []
        for counts_item_data in self.counts:
            counts_item = counts_item_data.to_dict()
            counts.append(counts_item)

        tests = []
        for tests_item_data in self.tests:
            tests_item = tests_item_data.to_dict()
            tests.append(tests_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "workflow": workflow,
                "shop": shop,
                "since": since,
                "counts": counts,
                "tests": tests,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.counted import Counted
        from ..models.variant_test import VariantTest

        d = dict(src_dict)
        workflow = d.pop("workflow")

        shop = d.pop("shop")

        since = datetime.date.fromisoformat(d.pop("since"))

        counts = []
        _counts = d.pop("counts")
        for counts_item_data in _counts:
            counts_item = Counted.from_dict(counts_item_data)

            counts.append(counts_item)

        tests = []
        _tests = d.pop("tests")
        for tests_item_data in _tests:
            tests_item = VariantTest.from_dict(tests_item_data)

            tests.append(tests_item)

        found_results = cls(
            workflow=workflow,
            shop=shop,
            since=since,
            counts=counts,
            tests=tests,
        )

        found_results.additional_properties = d
        return found_results

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
