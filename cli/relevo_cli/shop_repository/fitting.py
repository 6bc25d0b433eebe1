"""Tests of the library that a shop's choices change: their words and dates, never which messages somebody gets."""

import re
from collections.abc import Sequence
from typing import Any

from ruamel.yaml.comments import CommentedMap

from relevo_cli.shop_repository.languages import dumped, yaml
from relevo_workflow import Definition, Diagnostic
from relevo_workflow.testing import run_tests

_WORDS = ("subject", "text", "html", "body", "locale")
_BY_POLICY = re.compile(r"the contact policy (?:skips it \((?P<skipped>\w+)\)|puts it off \((?P<put_off>[^)]+)\))")
_MOST_ROUNDS = 12


def fitted(definition: Definition, tests: dict[str, str]) -> dict[str, str]:
    """The tests of a workflow as they hold with the languages and the limits of the shop.

    A message that the limits put off or skip is expected to be; one whose words are not among the languages is
    expected without its words.
    """
    for _ in range(_MOST_ROUNDS):
        failures = [one for result in run_tests(definition, tests).results for one in result.failures]
        changed = {
            path: _fit(text, [one for one in failures if one.position.file == path]) for path, text in tests.items()
        }
        if changed == tests:
            break
        tests = changed
    return tests


def _fit(text: str, failures: Sequence[Diagnostic]) -> str:
    if not failures:
        return text
    document = yaml().load(text)
    at = {(one.position.line, one.position.column): one for one in failures}
    return dumped(document) if _fit_sends(document, at) else text


def _fit_sends(node: Any, at: dict[tuple[int, int], Diagnostic]) -> bool:
    """Whether an expected message was changed."""
    if isinstance(node, list):
        return max([False, *(_fit_sends(one, at) for one in node)])  # each of them, not the first alone
    if not isinstance(node, dict):
        return False
    sends = node.get("sends")
    found = [
        _fit_message(one, failure)
        for one in (sends if isinstance(sends, list) else [])
        if isinstance(one, CommentedMap) and (failure := at.get((one.lc.line + 1, one.lc.col + 1))) is not None
    ]
    return max([False, *found, *(_fit_sends(one, at) for one in node.values())])


def _fit_message(message: Any, failure: Diagnostic) -> bool:
    told = _BY_POLICY.search(failure.help)
    if told is not None:
        if told["skipped"]:
            message["skipped"] = told["skipped"]
        else:
            message["put_off"] = told["put_off"].split(", ")
        return True
    gone = [name for name in (*_WORDS, "sent", "skipped", "put_off") if name in message]
    for name in gone:
        del message[name]
    return bool(gone)
