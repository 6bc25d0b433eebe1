from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.wish_in_flight import WishInFlight
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.again import Again
    from ..models.bundle import Bundle


T = TypeVar("T", bound="Wish")


@_attrs_define
class Wish:
    """What somebody wants to deploy for `shop` (`*`: every shop): a `bundle`, or what was deployed before (`again`).

    Attributes:
        shop (str | Unset):  Default: '*'.
        bundle (Bundle | None | Unset):
        again (Again | None | Unset):
        in_flight (WishInFlight | Unset):  Default: WishInFlight.PIN.
        repeat (bool | Unset):  Default: False.
        note (str | Unset):  Default: ''.
    """

    shop: str | Unset = "*"
    bundle: Bundle | None | Unset = UNSET
    again: Again | None | Unset = UNSET
    in_flight: WishInFlight | Unset = WishInFlight.PIN
    repeat: bool | Unset = False
    note: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        from ..models.again import Again
        from ..models.bundle import Bundle

        shop = self.shop

        bundle: dict[str, Any] | None | Unset
        if isinstance(self.bundle, Unset):
            bundle = UNSET
        elif isinstance(self.bundle, Bundle):
            bundle = self.bundle.to_dict()
        else:
            bundle = self.bundle

        again: dict[str, Any] | None | Unset
        if isinstance(self.again, Unset):
            again = UNSET
        elif isinstance(self.again, Again):
            again = self.again.to_dict()
        else:
            again = self.again

        in_flight: str | Unset = UNSET
        if not isinstance(self.in_flight, Unset):
            in_flight = self.in_flight.value

        repeat = self.repeat

        note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if shop is not UNSET:
            field_dict["shop"] = shop
        if bundle is not UNSET:
            field_dict["bundle"] = bundle
        if again is not UNSET:
            field_dict["again"] = again
        if in_flight is not UNSET:
            field_dict["in_flight"] = in_flight
        if repeat is not UNSET:
            field_dict["repeat"] = repeat
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.again import Again
        from ..models.bundle import Bundle

        d = dict(src_dict)
        shop = d.pop("shop", UNSET)

        def _parse_bundle(data: object) -> Bundle | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                bundle_type_0 = Bundle.from_dict(data)

                return bundle_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Bundle | None | Unset, data)

        bundle = _parse_bundle(d.pop("bundle", UNSET))

        def _parse_again(data: object) -> Again | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                again_type_0 = Again.from_dict(data)

                return again_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Again | None | Unset, data)

        again = _parse_again(d.pop("again", UNSET))

        _in_flight = d.pop("in_flight", UNSET)
        in_flight: WishInFlight | Unset
        if isinstance(_in_flight, Unset):
            in_flight = UNSET
        else:
            in_flight = WishInFlight(_in_flight)

        repeat = d.pop("repeat", UNSET)

        note = d.pop("note", UNSET)

        wish = cls(
            shop=shop,
            bundle=bundle,
            again=again,
            in_flight=in_flight,
            repeat=repeat,
            note=note,
        )

        return wish
