data "external" "aep" {
  program = ["aep-auth", "headers", "--format", "json", "--for", "https://platform.adobe.io/"]
}

data "http" "classes" {
  url             = "https://platform.adobe.io/data/foundation/schemaregistry/global/classes"
  request_headers = merge(data.external.aep.result, { Accept = "application/vnd.adobe.xed-id+json" })
}
