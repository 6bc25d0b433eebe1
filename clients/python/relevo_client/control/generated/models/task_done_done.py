from enum import StrEnum


class TaskDoneDone(StrEnum):
    APPROVED = "approved"
    COMPLETED = "completed"
    REJECTED = "rejected"

    def __str__(self) -> str:
        return str(self.value)
