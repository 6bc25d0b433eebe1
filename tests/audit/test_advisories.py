"""What pip-audit tells is told on: above all what it did not look up."""

from typing import Any

from tests.audit.advisories import verdict

GOOD: dict[str, Any] = {"name": "one", "version": "1", "vulns": []}
BAD: dict[str, Any] = {"name": "two", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
SKIPPED: dict[str, Any] = {"name": "three", "skip_reason": "not found on the index"}


def test_a_known_vulnerability_fails_with_what_mends_it() -> None:
    assert verdict("run.txt", [GOOD, BAD], required=False) == (["run.txt: two 1: PYSEC-1, mended in 2"], 1)


def test_all_looked_up_and_nothing_known_is_good() -> None:
    assert verdict("run.txt", [GOOD], required=True) == (["run.txt: 1 packages, no known vulnerability"], 0)


def test_what_was_not_looked_up_is_not_called_good() -> None:
    for packages, error in ([GOOD, SKIPPED], ""), ([], "it can't be reached"):
        [line], code = verdict("run.txt", packages, required=False, error=error)
        assert "NOT CHECKED" in line
        assert code == 0
        assert verdict("run.txt", packages, required=True, error=error)[1] == 1
