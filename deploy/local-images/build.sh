#!/usr/bin/env bash
# Builds a local stand-in of the images' base, by its official name, for machines that can pull nothing: a minimal Debian
# with Debian's Python. Needs root, debootstrap and a Docker engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=$(sed -n 's/^ARG BASE=//p' deploy/Dockerfile)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root" # it becomes /
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$root" >/dev/null
touch "$root/etc/hosts" # an engine puts its own in its place; where there is none it leaves traces in each layer
tar --create --directory="$root" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists --exclude=./usr/share/doc --exclude=./usr/share/man . |
    docker import --change "ENV LANG=C.UTF-8" --change 'CMD ["python3"]' - "$base"
