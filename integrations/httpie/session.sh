umask 077
session=$(mktemp -d)
aep-auth headers --format json | jq '{headers: [to_entries[] | {name: .key, value}]}' > "$session/aep.json"
http --check-status --ignore-stdin --session-read-only="$session/aep.json" \
  https://platform.adobe.io/data/foundation/schemaregistry/global/classes 'Accept:application/vnd.adobe.xed-id+json'
status=$?
rm -r "$session"
exit $status
