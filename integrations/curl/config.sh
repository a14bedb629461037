aep-auth headers --format curl | curl --silent --fail -K - -H 'Accept: application/vnd.adobe.xed-id+json' \
  https://platform.adobe.io/data/foundation/schemaregistry/global/classes
