"""Reads the contact policy, `policy.yaml` beside the workflows: every problem with its position."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import cast, get_args

from relevo_contracts.contact import CHANNELS, Channel
from relevo_contracts.policy import Cap, Kind, Policy, Purpose, QuietHours, QuietRule, Repeats
from relevo_contracts.policy.countries import zones_of
from relevo_contracts.policy.hours import Quiet, quiet_until
from relevo_workflow.syntax.diagnostics import Diagnostic, Problems, suggestion
from relevo_workflow.syntax.fields import Fields, parse_weekday
from relevo_workflow.syntax.json_shapes import DURATION, NAME, TEXT, TEXTS, TIME, Schema, one_or_more, record
from relevo_workflow.syntax.yaml_source import Node, read_yaml

POLICY_FILE = "policy.yaml"
LONGEST = timedelta(days=90)
"""No cap looks back further: places are deleted then."""
_KINDS: tuple[Kind, ...] = get_args(Kind)
_BUILT_IN: dict[str, Kind] = {"marketing": "consent", "transactional": "transactional"}
_SPREAD = timedelta(minutes=30)
_LANGUAGE = re.compile("[a-z]{2,3}")
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def diagnose_policy(files: Mapping[str, str]) -> tuple[Policy | None, list[Diagnostic]]:
    """The policy among `files`, if there is one without errors, and everything that is wrong with it."""
    problems = Problems()
    policy = read_policy_file(files, problems)
    return (None if problems.errors else policy), problems.sorted


def read_policy_file(files: Mapping[str, str], problems: Problems) -> Policy | None:
    """The policy among `files` as far as it can be read; `None` if there is none."""
    text = files.get(POLICY_FILE)
    root = read_yaml(POLICY_FILE, text, problems) if text is not None else None
    if text is None or root is None:
        return None
    return _Reader(root, problems).policy(sha256(text.encode()).hexdigest()[:16])


class _Reader:
    def __init__(self, root: Node, problems: Problems) -> None:
        self.problems = problems
        self.fields = Fields(root, problems, "a contact policy", "purposes: {newsletter: {kind: consent}}")
        self.purposes: dict[str, Purpose] = {}
        self.quiet: list[QuietRule] = []
        self.countries: dict[str, tuple[QuietRule, ...]] = {}

    def policy(self, version: str) -> Policy:
        self._read_purposes()
        self.fields.each("quiet_hours", self._read_quiet)
        caps, repeats = list[Cap](), list[Repeats]()
        self.fields.each("caps", lambda node: self._read_cap(node, caps))
        self.fields.each("same_content", lambda node: self._read_repeats(node, repeats))
        policy = Policy(
            version=version,
            purposes=self.purposes,
            quiet=tuple(self.quiet),
            countries=self.countries,
            legal_hours=self.fields.choice("legal_hours", ("true", "false"), "true") == "true",
            caps=tuple(caps),
            repeats=tuple(repeats),
            preferred=self._channels(self.fields, "preferred") or CHANNELS,
            priorities=self._priorities(),
            spread=self._spread(),
        )
        self.fields.done()
        return policy

    # --- purposes ----------------------------------------------------------------------------------------------

    def _read_purposes(self) -> None:
        node = self.fields.get("purposes")
        if node is not None and node.entries is None:
            advice = "newsletter: {kind: consent}"
            self.problems.error(node.position, f"'purposes' must be a mapping, but this is {node.kind}", advice)
        given = (node.entries if node is not None else None) or {}
        known = {**_BUILT_IN, **dict.fromkeys(given)}
        self.purposes = {name: self._purpose(name, one, known) for name, one in given.items()}
        for name, one in given.items():
            cover = self.purposes[name].covered_by
            if cover and self._kind(cover) == "transactional":
                where = (one.entries or {}).get("covered_by", one).position
                self.problems.error(where, f"'{cover}' is transactional: nobody consents to it")

    def _purpose(self, name: str, node: Node, known: Collection[str]) -> Purpose:
        fields = Fields(node, self.problems, f"purpose '{name}'", f"{name}: {{kind: consent}}")
        built_in = _BUILT_IN.get(name)
        kind = fields.choice("kind", _KINDS, built_in or "", required=built_in is None) or "consent"
        if built_in is not None and (kind == "transactional") != (built_in == "transactional"):
            fields.wrong("kind", f"'{name}' can't be of the kind '{kind}'", "declare a purpose of another name")
        priority = fields.count("priority", 100 if kind == "transactional" else 50, least=0)
        cover = fields.text("covered_by")
        if cover and (cover == name or cover not in known):
            others = [one for one in known if one != name]
            fields.wrong("covered_by", f"there is no other purpose '{cover}'", suggestion(cover, others))
        if cover and kind != "consent":
            fields.wrong("covered_by", f"a purpose of the kind '{kind}' does not need the consent of another")
        label = self._label(fields)
        fields.done()
        return Purpose(kind=cast(Kind, kind), priority=priority, covered_by=cover, label=label)

    def _label(self, fields: Fields) -> dict[str, str]:
        """What the preference page calls a purpose: by language, or one text for all of them."""
        node = fields.get("label")
        if node is None:
            return {}
        if node.entries is None:
            return {"": fields.text("label")}
        own = Fields(node, self.problems, "a label", "label: {en: Newsletter, de: Neuigkeiten}")
        found = {language: own.text(language) for language in node.entries}
        for language in found:
            if not _LANGUAGE.fullmatch(language):
                advice = "two or three small letters: en, de"
                self.problems.error(own.position(language), f"'{language}' is not a language", advice)
        return found

    def _kind(self, name: str) -> Kind:
        return self.purposes[name].kind if name in self.purposes else _BUILT_IN.get(name, "consent")

    def _counted(self, fields: Fields) -> tuple[str, ...]:
        """The purposes that something counts; transactional messages are never counted."""
        found = fields.texts("purposes")
        known = [name for name in {**_BUILT_IN, **self.purposes} if self._kind(name) != "transactional"]
        for name in found:
            if name in known:
                continue
            if name in self.purposes or name in _BUILT_IN:
                fields.wrong("purposes", f"'{name}' is transactional: such messages neither count nor wait")
            else:
                fields.wrong("purposes", f"there is no purpose '{name}'", suggestion(name, known))
        return found

    # --- hours -------------------------------------------------------------------------------------------------

    def _read_quiet(self, node: Node) -> None:
        example = 'from: "21:00", until: "08:00"'
        fields = Fields(node, self.problems, "quiet hours", f"- {{{example}}}")
        start, end = fields.time("from"), fields.time("until")
        days = self._days(fields)
        hourly = {"from" in fields, "until" in fields}
        if len(hourly) > 1 or not (hourly == {True} or "days" in fields):
            self.problems.error(node.position, "quiet hours need 'from' and 'until', or 'days'", example)
        elif start is not None and start == end:
            fields.wrong("until", "these hours begin when they end", "days: [sun] for whole days")
        hours = QuietHours(start, end) if start is not None and end is not None and start != end else None
        channels, source = self._channels(fields, "channels"), fields.text("source")
        rule = QuietRule(hours=hours, days=days, channels=channels, source=source)
        countries = self._countries(fields)
        fields.done()
        for country in countries:
            self.countries[country] = (*self.countries.get(country, ()), rule)
        if "countries" not in fields:
            self.quiet.append(rule)
        self._leaves_time(node, countries)

    def _days(self, fields: Fields) -> tuple[int, ...]:
        found = {text: parse_weekday(text) for text in fields.texts("days")}
        for text in (text for text, day in found.items() if day is None):
            fields.wrong("days", f"'{text}' is not a weekday", "mon, tue, wed, thu, fri, sat, sun")
        return tuple(sorted({day for day in found.values() if day is not None}))

    def _countries(self, fields: Fields) -> tuple[str, ...]:
        found = fields.texts("countries")
        for text in found:
            if not zones_of(text, _MONDAY):
                fields.wrong("countries", f"'{text}' is not a country", "its code of ISO 3166, such as US")
        return tuple(text.upper() for text in found)

    def _leaves_time(self, node: Node, countries: tuple[str, ...]) -> None:
        """There must be a time at which something can go out."""
        for country in countries or ("",):
            rules = [*self.quiet, *self.countries.get(country, ())]
            zones = zones_of(country, _MONDAY) or (UTC,)
            for channel in CHANNELS:
                quiet = [Quiet(r.hours, r.days, "quiet") for r in rules if not r.channels or channel in r.channels]
                found = quiet_until(_MONDAY, quiet, zones)
                if found is not None and found[0] - _MONDAY > timedelta(days=8):
                    where = f" in {country}, whose zones lie far apart" if country else ""
                    self.problems.error(node.position, f"with these hours no {channel} ever goes out{where}")
                    return

    # --- how many ----------------------------------------------------------------------------------------------

    def _read_cap(self, node: Node, caps: list[Cap]) -> None:
        fields = Fields(node, self.problems, "a cap", "- {most: 2, per: 7d}")
        if "most" not in fields and node.entries is not None:
            self.problems.error(node.position, "a cap needs 'most'", "most: 2")
        most, per = fields.count("most", 1), self._length(fields, "per")
        purposes, channels = self._counted(fields), self._channels(fields, "channels")
        fields.done()
        caps.append(Cap(most=most, per=per, purposes=purposes, channels=channels))

    def _read_repeats(self, node: Node, repeats: list[Repeats]) -> None:
        fields = Fields(node, self.problems, "the same content", "same_content: {within: 3d}")
        within, purposes = self._length(fields, "within"), self._counted(fields)
        fields.done()
        repeats.append(Repeats(within=within, purposes=purposes))

    def _length(self, fields: Fields, name: str) -> timedelta:
        found = fields.duration(name, required=True) or timedelta(days=1)
        if found > LONGEST:
            fields.wrong(name, f"'{name}' can't be longer than 90 days")
        return found

    def _spread(self) -> timedelta:
        given = self.fields.get("spread")
        if given is not None and given.text == "0":
            return timedelta(0)
        found = self.fields.duration("spread", _SPREAD)
        if found is not None and found > timedelta(hours=12):
            self.fields.wrong("spread", "'spread' can't be longer than 12 hours")
        return _SPREAD if found is None else found

    def _priorities(self) -> dict[str, int]:
        node = self.fields.get("priorities")
        if node is None:
            return {}
        fields = Fields(node, self.problems, "'priorities'", "priorities: {abandoned-cart: 80}")
        return {name: fields.count(name, 50, least=0) for name in node.entries or {}}

    def _channels(self, fields: Fields, name: str) -> tuple[Channel, ...]:
        found = fields.texts(name)
        for text in found:
            if text not in CHANNELS:
                fields.wrong(name, f"there is no channel '{text}'", suggestion(text, CHANNELS))
        return tuple(channel for channel in dict.fromkeys(found) if channel in CHANNELS)


_CHANNEL_LIST = one_or_more({"enum": list(CHANNELS)})
_PRIORITY: Schema = {"type": "integer", "minimum": 0, "description": "the higher one has the place under a cap"}


def policy_schema() -> Schema:
    """The schema of policy.yaml for editors (JSON Schema 2020-12)."""
    label: Schema = {
        "description": "what the preference page calls it: a text, or texts by language",
        "anyOf": [TEXT, {"type": "object", "additionalProperties": TEXT, "propertyNames": {"pattern": "^[a-z]{2,3}$"}}],
    }
    purpose = record({"kind": {"enum": list(_KINDS)}, "priority": _PRIORITY, "covered_by": NAME, "label": label})
    quiet = record(
        {"from": TIME, "until": TIME, "days": TEXTS, "channels": _CHANNEL_LIST, "countries": TEXTS, "source": TEXT}
    )
    most: Schema = {"type": "integer", "minimum": 1}
    cap = record({"most": most, "per": DURATION, "purposes": TEXTS, "channels": _CHANNEL_LIST}, "most", "per")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A contact policy of Relevo",
        **record(
            {
                "purposes": {"type": "object", "additionalProperties": purpose},
                "quiet_hours": one_or_more(quiet),
                "legal_hours": {"type": "boolean", "description": "whether the hours of the law count; default: true"},
                "caps": one_or_more(cap),
                "same_content": one_or_more(record({"within": DURATION, "purposes": TEXTS}, "within")),
                "preferred": _CHANNEL_LIST,
                "priorities": {"type": "object", "additionalProperties": _PRIORITY},
                "spread": {**DURATION, "description": "over how long what was put off comes back; default: 30m"},
            }
        ),
    }
