#!/usr/bin/env bash
# Builds local stand-ins of the images' base and of Prometheus, by their official names, for machines that can pull nothing: a minimal
# Debian with Debian's Python, and on it Debian's Prometheus. Needs root, debootstrap and a Docker engine.
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

prometheus=$(sed -n 's/^ *image: \(prom\/.*\)/\1/p' deploy/compose.yaml)
unpacked=$(mktemp -d)
trap 'rm -rf "$root" "$unpacked"' EXIT
(cd "$unpacked" && apt-get download -qq --option APT::Sandbox::User=root prometheus && dpkg-deb -x prometheus_*.deb .)
docker build --quiet --tag "$prometheus" --file - "$unpacked/usr/bin" <<END
FROM $base
COPY prometheus /bin/prometheus
RUN install -d -o 65534 -g 65534 /prometheus
USER 65534
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
END
