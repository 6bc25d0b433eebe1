from enum import StrEnum


class TaskDoneType(StrEnum):
    TASK_DONE = "task_done"

    def __str__(self) -> str:
        return str(self.value)
