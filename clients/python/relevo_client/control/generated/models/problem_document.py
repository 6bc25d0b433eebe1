from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.wrong_place import WrongPlace


T = TypeVar("T", bound="ProblemDocument")


@_attrs_define
class ProblemDocument:
    """Why a request was not accepted, and what to do (RFC 9457).

    `type` names the kind of problem and leads nowhere. A 422 has `where`, the first place that is wrong, and `errors`,
    all of them (up to 100); a 409 has `ids`, those that belong to other events; a 413 has `limit`, in bytes.

        Attributes:
            type_ (str):
            title (str):
            status (int):
            detail (str):
            where (str | Unset):  Default: ''.
            errors (list[WrongPlace] | Unset):
            ids (list[str] | Unset):
            limit (int | Unset):  Default: 0.
    """

    type_: str
    title: str
    status: int
    detail: str
    where: str | Unset = ""
    errors: list[WrongPlace] | Unset = UNSET
    ids: list[str] | Unset = UNSET
    limit: int | Unset = 0
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        title = self.title

        status = self.status

        detail = self.detail

        where = self.where

        errors: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.errors, Unset):
            errors = []
            for errors_item_data in self.errors:
                errors_item = errors_item_data.to_dict()
                errors.append(errors_item)

        ids: list[str] | Unset = UNSET
        if not isinstance(self.ids, Unset):
            ids = self.ids

        limit = self.limit

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "title": title,
                "status": status,
                "detail": detail,
            }
        )
        if where is not UNSET:
            field_dict["where"] = where
        if errors is not UNSET:
            field_dict["errors"] = errors
        if ids is not UNSET:
            field_dict["ids"] = ids
        if limit is not UNSET:
            field_dict["limit"] = limit

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.wrong_place import WrongPlace

        d = dict(src_dict)
        type_ = d.pop("type")

        title = d.pop("title")

        status = d.pop("status")

        detail = d.pop("detail")

        where = d.pop("where", UNSET)

        _errors = d.pop("errors", UNSET)
        errors: list[WrongPlace] | Unset = UNSET
        if _errors is not UNSET:
            errors = []
            for errors_item_data in _errors:
                errors_item = WrongPlace.from_dict(errors_item_data)

                errors.append(errors_item)

        ids = cast(list[str], d.pop("ids", UNSET))

        limit = d.pop("limit", UNSET)

        problem_document = cls(
            type_=type_,
            title=title,
            status=status,
            detail=detail,
            where=where,
            errors=errors,
            ids=ids,
            limit=limit,
        )

        problem_document.additional_properties = d
        return problem_document

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
