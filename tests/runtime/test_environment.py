"""What is wrong with the environment of a service is told in a line a variable, before anything starts."""

import re
import subprocess
import sys

import pytest
from pydantic import Field, SecretStr

from relevo_runtime.environment import SettingsError, misspelt, settings_from
from relevo_runtime.settings import RuntimeSettings


class SampleSettings(RuntimeSettings):
    engine_batch: int = Field(default=1000, ge=1, description="A batch.")
    engine_port: int = Field(default=0, description="A port.")
    engine_key: SecretStr = Field(default=SecretStr(""), min_length=0, max_length=8, description="A secret.")


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> tuple[str, ...]:
    given = {f"RELEVO_{name.upper()}": value for name, value in environment.items()}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings_from(SampleSettings, given)
    return caught.value.problems


def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = problems(monkeypatch, partitions="abc")
    assert problem.startswith("RELEVO_PARTITIONS=abc: input should be a valid integer")


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(monkeypatch, partitions="0", engine_batch="0", engine_bacth="7")
    assert [one.split(":")[0].split("=")[0].split(" ")[0] for one in found] == [
        "RELEVO_ENGINE_BACTH", "RELEVO_PARTITIONS", "RELEVO_ENGINE_BATCH",
    ]  # fmt: skip
    assert found[0] == "RELEVO_ENGINE_BACTH is not a setting: did you mean RELEVO_ENGINE_BATCH?"


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = problems(monkeypatch, engine_key="hunter2-hunter2")
    assert "RELEVO_ENGINE_KEY" in problem
    assert "hunter2" not in problem


def test_what_kubernetes_sets_for_a_service_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = problems(monkeypatch, engine_port="tcp://10.0.0.7:80")
    assert "enableServiceLinks: false" in problem


@pytest.mark.parametrize(
    "name",
    [
        "RELEVO_NOTIFIER_LEASES", "RELEVO_INGEST_PROT", "RELEVO_CALL_SECRET_ERP", "RELEVO_ENGINE_SERVICE_HOST",
        "RELEVO_ENGINE_PORT_8080_TCP_ADDR", "RELEVO_MY_OWN_THING", "PARTITONS", "RELEVO_PARTITIONS",
    ],
)  # fmt: skip
def test_variables_that_are_no_misspelt_settings_of_this_service(name: str) -> None:
    assert misspelt(SampleSettings, [name]) == {}


@pytest.mark.parametrize("service", ["ingest", "engine", "scheduler", "notifier"])
def test_a_service_that_is_asked_for_help_does_not_start(service: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", f"relevo_{service}", "--help"], capture_output=True, text=True, timeout=120, check=False
    )
    assert told.returncode == 0
    assert "RELEVO_PARTITIONS (default: 12)" in told.stdout
    assert "RELEVO_ADMIN_PORT (default: 0)" in told.stdout
    assert not re.search(r"RELEVO_(POSTGRES|LINK_SECRET|TOPIC_PREFIX|CLOCK_ORIGIN) \(|Undefined", told.stdout)


def test_a_service_with_wrong_settings_ends_with_2_and_no_traceback() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "relevo_scheduler"], capture_output=True, text=True, timeout=120, check=False,
        env={"RELEVO_PARTITIONS": "abc"},
    )  # fmt: skip
    assert told.returncode == 2
    assert "RELEVO_PARTITIONS=abc" in told.stderr
    assert "Traceback" not in told.stderr
