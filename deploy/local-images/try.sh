#!/usr/bin/env bash
# Runs `make TARGET…` (test-images, test-containers, kubernetes-images) on the Docker engine that answers, or as root on Debian's, started for
# it on a socket of its own and ended with it. What can't be pulled is built. Where there is no engine it says so, and fails if RELEVO_REQUIRE_DOCKER is set.
set -euo pipefail
cd "$(dirname "$0")/../.."
targets=("${@:-test-images}")

not_run() {
    echo "NOT RUN: make ${targets[*]}, and with it every test of what runs in containers: $1" >&2
    [ -z "${RELEVO_REQUIRE_DOCKER:-}" ] || exit 1
    exit 0
}

if ! docker info >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || not_run "no Docker engine answers"
    apt-get update -qq || not_run "no Docker engine answers, and Debian's packages can't be asked for"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io docker-compose debootstrap \
        ca-certificates >/dev/null 2>&1 || not_run "Debian's Docker engine can't be installed"
    exec 9>/tmp/relevo-docker-engine.lock
    flock 9 # two engines at once would give out the same addresses on one bridge
    folder=$(mktemp -d)
    export PATH="/usr/bin:/usr/sbin:$PATH" DOCKER_HOST="unix://$folder/docker.sock"
    export TESTCONTAINERS_RYUK_DISABLED=true # containers that a test leaves end with this engine
    dockerd --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
        >"$folder/log" 2>&1 9>&- &
    engine=$!
    trap 'kill "$engine" 2>/dev/null || true; wait "$engine" 2>/dev/null || true; rm -rf "$folder" 2>/dev/null || true' EXIT
    for _ in $(seq 60); do
        docker info >/dev/null 2>&1 && break
        sleep 1
    done
    docker info >/dev/null 2>&1 || not_run "Debian's Docker engine does not start: $(tail -n 1 "$folder/log")"
fi

image() { sed -n "s/^ *image: \($1.*\)/\1/p" deploy/compose.yaml; }
have() { docker image inspect "$1" >/dev/null 2>&1 || timeout 300 docker pull --quiet "$1" >/dev/null 2>&1; }
if [[ " ${targets[*]} " = *-images\ * ]]; then
    have "$(sed -n 's/^ARG BASE=//p' deploy/Dockerfile)" && have "$(image prom/)" || deploy/local-images/build.sh >/dev/null
fi
have "$(image apache/)" && have "$(image postgres)" || tests/containers/build-images.sh >/dev/null
make "${targets[@]}"
