#!/usr/bin/env bash
# Stops the containers of deploy/compose.yaml. With --volumes their data goes too.
set -euo pipefail
cd "$(dirname "$0")"
[ -e "${ENV_FILE:-.env}" ] || { echo "nothing was started: there is no deploy/${ENV_FILE:-.env}" >&2; exit 0; }
. ./compose.sh
compose down "$@"
