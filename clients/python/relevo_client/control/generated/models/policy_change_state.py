from enum import StrEnum


class PolicyChangeState(StrEnum):
    CHANGED = "changed"
    NEW = "new"
    SAME = "same"

    def __str__(self) -> str:
        return str(self.value)
