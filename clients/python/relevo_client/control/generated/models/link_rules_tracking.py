from enum import StrEnum


class LinkRulesTracking(StrEnum):
    ALL = "all"
    CLICKS = "clicks"
    OFF = "off"
    OPENS = "opens"

    def __str__(self) -> str:
        return str(self.value)
