//! What a candidate is: a service account, a person's sign-in, a key alone, or nothing of Adobe's.

use aep_core::profile::Flow;
use aep_core::secret;

use super::{Place, Shape, is_filler};
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
        if self.shape == Shape::Aem {
            return Kind::Service(Flow::Jwt);
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

    /// Whether the names or a value say that it is Adobe's, and how surely: `API_KEY` and `CLIENT_SECRET` alone may be
    /// anybody's. `None` where it is not.
    pub(super) fn ownership(&self, candidate: &Candidate, id: Option<&Field>) -> Option<Ownership> {
        // Whole words, and not `ims` in ICIMS_CLIENT_ID.
        const OURS: &[&str] =
            &["adobe", "aep", "aio", "ims", "aem", "oauths", "reactor", "amc", "umapi", "cja", "firefly"];
        // These others have too.
        const SHARED: &[&str] = &["launch", "commerce", "experience", "analytics"];
        // Of Adobe's house, with a sign-in of its own.
        const APART: &[&str] = &["sign", "workfront", "marketo", "magento"];
        let secret_is_ours = candidate.client_secrets.iter().any(|secret| secret::is_adobes(secret.expose()));
        let path = &self.groups[self.group].path;
        let names: Vec<String> =
            path.iter().chain(id.map(|id| &id.written)).flat_map(|name| fields::words(name)).collect();
        let says = |words: &[&str]| fields::say(&names, words);
        let is_ours = says(OURS) && !says(APART);
        let (org_id, scopes) = (candidate.org_id.as_deref(), &candidate.scopes);
        let is_org_of_adobe = org_id.is_some_and(|id| id.ends_with("@AdobeOrg") || is_hex(id, 24));
        let sure = secret_is_ours || is_ours || !(self.shape.is_anybodys() || self.shape.is_like_anybodys());
        let asks_elsewhere = self.groups[self.group].fields.iter().any(|field| {
            let name = field.written.to_lowercase();
            let text = field.value.text().unwrap_or_default();
            ["token", "auth", "issuer", "idp", "discovery"].iter().any(|word| name.contains(word))
                && text.starts_with("https://")
                && !host_and_path(text).0.contains("adobe")
        });
        let is_anothers = says(fields::OTHERS)
            || says(APART)
            || asks_elsewhere
            || is_anothers_id(&candidate.client_id)
            || (!scopes.is_empty() && !scopes.iter().any(|scope| may_be_adobes(scope)));
        let is_others_id = is_anothers_id(&candidate.client_id) && !is_guid(&candidate.client_id);
        if is_others_id || (is_anothers && !is_ours && !is_org_of_adobe) {
            return secret_is_ours.then_some(Ownership::Sure);
        }
        // Spotify's and Workfront's ids have the same form, and so have their secrets.
        let id_is_ours = candidate.is_aem
            || (is_hex(&candidate.client_id, 32)
                && !candidate.client_secrets.iter().any(|one| is_hex(one.expose(), 32)));
        let is_known_shape = !self.shape.is_anybodys() && (org_id.is_none_or(|_| is_org_of_adobe));
        let has_values_of_adobe = id_is_ours
            || is_org_of_adobe
            || candidate.technical_account_id.is_some()
            || scopes.iter().any(|scope| scope == "AdobeID" || scope.starts_with("additional_info"))
            || !candidate.meta_scopes.is_empty()
            || candidate.ims_url.as_ref().is_some_and(|url| url.ends_with("adobelogin.com"));
        // What lacks something is told so, and never taken.
        let is_unfilled = id.and_then(|id| id.meaning) == Some(Meaning::ClientId)
            && !self.nearest(Meaning::ClientSecret).is_empty()
            && is_filler(&self.prefix)
            && !candidate.is_whole();
        let is_likely = says(SHARED) || is_known_shape || has_values_of_adobe || is_unfilled;
        if sure { Some(Ownership::Sure) } else { is_likely.then_some(Ownership::Likely) }
    }
}

/// How sure it is that a credential is Adobe's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// Its own names or values say so.
    Sure,
    /// What stands beside it says so.
    Likely,
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `6f9619ff-8b86-d011-b42d-00cf4fc964ff`, as Azure and HubSpot name their clients.
fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5 && [8, 4, 4, 4, 12].iter().zip(&parts).all(|(length, part)| is_hex(part, *length))
}

/// Whether a client id has the form of another service's.
fn is_anothers_id(id: &str) -> bool {
    // Amazon, Salesforce, OpenAI and Anthropic, GitHub, Adobe Sign.
    let starts = ["amzn1.", "3MVG9", "sk-", "Iv1.", "Iv23", "CBJCHBCA"];
    let is_oktas = id.len() == 20 && id.starts_with("0oa");
    let is_discords = (15..=22).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    id.ends_with(".apps.googleusercontent.com")
        || starts.iter().any(|start| id.starts_with(start))
        || is_oktas
        || is_discords
        || is_guid(id)
}

/// Whether a scope is one that Adobe's IMS has; some are OpenID's, which others have too.
fn may_be_adobes(scope: &str) -> bool {
    ["openid", "AdobeID", "session", "read_organizations", "profile", "email", "offline_access"].contains(&scope)
        || ["additional_info", "aem.", "firefly", "ff_", "ent_"].iter().any(|start| scope.starts_with(start))
        || scope.ends_with("_sdk")
        || scope.contains("adobe")
}
