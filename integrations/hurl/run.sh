aep-auth exec -- sh -c 'HURL_SECRET_token=$AEP_ACCESS_TOKEN HURL_VARIABLE_api_key=$AEP_API_KEY \
  HURL_VARIABLE_ims_org=$AEP_IMS_ORG exec hurl --test classes.hurl'
