from enum import StrEnum


class UnrecognisedKind(StrEnum):
    BUG = "bug"
    INVALID = "invalid"
    MISMATCH = "mismatch"
    NOT_FETCHED = "not_fetched"
    NO_EVENT = "no_event"
    NO_TOPIC = "no_topic"
    TOO_LARGE = "too_large"

    def __str__(self) -> str:
        return str(self.value)
