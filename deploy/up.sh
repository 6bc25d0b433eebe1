#!/usr/bin/env bash
# Starts what deploy/compose.yaml has, or the services of it that are named, and says where they are. The first start makes its
# secrets, in deploy/.env: who loses them loses what they seal.
set -euo pipefail
cd "$(dirname "$0")"
. ./compose.sh
needs_docker
file=${ENV_FILE:-.env}
if [ ! -e "$file" ]; then
    (
        umask 077
        key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }
        secret() { key | tr -d =; }
        printf 'POSTGRES_PASSWORD=%s\nGRAFANA_PASSWORD=%s\nRELEVO_LINK_SECRET=%s\nRELEVO_DATA_KEY=%s\nRELEVO_SECRETS_KEY=%s\n' \
            "$(secret)" "$(secret)" "$(secret)" "$(key)" "$(key)" > "$file.new"
        mv "$file.new" "$file"
    )
    echo "made the secrets in deploy/$file: keep a copy of it"
fi
# By this a `docker compose` of one's own in this folder means these containers, and not a second system named after the folder.
grep -q ^COMPOSE_PROJECT_NAME= "$file" || echo "COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME" >> "$file"
if ! compose up --detach "$@"; then
    echo "Not everything runs. For a port that is taken write another one into deploy/$file, as INGEST_PORT=18080; docs/containers.md has" >&2
    echo "their names. Then start again, or stop what runs by deploy/down.sh." >&2
    exit 1
fi

address() {
    local at
    if at=$(compose port "$1" "$2" 2>/dev/null) && [ -n "$at" ]; then printf '  %-24s %s\n' "http://$at" "$3"; fi
}
echo "started:"
address ingest 8080 "ingest: webhooks, events, the links in messages"
address engine 8081 "the tasks of the staff"
address control 8090 "the control API"
address mail 8025 "the mails and SMS that were sent"
address prometheus 9090 "Prometheus"
address grafana 3000 "Grafana: admin, with the GRAFANA_PASSWORD of deploy/$file"
