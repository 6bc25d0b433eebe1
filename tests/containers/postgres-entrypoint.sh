#!/bin/sh
# What the official PostgreSQL image does with its variables; arguments go to the server.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
export PGDATA="${PGDATA:-/var/lib/postgresql/18/docker}"
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }

[ "${1:-}" != postgres ] || shift
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?needs a password}"
    install -d -o postgres -g postgres "$PGDATA"
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
    chown postgres "$password"
    as_postgres initdb --username="$user" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 --set=listen_addresses='*'
    rm "$password"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    if [ "$database" != postgres ]; then
        echo "create database \"$database\"" | as_postgres postgres --single postgres
    fi
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres "$@"
