from enum import StrEnum


class LinkRulesConsent(StrEnum):
    ASSUMED = "assumed"
    REQUIRED = "required"

    def __str__(self) -> str:
        return str(self.value)
