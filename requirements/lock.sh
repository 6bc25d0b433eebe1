#!/usr/bin/env bash
# Writes requirements/{run,dev}.txt and, for the images, requirements/images/: every version with its hashes, no index address. Needs `uv` on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
# What testing/ needs is no part of the product: requirements/dev.in has it.
members=$(git ls-files --cached --others --exclude-standard '*/pyproject.toml' | grep -v ^testing/)
grep -hoE '^    "[^"]+"' $members | tr -d ' "' | grep -v '^relevo-' | sort -u > requirements/run.in
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url "$@"; }
compile requirements/run.in -o requirements/run.txt
compile requirements/run.in requirements/dev.in -c requirements/run.txt -o requirements/dev.txt
compile requirements/audit.in -o requirements/audit.txt
compile benchmarks/peers/requirements.in -o benchmarks/peers/requirements.txt
compile clients/generator/requirements.in -o clients/generator/requirements.txt
for member in relevo relevo-ingest relevo-engine relevo-scheduler relevo-notifier relevo-control; do
    python3 requirements/needs.py "$member" | compile - -c requirements/run.txt -o "requirements/images/${member#relevo-}.txt"
done
compile requirements/images/build.in -c requirements/dev.txt -o requirements/images/build.txt
