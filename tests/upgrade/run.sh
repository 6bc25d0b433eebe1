#!/usr/bin/env bash
# Sets the previous release up beside this one, by its own Makefile, and runs tests/upgrade/beside.py: the newest tag
# before this commit, else the commit in deploy/previous-release, or the one that is given: tests/upgrade/run.sh COMMIT.
# A clone that does not have it says so, and fails if RELEVO_REQUIRE_PREVIOUS_RELEASE is set.
set -euo pipefail
cd "$(dirname "$0")/../.."

not_run() {
    echo "NOT RUN: make test-upgrade, the previous release beside this one: $1" >&2
    [ -z "${RELEVO_REQUIRE_PREVIOUS_RELEASE:-}" ] || exit 1
    exit 0
}

base=${1:-$(git describe --tags --abbrev=0 --match 'v[0-9]*' HEAD^ 2>/dev/null || cat deploy/previous-release)}
commit=$(git rev-parse --quiet --verify "$base^{commit}") ||
    not_run "this clone does not have $base; git fetch --unshallow --tags brings it"
folder=.previous-release/$commit
if [ ! -e "$folder/.venv/.installed" ]; then
    echo "setting up $(git log -1 --format='%h of %cs, %s' "$commit") in $folder"
    mkdir -p "$folder"
    git archive "$commit" | tar -x -C "$folder"
    make --silent -C "$folder" setup
fi
RELEVO_TEST_PREVIOUS_RELEASE=$PWD/$folder .venv/bin/python -m pytest -q -s tests/upgrade/beside.py
