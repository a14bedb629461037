//! Every refusal that IMS and the platform's gateway are known to give: what it means and what to do next.
//!
//! One readable table; the tools' hints and docs/refusals.md are made from it. `{profile}` in a cure
//! stands for the profile's name.

use aep_core::Profile;
use aep_core::profile::{DEFAULT_IMS_URL, Flow, Origin};

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Adobe IMS, which issues tokens.
    Ims,
    /// The gateway of Experience Platform, which checks them.
    Platform,
}

/// A refusal that is known.
#[derive(Debug)]
pub struct Known {
    /// Who refuses.
    pub server: Server,
    /// `error` of IMS, `error_code` or `title` of the platform.
    pub code: &'static str,
    /// A part of the description, in lower case; empty for any.
    pub says: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do next.
    pub cure: &'static str,
    /// Where this was learned.
    pub source: &'static str,
}

/// Finds the first entry that fits; more specific ones stand first.
pub fn find(server: Server, code: &str, description: &str) -> Option<&'static Known> {
    let description = description.to_lowercase();
    CATALOGUE.iter().find(|known| known.server == server && known.code == code && description.contains(known.says))
}

/// Whether the credential is one of AEM's own, made in its Developer Console; those did not end, and know no OAuth.
/// Source: Adobe Experience Manager, "JWT Credentials Deprecation in Developer Console".
pub fn is_of_aem(profile: &Profile) -> bool {
    profile.client_id.starts_with("cm-")
}

/// Whether it is a service account at the production IMS that Adobe has retired.
pub fn has_ended(profile: &Profile) -> bool {
    profile.flow == Flow::Jwt && profile.ims_url.to_string() == DEFAULT_IMS_URL && !is_of_aem(profile)
}

/// What is said of a service account whose credential Adobe has retired.
pub const JWT_ENDED: &str = "service account (JWT) credentials ended in production on 1 March 2026; \
     the same client id works with OAuth Server-to-Server: aep-auth profile set {profile} flow=oauth";

/// A cure in the words that fit the profile: its name, or the variables where there is no profile file.
pub fn cure_for(cure: &str, profile: &Profile) -> String {
    if is_of_aem(profile) && cure.contains(TO_OAUTH) {
        return cure
            .replace(
                TO_OAUTH,
                "make new service credentials in AEM's Developer Console (Integrations), and import them: \
             aep-auth import FILE --profile {profile} --force",
            )
            .replace("{profile}", profile.name());
    }
    let page = if is_of_aem(profile) { "its page in AEM's Developer Console" } else { CREDENTIALS_PAGE };
    let cure = cure.replace(CREDENTIALS_PAGE, page);
    let Origin::Environment { .. } = &profile.origin else { return cure.replace("{profile}", profile.name()) };
    let set = profile.origin.variable_prefix();
    [
        ("aep-auth secret set {profile}", format!("set {set}CLIENT_SECRET to the credential's client secret")),
        ("aep-auth profile set {profile} meta_scopes=", "AEP_META_SCOPES=".to_owned()),
        ("aep-auth profile set {profile} sandbox=prod", "AEP_SANDBOX=prod".to_owned()),
        ("aep-auth profile set {profile} scopes=", format!("{set}SCOPES=")),
        ("aep-auth profile set {profile} flow=oauth", "unset AEP_PRIVATE_KEY, and set AEP_SCOPES".to_owned()),
        ("aep-auth profile show {profile}", "aep-auth doctor".to_owned()),
        (" --profile {profile}", String::new()),
    ]
    .into_iter()
    .fold(cure, |cure, (of_file, of_environment)| cure.replace(of_file, &of_environment))
}

const CREDENTIALS_PAGE: &str = "the credential's page";
const TO_OAUTH: &str = "aep-auth profile set {profile} flow=oauth";
const JWT_GUIDE: &str = "Adobe Developer Console, Service Account (JWT) Authentication";
const S2S_GUIDE: &str = "Adobe Developer Console, OAuth Server-to-Server credential implementation";
const AEP_GUIDE: &str = "Adobe Experience Platform, troubleshooting guide";

