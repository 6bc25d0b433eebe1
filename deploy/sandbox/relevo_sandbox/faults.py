"""What goes wrong on request: the ways in which real providers fail."""

from collections import Counter

from msgspec import Struct


class Faults(Struct, kw_only=True):
    """Which failures to play. All of them may be changed while the sandbox runs (`PUT /faults`).

    `temporary` mails are answered 451 the first so many times *per recipient*; every `disconnect_every`-th mail is
    answered 421 and the connection closed; `vanish_every`-th mail is stored and the connection is cut before the
    answer (the sender can't know); `refuse` recipients don't exist (550 5.1.1); `full` recipients have no room
    (552 5.2.2); `latency` seconds pass before each answer. For SMS: `sms_refuse` maps a number to the provider's error
    code (21211, 21610, …), `sms_busy` requests are answered 429 first, `sms_vanish_every` as above.
    """

    temporary: int = 0
    disconnect_every: int = 0
    vanish_every: int = 0
    refuse: list[str] = []
    full: list[str] = []
    latency: float = 0.0
    sms_refuse: dict[str, int] = {}
    sms_busy: int = 0
    sms_vanish_every: int = 0


class Mischief:
    """Counts what has happened, so that "every n-th" and "the first n" mean something."""

    def __init__(self, faults: Faults) -> None:
        self._tried: Counter[str] = Counter()
        self.set(faults)

    def set(self, faults: Faults) -> None:
        """Play these failures from now on; counts begin anew."""
        self.faults = faults
        self._mails = self._texts = self._busy = 0
        self._tried.clear()

    def recipient(self, address: str) -> str | None:
        """The SMTP reply that refuses `address`, or `None`."""
        if address in self.faults.refuse:
            return "550 5.1.1 No such user here"
        if address in self.faults.full:
            return "552 5.2.2 Mailbox full"
        return None

    def mail(self, recipient: str) -> str | None:
        """What befalls the mail at hand: "temporary", "disconnect", "vanish" or nothing."""
        self._mails += 1
        self._tried[recipient] += 1
        if self._tried[recipient] <= self.faults.temporary:
            return "temporary"
        if self.faults.disconnect_every and self._mails % self.faults.disconnect_every == 0:
            return "disconnect"
        if self.faults.vanish_every and self._mails % self.faults.vanish_every == 0:
            return "vanish"
        return None

    def text(self) -> str | None:
        """What befalls the SMS at hand: "busy", "vanish" or nothing."""
        if self._busy < self.faults.sms_busy:
            self._busy += 1
            return "busy"
        self._texts += 1
        if self.faults.sms_vanish_every and self._texts % self.faults.sms_vanish_every == 0:
            return "vanish"
        return None
