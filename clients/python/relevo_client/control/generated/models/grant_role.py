from enum import StrEnum


class GrantRole(StrEnum):
    ADMIN = "admin"
    APPROVER = "approver"
    AUTHOR = "author"
    OPERATOR = "operator"
    VIEWER = "viewer"

    def __str__(self) -> str:
        return str(self.value)
