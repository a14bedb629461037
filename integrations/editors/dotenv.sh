umask 077
# By a new file, since an old one keeps its mode.
new=$(mktemp ./.env.XXXXXX)
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
aep-auth env --shell dotenv > "$new" && mv -f "$new" .env
