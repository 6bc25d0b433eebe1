#!/usr/bin/env bash
# Lints and renders the chart by Helm, and checks what comes out: `make chart`. Without Helm it says what was not checked,
# and fails if RELEVO_REQUIRE_HELM=1.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
if ! tools=$("$python" deploy/tools/kubernetes_tools.py); then
    echo "!!! Helm can't be downloaded (deploy/tools/kubernetes-tools.txt): THE CHART WAS NOT RENDERED AND NOT CHECKED" >&2
    [ "${RELEVO_REQUIRE_HELM:-0}" = 1 ] && exit 1
    exit 0
fi
RELEVO_HELM="$tools/helm" exec "$python" -m pytest -q tests/deploy/chart/rendered.py "$@"
