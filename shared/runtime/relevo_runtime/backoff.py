"""How long to wait before the next try."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0


class Backoff:
    """Growing pauses: `first` seconds, then each twice as long as the one before, up to `longest`."""

    def __init__(self, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    @property
    def failed(self) -> bool:
        """Whether there was a failure since the beginning or the last success."""
        return self._next != self._first

    def failure(self) -> float:
        """It failed once more: the seconds to wait before the next try."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause

    def success(self) -> None:
        """It succeeded: the next pause is a short one again."""
        self._next = self._first
