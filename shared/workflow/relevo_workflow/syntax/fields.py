"""Reads the fields of a YAML mapping: typed, with every unknown, missing or ill-typed one noted with its place."""

import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta

from relevo_contracts.zones import zone as known_zone
from relevo_workflow.syntax.diagnostics import Position, Problems, nearest, suggestion
from relevo_workflow.syntax.durations import parse_duration
from relevo_workflow.syntax.yaml_advice import time_advice
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.syntax.zones import WEEKDAYS

NAME_PATTERN = re.compile(r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")
SAVE_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_IDENTIFIER = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_RESERVED = re.compile(
    "as|break|const|continue|else|false|for|function|if|import|in|let|loop|namespace|null|package|return|true|var|void"
    "|while"
)
_TIME = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")
_PERCENT = re.compile(r"^(\d+(?:\.\d+)?)\s*%?$")
MAX_COUNT = 1_000_000


class Fields:
    """The fields of one mapping. Call `done` at the end: it reports the keys that nobody asked for."""

    def __init__(self, node: Node, problems: Problems, what: str, example: str = "") -> None:
        self.node = node
        self.problems = problems
        self.what = what
        self._asked: list[str] = []
        self._missing: dict[str, str] = {}
        self._entries = node.entries
        if node.entries is None:
            problems.error(node.position, f"{what} must be a mapping, but this is {node.kind}", example)

    def __contains__(self, name: str) -> bool:
        return self._entries is not None and name in self._entries

    def get(self, name: str) -> Node | None:
        """The node of a field, or `None` if it is absent."""
        self._asked.append(name)
        return (self._entries or {}).get(name)

    def need(self, name: str, advice: str = "") -> Node | None:
        """The node of a field that must be there; `done` reports it if it is not."""
        node = self.get(name)
        if node is None and self._entries is not None:
            self._missing[name] = advice
        return node

    def done(self) -> None:
        """Reports unknown keys, each with what was probably meant, and the missing ones that none of those explains."""
        has, needs = ("have", "need") if self.what.startswith("the ") else ("has", "needs")
        for key in self._entries or {}:
            if key not in self._asked:
                where = self.node.keys.get(key, self.node.position)
                self.problems.error(where, f"{self.what} {has} no field '{key}'", self._meant(key))
        for name, advice in self._missing.items():
            self.problems.error(self.node.position, f"{self.what} {needs} '{name}'", advice)

    def _meant(self, key: str) -> str:
        """What an unknown key was probably meant to be; that one is then not reported as missing too."""
        near = nearest(key, self._asked)
        if near:
            self._missing.pop(near, None)
        elif self._missing:
            name = next(iter(self._missing))
            del self._missing[name]
            return f"'{name}' is missing; {suggestion(key, self._asked)}"
        return suggestion(key, self._asked)

    def flag(self, name: str, advice: str) -> bool:
        """Whether a field is there that takes no value, such as `otherwise`."""
        node = self.get(name)
        if node is not None and (node.entries or node.items or node.is_text):
            self.problems.error(node.position, f"'{name}' takes no value", advice)
        return node is not None

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """A scalar as text."""
        node = self.need(name) if required else self.get(name)
        if node is None:
            return default
        if node.entries is not None or node.items is not None or node.value is None:
            self.problems.error(node.position, f"'{name}' must be text, but this is {node.kind}")
            return default
        return node.text

    def name(self, name: str, *, required: bool = False) -> str:
        """A name: lower-case words joined by hyphens."""
        found = self.text(name, required=required)
        if found and not NAME_PATTERN.match(found):
            self.wrong(name, f"'{found}' is not a valid name", "lower-case letters and digits, words joined by '-'")
        return found

    def save_name(self, name: str = "as") -> str:
        """A name under which a step saves something for expressions."""
        found = self.text(name)
        if found and not SAVE_NAME.match(found):
            self.wrong(
                name, f"'{found}' can't be used in expressions", "a lower-case letter, then letters, digits, '_'"
            )
            return ""
        if _RESERVED.fullmatch(found):
            self.wrong(name, f"'{found}' is a word of the expression language", "choose another name")
            return ""
        if found in ("id", "key", "started_at", "holdout"):
            self.wrong(name, f"'run.{found}' is there already", "choose another name")
            return ""
        return found

    def choice(self, name: str, known: Iterable[str], default: str = "", *, required: bool = False) -> str:
        """One of `known`."""
        choices = tuple(known)
        found = self.text(name, default, required=required)
        if found and found not in choices:
            self.wrong(name, f"'{name}' can't be '{found}'", suggestion(found, choices))
            return default
        return found

    def duration(self, name: str, default: timedelta | None = None, *, required: bool = False) -> timedelta | None:
        """A duration of elapsed time, longer than nothing."""
        found = self.signed_duration(name, None, required=required)
        if found is not None and found <= timedelta():
            self.wrong(name, f"'{name}' must be longer than nothing" if not found else f"'{name}' can't be negative")
            return default
        return default if found is None else found

    def signed_duration(
        self, name: str, default: timedelta | None = None, *, required: bool = False
    ) -> timedelta | None:
        """A duration that may be negative."""
        node = self.need(name) if required else self.get(name)
        if node is None:
            return default
        found = read_duration(node, self.problems)
        return default if found is None else found

    def count(self, name: str, default: int, *, least: int = 1) -> int:
        """A whole number, at least `least`."""
        node = self.get(name)
        if node is None:
            return default
        if type(node.value) is not int or not least <= node.value <= MAX_COUNT:
            advice = f"write {name}: 50" if node.text.strip().endswith("%") else ""
            self.problems.error(node.position, f"'{name}' must be a whole number of at least {least}", advice)
            return default
        return node.value

    def yes_or_no(self, name: str) -> bool:
        """`true` or `false`; false if it is absent."""
        node = self.get(name)
        if node is not None and type(node.value) is not bool:
            self.problems.error(node.position, f"'{name}' must be true or false", f"{name}: true")
        return node is not None and node.value is True

    def percent(self, name: str, default: float) -> float:
        """A share of 100."""
        node = self.get(name)
        if node is None:
            return default
        match = _PERCENT.match(node.text)
        if not match or not 0 <= float(match[1]) <= 100:
            self.problems.error(node.position, f"'{name}' must be a percentage from 0% to 100%")
            return default
        share = float(match[1])
        if 0 < share < 1 and not node.text.rstrip().endswith("%"):
            advice = f"write {share * 100:g}%, or {share:g}% if it is meant"
            self.problems.warning(node.position, f"'{name}' is {share:g} of 100 customers", advice)
        return share

    def time(self, name: str, default: time | None = None) -> time | None:
        """A local time of day."""
        node = self.get(name)
        if node is None:
            return default
        found = parse_time(node.text)
        if found is None:
            self.problems.error(node.position, f"'{node.text}' is not a time of day", time_advice(node.text))
        return found or default

    def zone(self, name: str = "zone", default: str = "customer") -> str:
        """`customer`, `shop` or an IANA zone."""
        found = self.text(name, default)
        if found not in ("customer", "shop") and known_zone(found) is None:
            self.wrong(name, f"there is no time zone '{found}'", "customer, shop, or a name like Europe/Madrid")
            return default
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts (one alone is a list too)."""
        node = self.get(name)
        if node is None:
            return ()
        nodes = node.items if node.items is not None else (node,)
        for one in nodes:
            if one.entries is not None or one.items is not None or one.value is None:
                self.problems.error(one.position, f"'{name}' must be a list of texts")
        return tuple(one.text for one in nodes)

    def each(self, name: str, read: Callable[[Node], None]) -> None:
        """Reads every element of a field that is a list, or the field itself if it is one alone."""
        node = self.get(name)
        for one in (node.items if node is not None and node.items is not None else (node,)) if node else ():
            if one is not None:
                read(one)

    def wrong(self, name: str, message: str, advice: str = "") -> None:
        """Notes a problem with the value of `name`."""
        node = (self._entries or {}).get(name)
        self.problems.error(node.position if node else self.node.position, message, advice)

    def position(self, name: str) -> Position:
        """Where the key `name` stands."""
        return self.node.keys.get(name, self.node.position)


def usable_name(text: str) -> bool:
    """Whether a condition can name a field so: as what steps save is named."""
    return bool(SAVE_NAME.match(text)) and not _RESERVED.fullmatch(text)


def is_identifier(text: str) -> bool:
    """Whether `run.<text>` can be written at all; `SAVE_NAME` says what is allowed."""
    return bool(_IDENTIFIER.match(text))


def read_duration(node: Node, problems: Problems) -> timedelta | None:
    """The duration of a scalar, or `None` with the problem noted."""
    if node.entries is not None or node.items is not None:
        problems.error(node.position, f"a duration is needed, but this is {node.kind}", "write it like 4h or 1d12h")
        return None
    try:
        return parse_duration(node.text)
    except ValueError as error:
        message, _, advice = str(error).partition(": ")
        problems.error(node.position, message, advice)
        return None


def parse_time(text: str) -> time | None:
    """`09:00` as a time of day, or `None`."""
    match = _TIME.match(text.strip())
    return time(int(match[1]), int(match[2])) if match else None


def parse_day(text: str) -> date | None:
    """`2026-12-24` as a date, or `None`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_weekday(text: str) -> int | None:
    """`mon`, `tuesday` as the number of the weekday (Monday is 0), or `None`."""
    word = text.strip().lower()
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if word in full:
        return full.index(word)
    return WEEKDAYS.index(word) if word in WEEKDAYS else None
