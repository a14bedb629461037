aep-auth headers | curl --silent --fail -H @- -H 'Accept: application/vnd.adobe.xed-id+json' \
  https://platform.adobe.io/data/foundation/schemaregistry/global/classes
