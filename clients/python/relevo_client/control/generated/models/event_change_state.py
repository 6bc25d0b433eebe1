from enum import StrEnum


class EventChangeState(StrEnum):
    CHANGED = "changed"
    NEW = "new"
    SAME = "same"

    def __str__(self) -> str:
        return str(self.value)
