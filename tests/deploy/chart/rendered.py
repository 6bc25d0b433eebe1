"""The chart, rendered by Helm: `make chart`, which brings Helm. Snapshots are written with RELEVO_WRITE_DOCS=1."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from relevo_cli.service_settings import sections
from tests.deploy.chart.combinations import CHOICES, nested, pairwise
from tests.deploy.chart.rendering import CHART, HERE, KUBERNETES, NEEDED, helm, manifests, pods, problems, rendered

PATHS = [*(HERE / "values").glob("*.yaml"), *(CHART / "examples").glob("values-*.yaml")]
FILES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(PATHS)}
SETS = {**FILES, **{f"pairs-{n}": nested(NEEDED | row) for n, row in enumerate(pairwise(CHOICES), 1)}}
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
SETTINGS = {one.variable: one for entries in sections().values() for one in entries}


@pytest.fixture(scope="module", params=SETS)
def values(request: pytest.FixtureRequest) -> Any:
    return SETS[request.param]


@pytest.fixture(scope="module")
def made(values: Any) -> list[dict[str, Any]]:
    return manifests(rendered(values))


@pytest.mark.parametrize("name", FILES)
def test_helm_finds_nothing_wrong(name: str) -> None:
    done = helm("lint", "--strict", str(CHART), "--values", "-", values=FILES[name])
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("version", KUBERNETES)
def test_an_api_server_would_take_it(values: Any, version: str) -> None:
    assert [problem for one in manifests(rendered(values, version)) for problem in problems(one, version)] == []


def test_everything_has_a_name_of_its_own(made: list[dict[str, Any]]) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in made]
    assert len(set(names)) == len(names)
    assert [name for _, name in names if len(name) > 63] == []


def test_a_package_is_the_same_as_the_folder(tmp_path: Path) -> None:
    """Alerts and dashboards, too, which the templates read as files."""
    done = helm("package", str(CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    [package] = tmp_path.iterdir()
    assert rendered(FILES["whole"], chart=package) == rendered(FILES["whole"])


def test_what_it_says_in_the_end_names_services_that_there_are(made: list[dict[str, Any]], values: Any) -> None:
    done = helm(
        "install", "shop", str(CHART), "--dry-run=client", "--namespace", "shops", "--values", "-", values=values
    )
    assert done.returncode == 0, done.stderr
    named = set(re.findall(r"http://([\w-]+):9100|(deploy/[\w-]+)", done.stdout.rpartition("NOTES:")[2]))
    services = {(one["metadata"]["name"], "") for one in made if one["kind"] == "Service"}
    assert named <= services | {
        ("", f"deploy/{one['metadata']['name']}") for one in made if one["kind"] == "Deployment"
    }


def test_nothing_is_named_by_an_empty_word(made: list[dict[str, Any]]) -> None:
    """The schemas take one where an API server refuses it: a host, the name of a secret or of a class."""
    assert [place for one in made for place in _empty(one, one["kind"])] == []


def _empty(part: object, place: str) -> Iterator[str]:
    match part:
        case "":
            yield place
        case dict():
            for key, value in part.items():
                if key not in {"env", "annotations", "data"}:
                    yield from _empty(value, f"{place}.{key}")
        case list():
            for value in part:
                yield from _empty(value, place)


def test_each_pod_is_restricted(made: list[dict[str, Any]]) -> None:
    """The profile `restricted` of the Pod Security Standards, and a root file system that can't be written."""
    for _, pod in pods(made):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


def test_each_pod_has_probes_and_resources(made: list[dict[str, Any]]) -> None:
    for name, pod in pods(made):
        [container] = pod["containers"]
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        if name.endswith(("-migration", "-command")):  # nothing is asked of them
            continue
        paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
        assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}


def test_a_pod_is_given_longer_than_it_may_take_to_drain(values: Any, made: list[dict[str, Any]]) -> None:
    drain = values.get("stopTimeout", 20)
    for name, pod in pods(made):
        if not name.endswith(("-migration", "-command")):
            before = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            # A process that hangs ends itself six seconds after its stop timeout.
            assert pod["terminationGracePeriodSeconds"] > before + drain + 6


def test_variables_are_settings_and_secrets_come_from_secrets(values: Any, made: list[dict[str, Any]]) -> None:
    parts = [part for part in (values, *values.values()) if isinstance(part, dict)]
    given = {one["name"] for part in parts for one in part.get("extraEnv", [])}
    for _, pod in pods(made):
        assert pod["enableServiceLinks"] is False
        variables = pod["containers"][0]["env"]
        names = [one["name"] for one in variables]
        assert len(set(names)) == len(names)
        assert set(names) - given <= SETTINGS.keys()
        assert [one["name"] for one in variables if "value" in one and _secret(one["name"])] == []
    assert [one for one in made if one["kind"] == "Secret"] == []


def _secret(name: str) -> bool:
    return name in SETTINGS and SETTINGS[name].type == "secret"


