from enum import StrEnum


class ShownTaskStatus(StrEnum):
    CLOSED = "closed"
    DONE = "done"
    OPEN = "open"

    def __str__(self) -> str:
        return str(self.value)
