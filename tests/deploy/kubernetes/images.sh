#!/usr/bin/env bash
# `make kubernetes-images`: builds what `make kubernetes-test` runs, and saves it in RELEVO_TEST_IMAGES.
set -euo pipefail
cd "$(dirname "$0")/../../.."
file=${RELEVO_TEST_IMAGES:-build/kubernetes-images.tar}
given=$(.venv/bin/python -c 'from relevo_testing.containers import KAFKA_IMAGE, POSTGRES_IMAGE; print(KAFKA_IMAGE, POSTGRES_IMAGE)')
base=$(sed -n 's/^ARG BASE=//p' deploy/Dockerfile)
TAG=kubernetes-test deploy/images.sh
images=(relevo-test/sandbox:test)
printf 'FROM %s\nUSER 65532\nENTRYPOINT ["sleep", "infinity"]\n' "$base" | docker build --quiet --tag "${images[0]}" - >/dev/null
for service in ingest engine scheduler notifier control relevo; do
    # Under the name that docs/kubernetes.md has, once as the release that is installed and once as the one that follows.
    for tag in "$(sed -n 's/^appVersion: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' deploy/chart/Chart.yaml)" 0.2.0; do
        docker tag "relevo/$service:kubernetes-test" "registry.example.com/relevo/$service:$tag"
        images+=("registry.example.com/relevo/$service:$tag")
    done
done
mkdir -p "$(dirname "$file")"
# shellcheck disable=SC2086 # two names
docker save --output "$file" "${images[@]}" $given