/// The table.
pub static CATALOGUE: &[Known] = &[
    Known {
        server: Server::Ims,
        code: "invalid_client",
        says: "client_secret",
        meaning: "the client secret is wrong, or was removed in the Developer Console",
        cure: "aep-auth secret set {profile}",
        source: S2S_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_client",
        says: "client_id",
        meaning: "IMS knows no credential with this client id",
        cure: "compare client_id with the API key on the credential's page: aep-auth profile show {profile}",
        source: S2S_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_client",
        says: "",
        meaning: "client id and client secret do not belong together, or the credential was deleted or migrated",
        cure: "download the credential's JSON again and import it: aep-auth import FILE --profile {profile} --force",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_token",
        says: "signature",
        meaning: "the private key belongs to none of the credential's certificates, or its certificate has expired",
        cure: "use the private.key that was downloaded with the certificate: \
               aep-auth import FILE --private-key private.key --profile {profile} --force",
        source: "adobeio-auth#67",
    },
    Known {
        server: Server::Ims,
        code: "invalid_token",
        says: "decoded",
        meaning: "the assertion cannot be read, often because its exp is not an integer",
        cure: "make a new assertion: aep-auth jwt --profile {profile}",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_token",
        says: "expired",
        meaning: "the assertion has expired, or the clock of this machine is wrong",
        cure: "set the clock, or paste a newer assertion: aep-auth doctor",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_token",
        says: "",
        meaning: "the assertion is missing, damaged or expired",
        cure: "aep-auth doctor",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_signature",
        says: "",
        meaning: "the signature fits none of the credential's certificates",
        cure: "use the private.key that was downloaded with the certificate: \
               aep-auth import FILE --private-key private.key --profile {profile} --force",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_jti",
        says: "",
        meaning: "the credential's certificate asks for a jti claim that was never used before",
        cure: "switch the credential to OAuth Server-to-Server in the Developer Console",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "invalid_scope",
        says: "metascope",
        meaning: "the assertion asks for metascopes that the credential does not have",
        cure: "use those on the credential's page: aep-auth profile set {profile} meta_scopes=NAME",
        source: "jwt-auth#6",
    },
    Known {
        server: Server::Ims,
        code: "invalid_scope",
        says: "",
        meaning: "the credential does not have these scopes",
        cure: "use those on the credential's page: aep-auth profile set {profile} scopes=NAME,NAME",
        source: S2S_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "bad_request",
        says: "",
        meaning: "a claim of the assertion is malformed: iss must be …@AdobeOrg, sub …@techacct.adobe.com",
        cure: "aep-auth profile show {profile}",
        source: JWT_GUIDE,
    },
    Known {
        server: Server::Ims,
        code: "internal_error",
        says: "",
        meaning: "IMS answers so for good once a service account was migrated to OAuth Server-to-Server",
        cure: "aep-auth profile set {profile} flow=oauth",
        source: "adobe-dev-console#124",
    },
    Known {
        server: Server::Ims,
        code: "unauthorized_client",
        says: "",
        meaning: "this credential may not use this grant; it is of another kind",
        cure: "add an OAuth Server-to-Server credential to the project in the Developer Console",
        source: "aepp#8",
    },
    Known {
        server: Server::Ims,
        code: "unsupported_grant_type",
        says: "",
        meaning: "the address is not that of IMS's token endpoint, or a proxy changed the request",
        cure: "aep-auth doctor",
        source: "RFC 6749, section 5.2",
    },
    Known {
        server: Server::Ims,
        code: "access_denied",
        says: "",
        meaning: "the technical account lost its rights",
        cure: "ask the administrator to add the credential to a product profile in the Admin Console",
        source: "RFC 6749, section 4.1.2.1",
    },
    Known {
        server: Server::Platform,
        code: "403010",
        says: "",
        meaning: "no access token arrived: a proxy may have removed the Authorization header",
        cure: "aep-auth doctor",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "401013",
        says: "",
        meaning: "the access token has expired or was revoked, or the technical account may no longer use it",
        cure: "aep-auth token --renew --profile {profile}",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "403000",
        says: "",
        meaning: "no API key arrived",
        cure: "send all four headers: aep-auth headers --profile {profile}",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "403003",
        says: "",
        meaning: "the API key is wrong, or its project does not have the API that was called",
        cure: "add that API to the project in the Developer Console (for aep-auth check the Experience Platform API; \
               a credential of another product cannot be checked so: aep-auth token --profile {profile})",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "400003",
        says: "x-sandbox-name",
        meaning: "the sandbox did not arrive; this service takes none for granted",
        cure: "aep-auth profile set {profile} sandbox=prod",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "400003",
        says: "",
        meaning: "the organization did not arrive",
        cure: "send all four headers: aep-auth headers --profile {profile}",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "403025",
        says: "",
        meaning: "the technical account is not entitled in this organization",
        cure: "ask the administrator for a product profile and a role in Permissions (API credentials); \
               a credential of another product has none: aep-auth token --profile {profile}",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "403027",
        says: "",
        meaning: "the organization is wrong, or the credential has no Experience Platform product profile",
        cure: "compare org_id with the Developer Console: aep-auth profile show {profile}",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "429050",
        says: "",
        meaning: "the gateway throttles this API key",
        cure: "wait, then send fewer calls",
        source: "Adobe Analytics 2.0 APIs, FAQ",
    },
    Known {
        server: Server::Platform,
        code: "Insufficient permissions",
        says: "",
        meaning: "the credential has no role that allows this",
        cure: "ask the administrator for a role in Permissions (API credentials)",
        source: "Experience Platform APIs, error body UIS-4064-403",
    },
    Known {
        server: Server::Platform,
        code: "UnauthorizedAccessInvalidScope",
        says: "",
        meaning: "the access token lacks a scope that this service asks for",
        cure: "use the scopes on the credential's page: aep-auth profile set {profile} scopes=NAME,NAME",
        source: "Experience Platform APIs, Identity Service",
    },
    Known {
        server: Server::Platform,
        code: "RequestRateTooLarge",
        says: "",
        meaning: "the service throttles this API key",
        cure: "wait, then send fewer calls",
        source: "Experience Platform APIs, Identity Service",
    },
    Known {
        server: Server::Platform,
        code: "BadRequestError",
        says: "",
        meaning: "the call lacks an Accept or Content-Type header that the service asks for",
        cure: "add the header that the API's reference names",
        source: AEP_GUIDE,
    },
    Known {
        server: Server::Platform,
        code: "oauth-token-invalid",
        says: "",
        meaning: "the access token has expired or was revoked",
        cure: "aep-auth token --renew --profile {profile}",
        source: "reactor-postman#8",
    },
    Known {
        server: Server::Platform,
        code: "invalid_token",
        says: "",
        meaning: "the service does not accept the access token",
        cure: "aep-auth token --renew --profile {profile}",
        source: "analytics-2.0-apis#232",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_reached() {
        for known in CATALOGUE {
            let found = find(known.server, known.code, known.says).unwrap();
            assert!(std::ptr::eq(found, known), "{} `{}` is hidden by another entry", known.code, known.says);
        }
    }

    #[test]
    fn words_seen_in_the_wild_are_known() {
        for (code, description, part) in [
            ("invalid_client", "invalid client_secret parameter", "client secret is wrong"),
            ("invalid_client", "invalid client_id parameter", "no credential"),
            ("invalid_token", "Could not match JWT signature to any of the bindings", "none of the credential's"),
            ("invalid_token", "JWT token is incorrectly formatted, and can not be decoded.", "cannot be read"),
            (
                "invalid_scope",
                "The metascopes in the JWT are not a subset of the metascopes in the binding.",
                "metascopes",
            ),
            ("internal_error", "Please try again later", "migrated"),
        ] {
            assert!(find(Server::Ims, code, description).unwrap().meaning.contains(part), "{code} {description}");
        }
    }
}
