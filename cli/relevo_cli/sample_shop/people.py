"""The shoppers of the sample shop. All addresses and telephone numbers are reserved for fiction."""

from random import Random

from msgspec import Struct


class Home(Struct, frozen=True):
    """Where a shopper lives and how the shop talks to them there."""

    locale: str
    timezone: str
    country: str
    country_name: str
    city: str
    postcode: str
    street: str


class Shopper(Struct, frozen=True, kw_only=True):
    """One person. `phone` is E.164, from the range 555-0100 to 555-0199 that is reserved for fiction."""

    number: int
    customer_id: int
    first_name: str
    last_name: str
    email: str
    phone: str
    home: Home

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


HOMES = (
    Home("en-IE", "Europe/Dublin", "IE", "Ireland", "Cork", "T12 W8AN", "14 Elm Street"),
    Home("es-ES", "Europe/Madrid", "ES", "Spain", "Sevilla", "41001", "Calle Sierpes 21"),
    Home("it-IT", "Europe/Rome", "IT", "Italy", "Bologna", "40121", "Via Galliera 8"),
)
_FIRST_NAMES = {
    "en-IE": ("Grace", "Henry", "Olive", "Miles", "Nora", "Theo", "Ivy", "Amos"),
    "es-ES": ("Lucía", "Álvaro", "Carmen", "Iñigo", "Marta", "Hugo", "Elena", "Begoña"),
    "it-IT": ("Giulia", "Marco", "Chiara", "Luca", "Noemi", "Paolo", "Zoë", "Nicolò"),
}
_LAST_NAMES = {
    "en-IE": ("Porter", "Hale", "Whitman", "O'Neill", "Brooks", "Lane"),
    "es-ES": ("García", "Núñez", "Ibáñez", "Romero", "Peña", "Vidal"),
    "it-IT": ("Rossi", "D'Angelo", "Ferri", "Conti", "Marini", "Greco"),
}
_AREA_CODES = ("202", "212", "312", "415", "503", "617", "713", "808")


def shopper(number: int, random: Random) -> Shopper:
    """The shopper with this number (0 to 799). The same number and random source give the same person."""
    home = HOMES[number % len(HOMES)]
    first = random.choice(_FIRST_NAMES[home.locale])
    last = random.choice(_LAST_NAMES[home.locale])
    return Shopper(
        number=number,
        customer_id=7_064_055_000_000 + number * 1013,
        first_name=first,
        last_name=last,
        email=f"shopper{number:03d}@example.com",
        phone=f"+1{_AREA_CODES[number // 100]}555{100 + number % 100:04d}",
        home=home,
    )
