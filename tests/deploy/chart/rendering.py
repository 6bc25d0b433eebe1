"""What Helm makes of the chart, and whether the API servers of three releases of Kubernetes would take it."""

import functools
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

CHART = Path(__file__).resolve().parents[3] / "deploy/chart"
HERE = Path(__file__).parent
HELM = os.environ.get("RELEVO_HELM", "helm")
KUBERNETES = ("1.31", "1.34", "1.37")
"""The oldest release that the chart takes, one that many have, and the newest whose schemas there are."""
NEEDED = {
    "publicUrl": "https://relevo.example.com",
    "kafka.brokers": "kafka:9092",
    "gateway.parentRefs": [{"name": "public"}],
}
"""Values that have no default, by their paths."""

Manifest = dict[str, Any]


def helm(*words: str, values: object = None) -> subprocess.CompletedProcess[str]:
    """A command of Helm; `values` become its standard input, which `--values -` reads."""
    return subprocess.run([HELM, *words], input=json.dumps(values), capture_output=True, text=True, check=False)


def rendered(values: object, version: str = KUBERNETES[-1], chart: Path = CHART) -> str:
    """The manifests as Helm prints them."""
    command = ("template", "shop", str(chart), "--namespace", "shops", "--kube-version", version, "--values", "-")
    done = helm(*command, values=values)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifests(text: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all(text) if one]


def problems(manifest: Manifest, version: str) -> list[str]:
    """Why an API server of that release would refuse the manifest; a field that it does not know is a problem too."""
    validator = _validator(manifest["apiVersion"], manifest["kind"], version)
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    return [f"{name}, {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(manifest)]


@functools.cache
def _validator(api: str, kind: str, version: str) -> jsonschema.Draft202012Validator:
    custom = HERE / "crds" / f"{kind.lower()}.json"
    if custom.is_file():
        return jsonschema.Draft202012Validator(json.loads(custom.read_text()))
    folder = f"kubernetes-json-schema/v{version}.0-local-strict"
    group, _, number = api.rpartition("/")
    file = f"{kind.lower()}-{group.split('.')[0]}{'-' if group else ''}{number}.json"
    schema = schema_contents(f"{folder}/{file}", version)
    return jsonschema.Draft202012Validator(schema, registry=_resource(schema) @ _definitions(folder, version))


@functools.cache
def _definitions(folder: str, version: str) -> Any:
    return _resource(schema_contents(f"{folder}/_definitions.json", version)) @ Registry()


def _resource(schema: object) -> Any:
    return Resource.from_contents(schema)


def pods(made: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The name and the pod of each workload."""
    for one in made:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]
