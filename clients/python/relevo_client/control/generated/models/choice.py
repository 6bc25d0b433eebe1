from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Choice")


@_attrs_define
class Choice:
    """Which dead letters: those with `ids`, or all; of a `shop`, with a `cause` in their reason, if these are given.

    Attributes:
        ids (list[str] | Unset):
        shop (str | Unset):  Default: ''.
        cause (str | Unset):  Default: ''.
    """

    ids: list[str] | Unset = UNSET
    shop: str | Unset = ""
    cause: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        ids: list[str] | Unset = UNSET
        if not isinstance(self.ids, Unset):
            ids = self.ids

        shop = self.shop

        cause = self.cause

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if ids is not UNSET:
            field_dict["ids"] = ids
        if shop is not UNSET:
            field_dict["shop"] = shop
        if cause is not UNSET:
            field_dict["cause"] = cause

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        ids = cast(list[str], d.pop("ids", UNSET))

        shop = d.pop("shop", UNSET)

        cause = d.pop("cause", UNSET)

        choice = cls(
            ids=ids,
            shop=shop,
            cause=cause,
        )

        return choice
