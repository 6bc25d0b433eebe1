from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ExplanationWish")


@_attrs_define
class ExplanationWish:
    """Which customer: e-mail address, phone number, customer id, order id or key. In a body, as URLs are logged.

    Attributes:
        customer (str):
        workflow (str | Unset):  Default: ''.
        since (str | Unset):  Default: ''.
    """

    customer: str
    workflow: str | Unset = ""
    since: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        customer = self.customer

        workflow = self.workflow

        since = self.since

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "customer": customer,
            }
        )
        if workflow is not UNSET:
            field_dict["workflow"] = workflow
        if since is not UNSET:
            field_dict["since"] = since

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        customer = d.pop("customer")

        workflow = d.pop("workflow", UNSET)

        since = d.pop("since", UNSET)

        explanation_wish = cls(
            customer=customer,
            workflow=workflow,
            since=since,
        )

        return explanation_wish
