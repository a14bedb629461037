// A token that was fetched for these variables and is still good is left alone. Otherwise IMS is asked for a new one
// with API_KEY, CLIENT_SECRET and SCOPES. It is kept in ACCESS_TOKEN, its end in ACCESS_TOKEN_EXPIRES_AT (Unix seconds),
// what it was fetched for in ACCESS_TOKEN_FOR. If that fails, one failed test says why and the request is not sent.
// No token and no secret is ever printed, and no code is loaded from anywhere.

const FLOW = 'oauth';
const DEFAULT_SCOPES = ['openid', 'session', 'AdobeID', 'read_organizations', 'additional_info.projectedProductContext'];

const scopes = () => list('SCOPES', DEFAULT_SCOPES);

async function tokenRequest(ims) {
  const fields = {
    grant_type: 'client_credentials',
    client_id: required('API_KEY'),
    client_secret: await secret('CLIENT_SECRET'),
    scope: scopes().join(','),
  };
  return {
    secondsPerUnit: 1,
    request: {
      url: `${ims}/ims/token/v3`,
      method: 'POST',
      header: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: {
        mode: 'urlencoded',
        urlencoded: Object.entries(fields).map(([key, value]) => ({ key, value })),
      },
    },
  };
}

