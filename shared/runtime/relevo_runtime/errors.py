"""The errors of this package. Three kinds: try again (`temporary`), poison, and bugs, which are left to surface."""


class RuntimeFault(Exception):  # noqa: N818 - a poison record is not an error of ours, and subclasses read as what they are
    """The base of every error that this package raises on purpose."""


class TooManyDeadLetters(RuntimeFault):
    """More than the set share of the messages failed: something is wrong with the service, not with the messages."""

    def __init__(self, service: str, failed: int, seen: int, last_reason: str) -> None:
        super().__init__(
            f"{service}: {failed} of the last {seen} messages were dead letters (the last one: {last_reason}). "
            "Stopped rather than emptying the topic; mend the cause, start again, then redrive the dead letters."
        )
        self.service = service
        self.failed = failed
        self.seen = seen
        self.last_reason = last_reason


class Unreachable(RuntimeFault):
    """A server that is needed now does not answer, or refuses; the message has its address and the setting."""


class PublishError(RuntimeFault):
    """Kafka did not acknowledge `failed` of `total` messages for `topic`; some of the others may have been written."""

    def __init__(self, topic: str, failed: int, total: int, cause: BaseException | None) -> None:
        super().__init__(f"Kafka took {total - failed} of {total} messages for {topic}: {cause!r}")
        self.topic = topic
        self.failed = failed
        self.total = total


class MessageTooLarge(PublishError):  # noqa: N818 - as RuntimeFault
    """A message is larger than Kafka takes, now and ever; which of several is only known if they are sent alone."""


class MigrationError(RuntimeFault):
    """A migration can't be applied; the message says which one and what to do."""


class StatementError(RuntimeFault):
    """An .sql file isn't in the form that `Statements` reads."""


class ShopExists(RuntimeFault):
    """A shop of this name is known already."""

    def __init__(self, shop: str) -> None:
        super().__init__(f"shop {shop!r} exists already; `relevo shops update {shop}` changes it")
        self.shop = shop


class ShopUnknown(RuntimeFault):
    """No shop of this name is known."""

    def __init__(self, shop: str) -> None:
        super().__init__(f"shop {shop!r} is not known; `relevo shops list` prints those that are")
        self.shop = shop


class SecretsSealed(RuntimeFault):
    """A secret of the shop is needed, and those that it has can't be opened."""

    def __init__(self, shop: str) -> None:
        super().__init__(
            f"the secrets of shop {shop!r} can't be opened here: RELEVO_SECRETS_KEY lacks the key that sealed them"
        )
        self.shop = shop


def described(error: BaseException) -> str:
    """The kind of an error and what it says: many say nothing."""
    if isinstance(error, RuntimeFault):
        return str(error)
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception of a library may fail at its own text
        text = ""
    kind = type(error).__name__
    if not text or text == kind or text.startswith(f"{kind}: "):  # Kafka's errors name their kind themselves
        return text or kind
    return f"{kind}: {text}"
