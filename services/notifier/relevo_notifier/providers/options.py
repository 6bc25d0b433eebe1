"""What the options of all providers have in common."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from relevo_contracts.contact import Channel


class ProviderOptions(BaseModel):
    """How to reach a provider. Each field is one variable, `RELEVO_NOTIFIER_<PROVIDER>_<FIELD>`, with its description.

    `timeout` is the longest that one message takes, in wall seconds.
    """

    model_config = ConfigDict(frozen=True)

    channel: ClassVar[Channel]
    if TYPE_CHECKING:
        timeout: float  # each declares its own, described, in its own order

    @abstractmethod
    def missing(self) -> str:
        """What has to be set before anything can be sent, as advice; empty: nothing is missing."""


class SmsOptions(ProviderOptions):
    """What the options of those that send texts have in common beside it."""

    channel: ClassVar[Channel] = "sms"

    callback: str = Field(
        default="",
        description="Where it tells what became of a text, and what people write: https://HOST/providers/NAME, as seen"
        " from outside. Its signature is one over this address.",
    )
    answers_keywords: bool = Field(
        default=False, description="Whether it answers STOP, START and HELP itself; then nothing else does."
    )
