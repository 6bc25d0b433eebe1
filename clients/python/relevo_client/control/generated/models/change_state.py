from enum import StrEnum


class ChangeState(StrEnum):
    CHANGED = "changed"
    NEW = "new"
    SAME = "same"

    def __str__(self) -> str:
        return str(self.value)
