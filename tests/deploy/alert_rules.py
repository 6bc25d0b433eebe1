"""Each alert fires for what it is about, and is silent otherwise: Prometheus's own promtool evaluates the rules.

Run by `make test-alerts`; it needs promtool (Debian: `prometheus`).
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

RULES = Path(__file__).parents[2] / "deploy/chart/alerts.yaml"
AT = "100m"
NEW = "_x90 1x30"
"""A counter that begins ten minutes ago, at 1."""
OLD = "7x120"
"""A counter that has not grown for long."""
GROWS = "0+5x120"


class Case(NamedTuple):
    """A series, by minutes, with which the alert fires, and one with which it does not."""

    fires: dict[str, str]
    silent: dict[str, str]


def of(series: str, fires: str, silent: str) -> Case:
    return Case({series: fires}, {series: silent})


def beside(name: str, of_all: str, part: str, fires: str, silent: str) -> Case:
    """A share of a counter: `part` beside `of_all`, which grows by 100 a minute."""
    whole = {f"{name}{of_all}": "0+100x120"}
    return Case({**whole, f"{name}{part}": fires}, {**whole, f"{name}{part}": silent})


def distribution(name: str, below: str) -> Case:
    """A histogram with ten observations a minute: all above the bucket `below`, or all within it."""
    buckets = [f'{name}_bucket{{service="engine",le="{bound}"}}' for bound in (below, "3600", "+Inf")]
    slow, fast = ("0x120", "0+10x120", "0+10x120"), ("0+10x120",) * 3
    return Case(dict(zip(buckets, slow, strict=True)), dict(zip(buckets, fast, strict=True)))


def waits(fires: str, silent: str) -> Case:
    """Ten batches a minute: the sum of their waits with which an alert fires, and one with which it does not."""
    name, labels = "relevo_record_wait_seconds", '{service="engine",topic="relevo.events"}'
    count = {f"{name}_count{labels}": "0+10x120"}
    return Case({**count, f"{name}_sum{labels}": fires}, {**count, f"{name}_sum{labels}": silent})


CASES = {
    "ServiceDown": of('up{job="relevo",service="engine"}', "0x120", "1x120"),
    "LoopFails": of('relevo_loop_failures_total{service="engine",loop="outbox"}', GROWS, OLD),
    "BatchesRetried": of('relevo_batch_retries_total{service="engine"}', GROWS, OLD),
    "BatchesSlow": distribution("relevo_batch_seconds", "10"),
    "RecordsWait": distribution("relevo_record_wait_seconds", "60"),
    "WaitGrows": waits("0x60 50+50x9 600+100x9 1700+200x9 3900+400x29", "0+300x120"),
    "DeadLetters": of('relevo_dead_letters_total{service="engine",topic="relevo.events"}', NEW, OLD),
    "ShopPaused": of('relevo_shops_paused{service="engine",consumer="engine"}', "1x120", "0x120"),
    "NothingPublished": of('relevo_publish_failures_total{service="ingest",topic="relevo.events"}', GROWS, OLD),
    "WebhooksFail": beside(
        "relevo_webhooks_total", '{shop="tea",status="200"}', '{shop="tea",status="503"}', "0+10x120", "0+1x120"
    ),
    "WebhooksRefused": Case(
        {'relevo_webhooks_total{shop="tea",status="401"}': GROWS},
        {'relevo_webhooks_total{shop="unknown",status="401"}': GROWS},
    ),
    "WebhooksUnreadable": Case(
        {'relevo_unrecognised_total{shop="tea",topic="orders/create",reason="invalid"}': NEW},
        {'relevo_unrecognised_total{shop="tea",topic="themes/update",reason="no_event"}': GROWS},
    ),
    "PollLags": of('relevo_poll_lag_seconds{shop="tea"}', "7200x120", "60x120"),
    "DefinitionsUnreadable": of('relevo_definitions_unreadable{service="engine"}', "2x120", "0x120"),
    "TimersLate": distribution("relevo_timer_lateness_seconds", "60"),
    "EnginesDie": of('relevo_outbox_rescued_total{service="scheduler"}', "0x90 4x30", OLD),
    "DeliveriesFail": beside(
        "relevo_deliveries_total",
        '{channel="email",status="sent"}',
        '{channel="email",status="failed"}',
        "0+10x120",
        "0+1x120",
    ),
    "DeliveriesInDoubt": of('relevo_deliveries_total{channel="email",status="in_doubt"}', NEW, OLD),
    "ProviderDown": of('relevo_deliveries_waiting{provider="ses",reason="provider"}', "5x120", "0x120"),
    "QueueGrows": of('relevo_deliveries_waiting{provider="ses",reason="turn"}', "1000+100x120", "20000-100x120"),
    "Complaints": beside(
        "relevo_provider_feedback_total",
        '{provider="ses",kind="delivered"}',
        '{provider="ses",kind="complained"}',
        "0+1x120",
        "0x120",
    ),
    "Bounces": beside(
        "relevo_provider_feedback_total",
        '{provider="ses",kind="delivered"}',
        '{provider="ses",kind="bounced"}',
        "0+10x120",
        "0+2x120",
    ),
    "CouponsEmpty": of('relevo_coupons_total{result="empty"}', NEW, OLD),
    "CouponsRefused": of('relevo_coupons_total{result="refused"}', NEW, OLD),
    "LinkHitsLost": of('relevo_link_hits_lost_total{reason="full"}', NEW, OLD),
}


def promtool(*arguments: str) -> None:
    tool = shutil.which("promtool")
    assert tool is not None, "promtool is missing: install Debian's package prometheus"
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case() -> None:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    assert {rule["alert"].removeprefix("Relevo") for group in groups for rule in group["rules"]} == set(CASES)


def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_for_what_it_is_about_and_is_silent_otherwise(name: str, tmp_path: Path) -> None:
    cases = [(CASES[name].fires, 1), (CASES[name].silent, 0)]
    tests = [judged(f"Relevo{name}", series, number) for series, number in cases]
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    promtool("test", "rules", str(path))


def judged(alert: str, series: dict[str, str], number: int) -> dict[str, Any]:
    """A test of promtool: with these series so many alerts of this name fire."""
    firing = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": AT, "exp_samples": [{"labels": "{}", "value": number}]}],
    }