def test_who_selects_pods_finds_one_component(made: list[dict[str, Any]]) -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in made if one["kind"] in WORKLOADS]
    for one in made:
        if one["kind"] in {"Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment", "StatefulSet"}:
            selector = one["spec"].get("selector") or one["spec"]["podSelector"]
            wanted = selector.get("matchLabels", selector).items()
            assert sum(wanted <= found.items() for found in labels) == 1, one["metadata"]["name"]


def test_what_is_referred_to_is_there(made: list[dict[str, Any]]) -> None:
    services = [one for one in made if one["kind"] == "Service"]
    ports = {
        one["metadata"]["name"]: {port[key] for port in one["spec"]["ports"] for key in ("port", "name")}
        for one in services
    }
    workloads = {(one["kind"], one["metadata"]["name"]) for one in made}
    for one in made:
        if one["kind"] == "Ingress":
            for rule in one["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    assert path["backend"]["service"]["port"]["name"] in ports[path["backend"]["service"]["name"]]
        if one["kind"] == "HTTPRoute":
            for rule in one["spec"]["rules"]:
                assert rule["backendRefs"][0]["port"] in ports[rule["backendRefs"][0]["name"]]
        if one["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}:
            target = one["spec"]["scaleTargetRef"]
            assert (target["kind"], target["name"]) in workloads


def test_consumers_of_partitions_have_a_name_that_stays(made: list[dict[str, Any]]) -> None:
    for one in made:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            variables = {v["name"]: v for v in one["spec"]["template"]["spec"]["containers"][0]["env"]}
            named = variables.get("RELEVO_GROUP_INSTANCE_ID", {}).get("valueFrom")
            stays = {"fieldRef": {"fieldPath": "metadata.name"}} if one["kind"] == "StatefulSet" else None
            assert named == stays


def test_pods_are_spread_over_nodes_that_have_no_zone_too(made: list[dict[str, Any]]) -> None:
    """A scheduler scores no node that lacks the label of one constraint, not even by the others."""
    for one in made:
        if one["kind"] in {"Deployment", "StatefulSet"} and not one["metadata"]["name"].endswith("-command"):
            spreads = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
            assert [spread["topologyKey"] for spread in spreads] == ["kubernetes.io/hostname"]


def test_pods_that_come_new_are_spread_among_themselves(made: list[dict[str, Any]]) -> None:
    """Old ones that are about to go don't count. A StatefulSet's new pod comes when its old one has gone."""
    for one in made:
        if one["kind"] in {"Deployment", "StatefulSet"} and not one["metadata"]["name"].endswith("-command"):
            pod = one["spec"]["template"]["spec"]
            apart = pod["affinity"].get("podAntiAffinity", {})
            zones = apart.get("preferredDuringSchedulingIgnoredDuringExecution", [])
            for spread in (*pod["topologySpreadConstraints"], *(zone["podAffinityTerm"] for zone in zones)):
                keys = ["pod-template-hash"] if one["kind"] == "Deployment" else None
                assert spread.get("matchLabelKeys") == keys


def test_the_migration_stands_on_nothing_of_the_release(made: list[dict[str, Any]]) -> None:
    for one in made:
        if one["kind"] == "Job":
            assert one["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
            assert "before-hook-creation" in one["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
            pod = one["spec"]["template"]["spec"]
            assert "serviceAccountName" not in pod
            assert {kind for volume in pod["volumes"] for kind in volume} <= {"name", "emptyDir", "secret"}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({}, "publicUrl"),
        ({"publicUrl": "relevo.example.com"}, "publicUrl"),
        ({"ingest": {"replica": 3}}, "replica"),
        ({"settings": {"RELEVO_PARTITONS": 3}}, "RELEVO_PARTITONS"),
        ({"settings": {"RELEVO_LINK_SECRET": "a secret in clear"}}, "RELEVO_LINK_SECRET"),
        ({"engine": {"autoscaling": {"by": "memory"}}}, "by"),
        ({"notifier": {"secretEnv": {"RELEVO_NOTIFIER_SMTP_PASSWORD": "in clear"}}}, "RELEVO_NOTIFIER_SMTP_PASSWORD"),
        ({"image": {"tag": 1.1}}, "tag"),
    ],
)
def test_wrong_values_are_refused_with_their_place(wrong: dict[str, object], where: str) -> None:
    values = {**nested(NEEDED), **wrong} if wrong else {}
    done = helm("template", str(CHART), "--values", "-", values=values)
    assert done.returncode != 0
    assert where in done.stderr


@pytest.mark.parametrize("name", FILES)
def test_it_looks_as_it_did(name: str) -> None:
    path: Path = HERE / "snapshots" / f"{name}.yaml"
    text = re.sub(r"(?m)[ \t]+$", "", rendered(FILES[name]))
    if os.environ.get("RELEVO_WRITE_DOCS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, "look at the difference; RELEVO_WRITE_DOCS=1 make chart writes it"
