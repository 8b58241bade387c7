#!/bin/sh
# Roles and database, once, when the cluster is made. The owner changes the schema, the gateways append, the auditor
# reads the log, the keeper prunes it.
set -eu
psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  -v owner_password="$(cat "${SECRETS:-/run/secrets}/owner-password")" \
  -v gateway_password="$(cat "${SECRETS:-/run/secrets}/gateway-password")" \
  -v auditor_password="$(cat "${SECRETS:-/run/secrets}/auditor-password")" \
  -v keeper_password="$(cat "${SECRETS:-/run/secrets}/keeper-password")" <<'SQL'
CREATE ROLE owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE sallyport_gateway NOLOGIN;
CREATE ROLE sallyport_auditor NOLOGIN;
CREATE ROLE sallyport_keeper NOLOGIN;
CREATE ROLE gateway LOGIN PASSWORD :'gateway_password' IN ROLE sallyport_gateway;
CREATE ROLE auditor LOGIN PASSWORD :'auditor_password' IN ROLE sallyport_auditor;
CREATE ROLE keeper LOGIN PASSWORD :'keeper_password' IN ROLE sallyport_keeper;
CREATE DATABASE sallyport OWNER owner;
REVOKE ALL ON DATABASE sallyport FROM PUBLIC;
GRANT CONNECT ON DATABASE sallyport TO sallyport_gateway, sallyport_auditor, sallyport_keeper;
SQL
