from enum import StrEnum


class VoteDone(StrEnum):
    APPROVED = "approved"
    COMPLETED = "completed"
    REJECTED = "rejected"

    def __str__(self) -> str:
        return str(self.value)
