#!/usr/bin/env bash
# Builds the images, or those that are named: deploy/images.sh [SERVICE…]. By the environment:
# TAG (default: the version), PREFIX (of their names), BASE (an image with Python 3.11), PLATFORMS (linux/amd64,linux/arm64:
# by buildx, and pushed to a registry, since Docker's own store holds one platform); PIP_CERT and PIP_CONFIG_FILE, as pip has
# them; NO_CACHE (if set, what earlier builds left is not used); REVISION (what the label says, default: the commit). Each bill of
# materials goes to build/sbom/.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/compose.sh
needs_docker
services=(ingest engine scheduler notifier control relevo)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' cli/pyproject.toml)
tag=${TAG:-$version} prefix=${PREFIX:-relevo/}
options=(--file deploy/Dockerfile --build-arg "VERSION=$version" --build-arg "REVISION=${REVISION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}")
[ -z "${PIP_CERT:-}" ] || options+=(--secret "id=ca,src=$PIP_CERT")
[ -z "${PIP_CONFIG_FILE:-}" ] || options+=(--secret "id=pip.conf,src=$PIP_CONFIG_FILE")
[ -z "${BASE:-}" ] || options+=(--build-arg "BASE=$BASE")
[ -z "${NO_CACHE:-}" ] || options+=(--no-cache)
[ "$#" = 0 ] || services=("$@")
mkdir -p build/sbom

# Docker 20.10 goes on building after Ctrl-C. When its client is gone the engine ends the build.
building=
build() {
    DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker "$@" &
    building=$!
    wait "$building"
}
trap 'kill -KILL $building 2>/dev/null; exit 130' INT TERM
for service in "${services[@]}"; do
    name="$prefix$service:$tag"
    echo "building $name" >&2
    if [ -n "${PLATFORMS:-}" ]; then
        build buildx build "${options[@]}" --build-arg "SERVICE=$service" --platform "$PLATFORMS" --sbom=true --push --tag "$name" .
        continue
    fi
    build build --quiet "${options[@]}" --build-arg "SERVICE=$service" --tag "$name" . >/dev/null
    docker run --rm --network none --entrypoint cat "$name" /opt/relevo/sbom.cdx.json > "build/sbom/$service.cdx.json"
    printf '%-28s %4d MB\n' "$name" "$(($(docker image inspect --format '{{.Size}}' "$name") / 1000000))"
done
