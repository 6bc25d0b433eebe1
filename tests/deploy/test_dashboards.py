"""Grafana's dashboards ask for metrics and labels that there are, and show every metric."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from relevo_runtime.metric_types import declared
from relevo_runtime.metrics import Metrics
from tests.deploy.exported import asks_for_what_there_is

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((DEPLOY / "chart/dashboards").glob("*.json"))
}
TARGETS: dict[str, dict[str, Any]] = {
    f"{name}: {panel['title']} {target['refId']}": target
    for name, board in BOARDS.items()
    for panel in board["panels"]
    for target in panel["targets"]
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_query_asks_for_metrics_and_labels_that_there_are(target: dict[str, Any]) -> None:
    from tests.deploy.queries import read  # noqa: PLC0415  # the parser is asked for where it is needed

    query = read(target["expr"].replace("$__rate_interval", "5m"))
    asks_for_what_there_is(query.selections, query.growing, query.grouped)
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= query.grouped - {"le"}


def test_each_metric_is_on_a_dashboard() -> None:
    text = "\n".join(target["expr"] for target in TARGETS.values())
    assert [one.name for one in declared(Metrics) if not re.search(rf"\b{one.name}(_bucket|_sum)?\b", text)] == []


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_can_be_put_into_any_grafana(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == f"relevo-{name}"
    assert "id" not in board
    [source] = [one for one in board["templating"]["list"] if one["type"] == "datasource"]
    used = {panel["datasource"]["uid"] for panel in board["panels"]}
    assert used == {f"${{{source['name']}}}"}


@pytest.mark.parametrize("name", BOARDS)
def test_panels_lie_beside_each_other(name: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_compose_gives_grafana_the_dashboards_where_it_looks_for_them() -> None:
    [provider] = yaml.safe_load((DEPLOY / "observability/dashboards.yaml").read_text())["providers"]
    mounts = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["grafana"]["volumes"]
    assert f"./chart/dashboards:{provider['options']['path']}:ro" in mounts
