"""What goes wrong on request: the ways in which real providers fail."""

from collections import Counter

from msgspec import Struct


class ApiFaults(Struct, kw_only=True):
    """Which failures a provider over HTTP plays.

    `refuse` maps a recipient to the provider's error code; the first `busy` requests are answered 429, the first `fail`
    after them 500; every `vanish_every`-th message is stored and its answer lost (502).
    """

    refuse: dict[str, int] = {}
    busy: int = 0
    fail: int = 0
    vanish_every: int = 0


class Faults(Struct, kw_only=True):
    """Which failures to play. All of them may be changed while the sandbox runs (`PUT /faults`).

    `temporary` mails are answered 451 the first so many times *per recipient*; every `disconnect_every`-th mail is
    answered 421 and the connection closed; `vanish_every`-th mail is stored and the connection is cut before the
    answer (the sender can't know); `refuse` recipients don't exist (550 5.1.1); `full` recipients have no room
    (552 5.2.2); `latency` seconds pass before each answer. For SMS: `sms_refuse` maps a number to the provider's error
    code (21211, 21610, …), `sms_busy` requests are answered 429 first, `sms_vanish_every` as above. `providers` has the
    failures of other providers over HTTP, by name.
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
    providers: dict[str, ApiFaults] = {}


_NONE = ApiFaults()


class FaultInjector:
    """Counts what has happened, so that "every n-th" and "the first n" mean something."""

    def __init__(self, faults: Faults) -> None:
        self._tried: Counter[str] = Counter()
        self.set(faults)

    def set(self, faults: Faults) -> None:
        """Play these failures from now on; counts begin anew."""
        self.faults = faults
        self._mails = self._texts = self._busy = 0
        self._tried.clear()
        self._requests: Counter[str] = Counter()

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

    def api(self, provider: str) -> str | None:
        """What befalls the request at hand to a provider over HTTP: "busy", "fail", "vanish" or nothing."""
        faults = self.faults.providers.get(provider, _NONE)
        self._requests[provider] += 1
        number = self._requests[provider]
        if number <= faults.busy:
            return "busy"
        number -= faults.busy
        if number <= faults.fail:
            return "fail"
        number -= faults.fail
        return "vanish" if faults.vanish_every and number % faults.vanish_every == 0 else None

    def refusal(self, provider: str, recipient: str) -> int:
        """The error code by which a provider over HTTP refuses a recipient; 0: it does not."""
        return self.faults.providers.get(provider, _NONE).refuse.get(recipient, 0)
