"""Alert rules ask for metrics and labels that there are, and each has a page that says what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relevo_runtime.metric_types import declared
from relevo_runtime.metrics import Metrics
from tests.deploy.exported import TARGET, asks_for_what_there_is

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/chart/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
RUNBOOKS = ROOT / "docs/runbooks"
each = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


@each
def test_a_query_asks_for_metrics_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    from tests.deploy.queries import read  # noqa: PLC0415  # the parser is asked for where it is needed

    query = read(rule["expr"])
    asks_for_what_there_is(query.selections, query.growing, query.grouped)
    said = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert said <= (query.grouped or TARGET)


@each
def test_an_alert_is_named_by_severity_and_page(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    words = re.findall(r"[A-Z][a-z]+", rule["alert"].removeprefix("Relevo"))
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{'-'.join(words).lower()}.md"
    page = (ROOT / rule["annotations"]["runbook"]).read_text()
    assert page.startswith(f"# {rule['alert']}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["What it means", "What to see", "What to do"]


def test_each_page_is_of_an_alert_and_listed() -> None:
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {Path(rule["annotations"]["runbook"]).name for rule in RULES}
    listed = re.findall(
        r"^\| \[(\w+)\]\(([\w-]+\.md)\) \| (\w+) \|", (RUNBOOKS / "README.md").read_text(), re.MULTILINE
    )
    assert listed == [
        (rule["alert"], Path(rule["annotations"]["runbook"]).name, rule["labels"]["severity"]) for rule in RULES
    ]


def test_links_of_runbooks_lead_to_pages() -> None:
    for page in RUNBOOKS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[\w-]+)?\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name} links to {target}"


def test_metrics_that_runbooks_name_are_there() -> None:
    names = {metric.name for metric in declared(Metrics)}
    for page in RUNBOOKS.glob("*.md"):
        assert set(re.findall(r"`(relevo_\w+)`", page.read_text())) <= names, page.name
