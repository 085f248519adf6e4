#!/bin/sh
# Runs once, when the database container makes its cluster: the three roles
# and the database that an administrator makes by hand elsewhere. portal serves
# pages; portal_intake stores what checkpoints send, so that the login that
# faces people cannot put goods into anybody's list. The schema, the
# group roles and the grants are the business of `portal migrate`.
set -eu
: "${SECRETS:=/run/secrets}"
# The image's initialisation keeps the superuser's password in the environment.
export PGPASSWORD="${PGPASSWORD:-${POSTGRES_PASSWORD:-}}"
psql --username postgres --dbname postgres --no-psqlrc --set ON_ERROR_STOP=1 --quiet \
  --set owner_password="$(cat "$SECRETS/db_owner_password")" \
  --set portal_password="$(cat "$SECRETS/db_portal_password")" \
  --set intake_password="$(cat "$SECRETS/db_intake_password")" <<'SQL'
create role portal_owner login createrole password :'owner_password';
create role portal login noinherit password :'portal_password';
create role portal_intake login noinherit password :'intake_password';
create database portal owner portal_owner template template0 encoding 'UTF8';
revoke connect, temporary on database portal from public;
grant connect on database portal to portal, portal_intake;
SQL
