from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.consent import Consent
    from ..models.explanation import Explanation


T = TypeVar("T", bound="CustomerExplanation")


@_attrs_define
class CustomerExplanation:
    """Who was asked about, and what there is to say. `since` is from when on.

    Attributes:
        shop (str):
        customer (str):
        email (str):
        timezone (str):
        since (datetime.datetime):
        explanation (Explanation): All of it: what happened in order of time, where runs rest now, and which workflows
            were never entered.
        unreadable (list[str] | Unset):
        consents (list[Consent] | Unset):
    """

    shop: str
    customer: str
    email: str
    timezone: str
    since: datetime.datetime
    explanation: Explanation
    unreadable: list[str] | Unset = UNSET
    consents: list[Consent] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        customer = self.customer

        email = self.email

        timezone = self.timezone

        since = self.since.isoformat()

        explanation = self.explanation.to_dict()

        unreadable: list[str] | Unset = UNSET
        if not isinstance(self.unreadable, Unset):
            unreadable = self.unreadable

        consents: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.consents, Unset):
            consents = []
            for consents_item_data in self.consents:
                consents_item = consents_item_data.to_dict()
                consents.append(consents_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "customer": customer,
                "email": email,
                "timezone": timezone,
                "since": since,
                "explanation": explanation,
            }
        )
        if unreadable is not UNSET:
            field_dict["unreadable"] = unreadable
        if consents is not UNSET:
            field_dict["consents"] = consents

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.consent import Consent
        from ..models.explanation import Explanation

        d = dict(src_dict)
        shop = d.pop("shop")

        customer = d.pop("customer")

        email = d.pop("email")

        timezone = d.pop("timezone")

        since = datetime.datetime.fromisoformat(d.pop("since"))

        explanation = Explanation.from_dict(d.pop("explanation"))

        unreadable = cast(list[str], d.pop("unreadable", UNSET))

        _consents = d.pop("consents", UNSET)
        consents: list[Consent] | Unset = UNSET
        if _consents is not UNSET:
            consents = []
            for consents_item_data in _consents:
                consents_item = Consent.from_dict(consents_item_data)

                consents.append(consents_item)

        customer_explanation = cls(
            shop=shop,
            customer=customer,
            email=email,
            timezone=timezone,
            since=since,
            explanation=explanation,
            unreadable=unreadable,
            consents=consents,
        )

        customer_explanation.additional_properties = d
        return customer_explanation

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
