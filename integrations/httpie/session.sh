umask 077
session=$(mktemp -d)
trap 'rm -rf "$session"' EXIT
trap 'exit 1' HUP INT TERM
# xh wants all four keys.
aep-auth headers --format json |
  jq '{__meta__: {}, auth: {}, cookies: [], headers: [to_entries[] | {name: .key, value}]}' > "$session/aep.json"
http --check-status --ignore-stdin --session-read-only="$session/aep.json" \
  https://platform.adobe.io/data/foundation/schemaregistry/global/classes 'Accept:application/vnd.adobe.xed-id+json'
