#!/usr/bin/env bash
# Starts what deploy/compose.yaml has, or the services of it that are named. The first start makes its secrets, in
# deploy/.env: who loses them loses what they seal.
set -euo pipefail
cd "$(dirname "$0")"
. ./compose.sh
file=${ENV_FILE:-.env}
if [ ! -e "$file" ]; then
    (
        umask 077
        secret() { python3 -c 'import secrets; print(secrets.token_urlsafe(32))'; }
        key() { python3 -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'; }
        printf 'POSTGRES_PASSWORD=%s\nGRAFANA_PASSWORD=%s\nRELEVO_LINK_SECRET=%s\nRELEVO_DATA_KEY=%s\nRELEVO_SECRETS_KEY=%s\n' \
            "$(secret)" "$(secret)" "$(secret)" "$(key)" "$(key)" > "$file.new"
        mv "$file.new" "$file"
    )
    echo "made the secrets in deploy/$file: keep a copy of it"
fi
# By this a `docker compose` of one's own in this folder means these containers, and not a second system named after the folder.
grep -q ^COMPOSE_PROJECT_NAME= "$file" || echo "COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME" >> "$file"
compose up --detach "$@"
