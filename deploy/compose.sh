# Sourced: `compose` is Docker's own, or the command that Debian has, on deploy/compose.yaml with the secrets of deploy/.env, or of ENV_FILE.
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-relevo}
compose() {
    local with=(--env-file "${ENV_FILE:-.env}" --file compose.yaml)
    if docker compose version >/dev/null 2>&1; then docker compose "${with[@]}" "$@"; else docker-compose "${with[@]}" "$@"; fi
}

# Ends here, with what is to be done, where no engine answers.
needs_docker() {
    local why
    why=$(docker version 2>&1 >/dev/null) && return
    echo "$why" >&2
    echo "This needs a Docker engine that answers: start it, or name its address in DOCKER_HOST (docs/containers.md)." >&2
    exit 1
}
