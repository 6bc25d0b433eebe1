"""Resources that operators bring, for an API server that has none of them: their schemas are those of `make chart`."""

import json
from typing import Any

from tests.deploy.chart.rendering import HERE

Schema = dict[str, Any]
KINDS = {
    "ScaledObject": ("keda.sh", "v1alpha1"),
    "TriggerAuthentication": ("keda.sh", "v1alpha1"),
    "ServiceMonitor": ("monitoring.coreos.com", "v1"),
    "PrometheusRule": ("monitoring.coreos.com", "v1"),
    "HTTPRoute": ("gateway.networking.k8s.io", "v1"),
}


def definitions() -> list[Schema]:
    """A definition for each kind."""
    return [_definition(kind, group, version) for kind, (group, version) in KINDS.items()]


def _definition(kind: str, group: str, version: str) -> Schema:
    plural = f"{kind.lower()}s"
    schema = _structural(json.loads((HERE / f"crds/{kind.lower()}.json").read_text()))
    schema["properties"].pop("metadata", None)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def _structural(schema: Schema) -> Schema:
    """The schema as an API server takes it, which refuses by itself what a schema does not name."""
    made = {
        key: value
        for key, value in schema.items()
        if key not in {"$comment", "additionalProperties"} or isinstance(value, dict)
    }
    if "anyOf" in made and "type" not in made and {one.get("type") for one in made["anyOf"]} == {"integer", "string"}:
        made = {key: value for key, value in made.items() if key not in {"anyOf", "pattern"}}
        return made | {"x-kubernetes-int-or-string": True}
    if "properties" in made:
        made["properties"] = {name: _structural(one) for name, one in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _structural(made[key])
    if made.get("type") == "object" and not made.keys() & {"properties", "additionalProperties"}:
        made["x-kubernetes-preserve-unknown-fields"] = True
    return made
