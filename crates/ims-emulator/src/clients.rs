//! The clients that IMS knows here, and the files in which the Developer Console would hand them out.

use serde_json::json;

/// The organization of all known clients.
pub(crate) const ORGANIZATION: &str = "745F37C35E4B776E0A49421B@AdobeOrg";

/// The scopes of Experience Platform.
pub(crate) const SCOPES: [&str; 5] =
    ["openid", "session", "AdobeID", "read_organizations", "additional_info.projectedProductContext"];

/// How a client asks for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// OAuth Server-to-Server.
    Oauth,
    /// Service account (JWT).
    Jwt,
    /// A service account that was migrated: the exchange fails for good, OAuth works.
    Migrated,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// The client id.
    pub id: String,
    /// The secrets that are accepted.
    pub secrets: Vec<String>,
    /// How it may ask.
    pub flow: Flow,
    /// The organization.
    pub org_id: String,
    /// The technical account.
    pub technical_account_id: String,
    /// The scopes, or the metascopes of a service account.
    pub scopes: Vec<String>,
    /// The public key of a service account, as PEM.
    pub public_key: String,
}

/// The private key of the known service account, as the Developer Console downloads it.
pub fn private_key_pem() -> &'static str {
    include_str!("../fixtures/client.key")
}

/// The certificate that belongs to it.
pub fn certificate_pem() -> &'static str {
    include_str!("../fixtures/client.crt")
}

/// The clients that every emulator knows.
pub(crate) fn known() -> Vec<Client> {
    let client = |id: &str, secret: &str, flow, account: &str, scopes: &[&str]| Client {
        id: id.to_owned(),
        secrets: vec![secret.to_owned()],
        flow,
        org_id: ORGANIZATION.to_owned(),
        technical_account_id: format!("{account}@techacct.adobe.com"),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        public_key: include_str!("../fixtures/client.pub").to_owned(),
    };
    let metascopes = ["ent_dataservices_sdk", "ent_adobeio_sdk"];
    vec![
        client(OAUTH.0, OAUTH.1, Flow::Oauth, OAUTH.2, &SCOPES),
        client(JWT.0, JWT.1, Flow::Jwt, JWT.2, &metascopes),
        client(MIGRATED.0, MIGRATED.1, Flow::Migrated, MIGRATED.2, &SCOPES),
    ]
}

/// Client id, secret, technical account.
type Known = (&'static str, &'static str, &'static str);
const OAUTH: Known =
    ("a64f5f10849a410a97ffdac8ae1eae0e", "p8e-Yw7vZq_dK3sR-9uT2xLmN4bC6fH8jE1a", "66570C8D5E4C9A1D0A49421E");
const JWT: Known =
    ("3f5f0c2b7d3e4a1c8b9d6e5f4a3b2c1d", "s8e-Qm5tXr_gH2wP-7kV9zBnJ3cD4fL6yA8e", "7C2A1E9B5F3D8A6E0A49421D");
const MIGRATED: Known =
    ("c9d8e7f6a5b44c3d9e2f1a0b9c8d7e6f", "p8e-Tn6rWk_bF4sG-5hJ8qXcM1vZ9dE2uI3o", "1B3D5F7A9C2E4A6C0A49421F");

/// The variables of the known OAuth client.
pub(crate) fn oauth_environment(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AEP_IMS_URL", url.to_owned()),
        ("AEP_PLATFORM_URL", url.to_owned()),
        ("AEP_CLIENT_ID", OAUTH.0.to_owned()),
        ("AEP_CLIENT_SECRET", OAUTH.1.to_owned()),
        ("AEP_ORG_ID", ORGANIZATION.to_owned()),
        ("AEP_SCOPES", SCOPES.join(",")),
    ]
}

/// The variables of the known service account at this address; the key is a file.
pub fn service_account_environment(url: &str, key: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AEP_IMS_URL", url.to_owned()),
        ("AEP_PLATFORM_URL", url.to_owned()),
        ("AEP_CLIENT_ID", JWT.0.to_owned()),
        ("AEP_CLIENT_SECRET", JWT.1.to_owned()),
        ("AEP_ORG_ID", ORGANIZATION.to_owned()),
        ("AEP_TECHNICAL_ACCOUNT_ID", format!("{}@techacct.adobe.com", JWT.2)),
        ("AEP_META_SCOPES", "ent_dataservices_sdk".to_owned()),
        ("AEP_PRIVATE_KEY", key.to_owned()),
    ]
}

/// The console's "Download JSON" of one credential.
pub(crate) fn credential_file(flow: Flow) -> String {
    let (id, secret, account) = match flow {
        Flow::Oauth => OAUTH,
        Flow::Jwt => JWT,
        Flow::Migrated => MIGRATED,
    };
    let file = match flow {
        Flow::Oauth | Flow::Migrated => json!({
            "TYPE": "oauthservertoserver",
            "ORG_ID": ORGANIZATION,
            "CLIENT_SECRETS": [secret],
            "CLIENT_ID": id,
            "SCOPES": SCOPES,
            "TECHNICAL_ACCOUNT_ID": format!("{account}@techacct.adobe.com"),
            "TECHNICAL_ACCOUNT_EMAIL": format!("{id}@techacct.adobe.com"),
        }),
        Flow::Jwt => json!({
            "CLIENT_SECRET": secret,
            "ORG_ID": ORGANIZATION,
            "API_KEY": id,
            "TECHNICAL_ACCOUNT_ID": format!("{account}@techacct.adobe.com"),
            "TECHNICAL_ACCOUNT_EMAIL": format!("{id}@techacct.adobe.com"),
            "PUBLIC_KEYS_WITH_EXPIRY": {"84a06e0e1f6c4b0d9a7e": "08/27/2127"},
        }),
    };
    format!("{file:#}\n")
}

/// The console's project file, with a credential of each kind.
pub(crate) fn project_file() -> String {
    let account = |account: &str| format!("{account}@techacct.adobe.com");
    let file = json!({"project": {
        "id": "4566206088344615",
        "name": "871BronzeElephant",
        "title": "Pröjekt Elefant",
        "org": {"id": "25591412", "name": "Emulated Organization", "ims_org_id": ORGANIZATION},
        "workspace": {"id": "4566206088344616", "name": "Production", "action_url": "", "app_url": "", "details": {
            "credentials": [
                {"id": "17606510", "name": "Apì Key", "integration_type": "apikey",
                 "api_key": {"client_id": "00000000000000000000000000000000"}},
                {"id": "17606511", "name": "Sérvice Account", "integration_type": "service", "jwt": {
                    "client_id": JWT.0, "client_secret": JWT.1,
                    "technical_account_email": format!("{}@techacct.adobe.com", JWT.0),
                    "technical_account_id": account(JWT.2),
                    "meta_scopes": ["ent_dataservices_sdk"]}},
                {"id": "17606512", "name": "OAuth Server-to-Server", "integration_type": "oauth_server_to_server",
                 "oauth_server_to_server": {
                    "client_id": OAUTH.0, "client_secrets": [OAUTH.1],
                    "technical_account_email": format!("{}@techacct.adobe.com", OAUTH.0),
                    "technical_account_id": account(OAUTH.2),
                    "scopes": SCOPES}},
            ],
            "services": [{"code": "ExperiencePlatform", "name": "Experience Platform API"}]
        }}
    }});
    format!("{file:#}\n")
}
