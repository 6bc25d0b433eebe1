from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.link_rules import LinkRules
    from ..models.pause import Pause
    from ..models.secret_view import SecretView


T = TypeVar("T", bound="ShopView")


@_attrs_define
class ShopView:
    """What may be seen of a shop: of secrets how long they hold, of tokens how many there are, of pauses all.

    Attributes:
        shop (str):
        platform (str):
        name (str):
        domain (str):
        secrets (list[SecretView]):
        token_hashes (int):
        task_token_hashes (int):
        email_from (str):
        sms_from (str):
        locale (str):
        timezone (str):
        currency (str):
        postal_address (str):
        quiet_hours (str):
        links (LinkRules): What a shop has decided.

            `consent`: `assumed` follows whom nobody heard object, `required` those alone who agreed (the topic `tracking`).
            Transactional messages and SMS are followed only if the shop says so. `utm` is what stands in the campaign
            parameters in the place of what the workflow gives, by name without `utm_`; `None`: links get none. `hosts` get
            them too, beside the shop's own.
        held_at (datetime.datetime | None):
        moved_to (str):
        held (str):
        paused (list[Pause]):
    """

    shop: str
    platform: str
    name: str
    domain: str
    secrets: list[SecretView]
    token_hashes: int
    task_token_hashes: int
    email_from: str
    sms_from: str
    locale: str
    timezone: str
    currency: str
    postal_address: str
    quiet_hours: str
    links: LinkRules
    held_at: datetime.datetime | None
    moved_to: str
    held: str
    paused: list[Pause]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        platform = self.platform

        name = self.name

        domain = self.domain

        secrets = []
        for secrets_item_data in self.secrets:
            secrets_item = secrets_item_data.to_dict()
            secrets.append(secrets_item)

        token_hashes = self.token_hashes

        task_token_hashes = self.task_token_hashes

        email_from = self.email_from

        sms_from = self.sms_from

        locale = self.locale

        timezone = self.timezone

        currency = self.currency

        postal_address = self.postal_address

        quiet_hours = self.quiet_hours

        links = self.links.to_dict()

        held_at: None | str
        if isinstance(self.held_at, datetime.datetime):
            held_at = self.held_at.isoformat()
        else:
            held_at = self.held_at

        moved_to = self.moved_to

        held = self.held

        paused = []
        for paused_item_data in self.paused:
            paused_item = paused_item_data.to_dict()
            paused.append(paused_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "platform": platform,
                "name": name,
                "domain": domain,
                "secrets": secrets,
                "token_hashes": token_hashes,
                "task_token_hashes": task_token_hashes,
                "email_from": email_from,
                "sms_from": sms_from,
                "locale": locale,
                "timezone": timezone,
                "currency": currency,
                "postal_address": postal_address,
                "quiet_hours": quiet_hours,
                "links": links,
                "held_at": held_at,
                "moved_to": moved_to,
                "held": held,
                "paused": paused,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.link_rules import LinkRules
        from ..models.pause import Pause
        from ..models.secret_view import SecretView

        d = dict(src_dict)
        shop = d.pop("shop")

        platform = d.pop("platform")

        name = d.pop("name")

        domain = d.pop("domain")

        secrets = []
        _secrets = d.pop("secrets")
        for secrets_item_data in _secrets:
            secrets_item = SecretView.from_dict(secrets_item_data)

            secrets.append(secrets_item)

        token_hashes = d.pop("token_hashes")

        task_token_hashes = d.pop("task_token_hashes")

        email_from = d.pop("email_from")

        sms_from = d.pop("sms_from")

        locale = d.pop("locale")

        timezone = d.pop("timezone")

        currency = d.pop("currency")

        postal_address = d.pop("postal_address")

        quiet_hours = d.pop("quiet_hours")

        links = LinkRules.from_dict(d.pop("links"))

        def _parse_held_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                held_at_type_0 = datetime.datetime.fromisoformat(data)

                return held_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        held_at = _parse_held_at(d.pop("held_at"))

        moved_to = d.pop("moved_to")

        held = d.pop("held")

        paused = []
        _paused = d.pop("paused")
        for paused_item_data in _paused:
            paused_item = Pause.from_dict(paused_item_data)

            paused.append(paused_item)

        shop_view = cls(
            shop=shop,
            platform=platform,
            name=name,
            domain=domain,
            secrets=secrets,
            token_hashes=token_hashes,
            task_token_hashes=task_token_hashes,
            email_from=email_from,
            sms_from=sms_from,
            locale=locale,
            timezone=timezone,
            currency=currency,
            postal_address=postal_address,
            quiet_hours=quiet_hours,
            links=links,
            held_at=held_at,
            moved_to=moved_to,
            held=held,
            paused=paused,
        )

        shop_view.additional_properties = d
        return shop_view

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
