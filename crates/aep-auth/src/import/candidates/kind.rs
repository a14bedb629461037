//! What a candidate is: a service account, a person's sign-in, a key alone, or nothing of Adobe's.

use aep_core::profile::Flow;

use super::{Place, Shape, is_adobes_secret, is_filler};
use crate::import::fields::{self, Meaning, host_and_path};
use crate::import::groups::Field;
use crate::import::{Candidate, Kind};

impl Place<'_> {
    pub(super) fn kind(&self, candidate: &Candidate, id: Option<&Field>) -> Kind {
        let said: String = self.groups[self.group]
            .fields
            .iter()
            .filter(|field| field.meaning == Some(Meaning::Type))
            .filter(|field| self.distance(self.group, field, Meaning::Type).is_some())
            .filter_map(|field| field.value.text())
            .map(|text| text.to_lowercase().replace(['_', '-', ' '], "") + " ")
            .collect();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if says(&["webapp", "oauthweb "]) {
            return Kind::WebApp;
        }
        if says(&["singlepage"]) {
            return Kind::SinglePageApp;
        }
        if says(&["nativeapp", "oauthios", "oauthandroid"]) {
            return Kind::NativeApp;
        }
        if says(&["apikey"]) {
            return Kind::ApiKey;
        }
        let redirects = self.nearest(Meaning::Redirect);
        let mut returns_to = redirects.iter().flat_map(|field| field.value.texts());
        if returns_to.any(|text| text.starts_with("adobe+")) {
            return Kind::NativeApp;
        }
        // In the console's own files nothing but a sign-in has an address to return to.
        let is_sign_in = matches!(self.shape, Shape::Console | Shape::Project) && !redirects.is_empty();
        let has_key = candidate.private_key.is_some() || candidate.private_key_path.is_some();
        let is_service = says(&["servertoserver", "clientcredentials", "jwt", "service"])
            || candidate.technical_account_id.is_some()
            || has_key
            || (!candidate.scopes.is_empty() && !is_sign_in);
        if !is_service && !redirects.is_empty() {
            let is_public = is_sign_in && candidate.client_secrets.is_empty() && self.is_filled();
            return if is_public { Kind::SinglePageApp } else { Kind::WebApp };
        }
        let is_key = id.and_then(|id| id.meaning) == Some(Meaning::ApiKey) || candidate.org_id.is_none();
        if !is_service && candidate.client_secrets.is_empty() && is_key && self.is_filled() {
            return Kind::ApiKey;
        }
        if says(&["servertoserver", "clientcredentials"]) || !candidate.scopes.is_empty() {
            return Kind::Service(Flow::Oauth);
        }
        let own = self.groups[self.group].fields.iter();
        let has_assertion = self.groups.iter().enumerate().any(|(index, group)| {
            group.path.last().is_some_and(|key| key.to_lowercase().replace(['_', '-'], "") == "jwtpayload")
                && group.parent == Some(self.group)
                && index != self.group
        });
        let is_jwt = has_key
            || has_assertion
            || says(&["jwt", "service"])
            || own.into_iter().any(|field| field.written.eq_ignore_ascii_case("PUBLIC_KEYS_WITH_EXPIRY"))
            || self.groups.iter().any(|group| {
                group.parent == Some(self.group)
                    && group.path.last().is_some_and(|key| key.eq_ignore_ascii_case("PUBLIC_KEYS_WITH_EXPIRY"))
            });
        Kind::Service(if is_jwt { Flow::Jwt } else { Flow::Oauth })
    }

    /// Whether no field that a secret could be in waits to be filled in.
    pub(super) fn is_filled(&self) -> bool {
        self.nearest(Meaning::ClientSecret).is_empty() && self.nearest(Meaning::Secret).is_empty()
    }

    /// Whether the names or a value say that it is Adobe's: `API_KEY` and `SECRET` alone may be anybody's.
    pub(super) fn is_adobes(&self, candidate: &Candidate, id: Option<&Field>) -> bool {
        const OTHERS: &[&str] = &[
            "google",
            "gcp",
            "github",
            "gitlab",
            "azure",
            "aws",
            "amazon",
            "microsoft",
            "facebook",
            "slack",
            "okta",
            "auth0",
            "stripe",
            "spotify",
            "twitter",
            "discord",
            "linkedin",
            "salesforce",
            "sfdc",
            "paypal",
            "zoom",
            "notion",
            "shopify",
            "twilio",
            "openai",
            "anthropic",
            "django",
            "keycloak",
            "hubspot",
            "snowflake",
            "jira",
            "marketo",
            "magento",
            "workday",
            "atlassian",
            "dropbox",
            "box",
            "strava",
            "twitch",
            "reddit",
            "vimeo",
            "docusign",
            "xero",
            "intuit",
            "quickbooks",
            "supabase",
            "firebase",
            "databricks",
            "cognito",
            "clerk",
            "sfmc",
        ];
        // Whole words, and not `ims` in ICIMS_CLIENT_ID.
        const OURS: &[&str] =
            &["adobe", "aep", "aio", "ims", "aem", "oauths", "reactor", "amc", "umapi", "cja", "firefly"];
        // These others have too.
        const SHARED: &[&str] = &["launch", "commerce", "experience", "analytics"];
        let secret_is_ours = candidate.client_secrets.iter().any(|secret| is_adobes_secret(secret.expose()));
        let id_is_ours = candidate.is_aem
            || (candidate.client_id.len() == 32 && candidate.client_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let path = &self.groups[self.group].path;
        let names = path.iter().chain(id.map(|id| &id.written)).flat_map(|name| fields::words(name));
        let names: Vec<String> = names.collect();
        let says = |words: &[&str]| {
            let is_it = |name: &String, word: &&str| name == word || (word.len() > 4 && name.contains(*word));
            words.iter().any(|word| names.iter().any(|name| is_it(name, word)))
        };
        let is_org_of_adobe = candidate.org_id.as_ref().is_some_and(|id| {
            id.ends_with("@AdobeOrg") || (id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        });
        let asks_elsewhere = self.groups[self.group].fields.iter().any(|field| {
            let name = field.written.to_lowercase();
            let text = field.value.text().unwrap_or_default();
            ["token", "auth", "issuer", "idp", "discovery"].iter().any(|word| name.contains(word))
                && text.starts_with("https://")
                && !host_and_path(text).0.contains("adobe")
        });
        if (says(OTHERS) || asks_elsewhere) && !says(OURS) && !is_org_of_adobe {
            return secret_is_ours;
        }
        let is_known_shape = !self.shape.is_anybodys();
        let has_values_of_adobe = secret_is_ours
            || id_is_ours
            || is_org_of_adobe
            || candidate.technical_account_id.is_some()
            || candidate.scopes.iter().any(|scope| scope == "AdobeID" || scope.starts_with("additional_info"))
            || !candidate.meta_scopes.is_empty()
            || candidate.ims_url.as_ref().is_some_and(|url| url.ends_with("adobelogin.com"));
        let is_named = id.and_then(|id| id.meaning) == Some(Meaning::ClientId)
            && !self.nearest(Meaning::ClientSecret).is_empty()
            && is_filler(&self.prefix);
        says(OURS) || says(SHARED) || is_known_shape || has_values_of_adobe || is_named
    }
}
