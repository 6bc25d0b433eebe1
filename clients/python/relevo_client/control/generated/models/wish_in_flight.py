from enum import StrEnum


class WishInFlight(StrEnum):
    DRAIN = "drain"
    MIGRATE = "migrate"
    PIN = "pin"

    def __str__(self) -> str:
        return str(self.value)
