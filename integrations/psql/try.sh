#!/bin/sh
# Query Service on this machine, without an account: the emulator in Adobe's place, and a PostgreSQL that takes the token as
# its password, over TLS alone. Runs a command (by default a shell) in a home of its own, then takes all of it away.
#   sh try.sh                                     a shell, in which the page beside this works from "psql" on
#   sh try.sh aep-auth query -- psql -c 'SELECT 1'
set -eu

stop() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 3
}

# Debian keeps the server's own programs off the PATH.
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
for program in initdb pg_ctl psql openssl; do
  command -v "$program" >/dev/null || stop "$program is not installed" "sudo apt-get install postgresql openssl"
done
for program in aep-auth ims-emulator; do
  command -v "$program" >/dev/null || stop "$program is not on the PATH" "where it was installed: PATH=\"\$HOME/.local/bin:\$PATH\""
done

# Of the caller's settings none decides here.
for name in $(env | sed -n -E 's/^((AEP_|PG)[A-Z_]*)=.*/\1/p'); do unset "$name"; done

HOME=$(mktemp -d)
server=$(mktemp -d)
emulator=
# PostgreSQL refuses to run as root; then it runs as its own user.
as_server() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  chown postgres "$server"
  as_server() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
fi
clean() {
  [ ! -f "$server/data/postmaster.pid" ] || as_server pg_ctl -D "$server/data" -m immediate stop >/dev/null 2>&1 || :
  [ -z "$emulator" ] || kill "$emulator" 2>/dev/null || :
  cd / && rm -rf "$HOME" "$server"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cd "$HOME"

# Adobe. Its output is a file before it is looked into.
: >lines
ims-emulator --dir "$HOME/adobe" >>lines 2>&1 &
emulator=$!
until grep -q '# or a profile' lines; do
  kill -0 "$emulator" 2>/dev/null || stop "the emulator did not start: $(cat lines)" "ims-emulator"
  sleep 0.1
done
url=$(head -n 1 lines)
export HOME AEP_CONFIG_DIR="$HOME/config" AEP_DATA_DIR="$HOME/data" AEP_CACHE_DIR="$HOME/cache"
aep-auth import "$HOME/adobe/credential-oauth.json" --ims-url "$url" --platform-url "$url" >/dev/null
aep-auth profile set default sandbox=prod >/dev/null

# A certificate that is its own authority, for the name by which the server is reached.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout server.key -out authority.pem 2>openssl.log ||
  stop "openssl made no certificate: $(cat openssl.log)" "openssl version; 1.1.1 or newer"
export AEP_CA_FILE="$HOME/authority.pem"

# PostgreSQL, on the first port that is free. Its keeper comes by the socket; everybody else by TLS and with a password.
(cd "$server" && as_server initdb -D "$server/data" -U keeper --auth=trust --encoding=UTF8 --no-sync >"$HOME/initdb.log" 2>&1) ||
  stop "initdb: $(cat "$HOME/initdb.log")" "sudo apt-get install postgresql"
for file in server.key authority.pem; do
  as_server sh -c 'umask 77; cat >"$0"' "$server/data/$file" <"$file"
done
printf '%s\n' 'local all keeper trust' 'hostssl all all 127.0.0.1/32 password' 'hostssl all all ::1/128 password' |
  as_server sh -c 'cat >"$0"' "$server/data/pg_hba.conf"
port=54320
until (cd "$server" && as_server pg_ctl -D "$server/data" -w -l "$server/log" -o "-p $port -c listen_addresses=localhost \
  -c unix_socket_directories=$server -c ssl=on -c ssl_cert_file=authority.pem -c ssl_key_file=server.key -c fsync=off" \
  start >/dev/null 2>&1); do
  port=$((port + 1))
  [ "$port" -lt 54340 ] || stop "PostgreSQL did not start: $(tail -n 3 "$server/log")" "sudo apt-get install postgresql"
done

# The platform says that it is there, and the database takes the token.
aep-auth api /emulator/query -d "{\"host\": \"localhost\", \"port\": $port}" >/dev/null
(
  eval "$(aep-auth query --shell sh)"
  psql -X -q -v ON_ERROR_STOP=1 "host=$server port=$port user=keeper dbname=postgres" <<'SQL'
\set user `echo "$PGUSER"`
\set database `echo "$PGDATABASE"`
\set token `echo "$PGPASSWORD"`
CREATE ROLE :"user" LOGIN PASSWORD :'token';
CREATE DATABASE :"database" OWNER :"user";
SQL
)

# Ctrl-C is the command's; afterwards all is taken away.
trap : INT
if [ $# -gt 0 ]; then
  "$@"
else
  echo "Query Service of sandbox prod is here: aep-auth query -- psql" >&2
  echo "It takes the token of now, and no renewed one. The end of this shell takes all of it away." >&2
  "${SHELL:-/bin/sh}"
fi
