"""Payloads that a sender wrote in canonical form, brought into the one form that each value has; secrets removed."""

from datetime import datetime
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import Buyer, EventContact, Money
from relevo_ingest.core import normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import FieldProblem, InvalidPayload
from relevo_ingest.core.money import amount_text
from relevo_ingest.core.notes import collecting, note
from relevo_ingest.core.redaction import without_secrets
from relevo_ingest.core.times import to_utc

T = TypeVar("T", bound=Struct)
_TEXT_LIMIT = 10_000


def cleaned(payload: T, shop: ShopContext, where: str) -> T:
    """The same payload in canonical form. Raises `InvalidPayload` with all values that can't be brought into it."""
    cleaner = _Cleaner(shop)
    found: T = cleaner.struct(payload, where)
    if cleaner.wrong:
        raise InvalidPayload.of(cleaner.wrong)
    return found


def unclean(data: Any, shape: Any, shop: ShopContext, where: str) -> list[FieldProblem]:
    """The values of plain JSON that can't be brought into canonical form, in all parts of it that have their type."""
    cleaner = _Cleaner(shop)
    with collecting():
        cleaner.parts(data, shape, where)
    return cleaner.wrong


class _Cleaner:
    """Goes through one payload; what can't be is in `wrong`, and the walk goes on."""

    def __init__(self, shop: ShopContext) -> None:
        self.wrong: list[FieldProblem] = []
        self._shop = shop

    def value(self, value: Any, where: str) -> Any:
        if isinstance(value, str):  # nearly always
            return _text(value, where)
        if isinstance(value, Struct):
            return self.struct(value, where)
        if isinstance(value, list):
            return [self.value(item, f"{where}[{n}]") for n, item in enumerate(value)]
        if isinstance(value, dict):
            return self._free_form(value, where)
        return to_utc(value) if isinstance(value, datetime) else value

    def parts(self, value: Any, wanted: Any, where: str) -> None:
        """Looks at plain JSON: at all of it if that has its type, else at the parts of it that have theirs."""
        if isinstance(value, dict) and isinstance(wanted, type) and issubclass(wanted, Struct):
            try:
                self.value(msgspec.convert(value, wanted), where)
            except msgspec.ValidationError:
                for field in msgspec.structs.fields(wanted):
                    if field.encode_name in value:
                        self.parts(value[field.encode_name], field.type, f"{where}.{field.encode_name}")
            return
        for inner in get_args(wanted):
            if get_origin(wanted) is not list:
                self.parts(value, inner, where)
            elif isinstance(value, list):
                for n, item in enumerate(value):
                    self.parts(item, inner, f"{where}[{n}]")

    def _free_form(self, value: dict[str, Any], where: str) -> dict[str, Any]:
        cleaned_fields = {_text(name, where): self.value(item, f"{where}.{name}") for name, item in value.items()}
        kept = without_secrets(cleaned_fields)
        for name in cleaned_fields.keys() - kept.keys():
            note(f"{where}.{name}", "holds a secret; it was left out")
        return kept

    def struct(self, value: Struct, where: str) -> Any:
        if isinstance(value, Money):
            return self._money(value, where)
        fields: dict[str, Any] = {}
        for name in value.__struct_fields__:
            given = getattr(value, name)
            fields[name] = self.value(given, f"{where}.{name}") if given else given  # most are not said at all
        if isinstance(value, Buyer | EventContact):
            fields |= {name: text for name, text in self._contact(value, where).items() if name in fields}
        return type(value)(**fields)

    def _money(self, value: Money, where: str) -> Money:
        try:
            return Money(amount_text(value.amount, f"{where}.amount", currency=value.currency), value.currency)
        except InvalidPayload as error:
            self.wrong.extend(error.wrong)
            return value

    def _contact(self, who: Buyer | EventContact, where: str) -> dict[str, str]:
        """The fields of a person that have one right form."""
        given_country, timezone = getattr(who, "country", ""), getattr(who, "timezone", "")
        country = normalise.country(given_country)
        number = normalise.phone(who.phone, country or self._shop.region)
        zone, locale = normalise.timezone(timezone), normalise.locale(who.locale)
        return {
            "email": self._checked(normalise.email(who.email), who.email, f"{where}.email", "is not an e-mail address"),
            "phone": self._checked(
                number, who.phone, f"{where}.phone", "is not a phone number: write it as +12025550123"
            ),
            "locale": self._checked(locale, who.locale, f"{where}.locale", "is not a BCP 47 locale (es-ES)"),
            "timezone": self._checked(
                zone, timezone, f"{where}.timezone", "is not a time zone: write it as Europe/Madrid"
            ),
            "country": self._checked(country, given_country, f"{where}.country", "is not an ISO 3166-1 country (ES)"),
        }

    def _checked(self, found: str, given: str, where: str, problem: str) -> str:
        """A webhook may hold nonsense that a customer typed; who writes canonical events can mend theirs."""
        if given.strip() and not found:
            self.wrong.append((where, f"{given[:60]!r} {problem}"))
        return found


def _text(value: str, where: str) -> str:
    if len(value) > _TEXT_LIMIT:
        note(where, f"has {len(value)} characters; the first {_TEXT_LIMIT} were taken", "cut")
    return normalise.text(value, _TEXT_LIMIT)
