# Sourced: `compose` is Docker's own, or the command that Debian has, on deploy/compose.yaml with the secrets of deploy/.env, or of ENV_FILE.
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-relevo}
compose() {
    local with=(--env-file "${ENV_FILE:-.env}" --file compose.yaml)
    if docker compose version >/dev/null 2>&1; then docker compose "${with[@]}" "$@"; else docker-compose "${with[@]}" "$@"; fi
}
