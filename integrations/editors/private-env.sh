umask 077
aep-auth headers --format json | jq '{aep: {token: (.Authorization | ltrimstr("Bearer ")), api_key: .["x-api-key"],
  ims_org: .["x-gw-ims-org-id"]}}' > http-client.private.env.json
