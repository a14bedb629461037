//! The forms that Adobe's identifiers have: what lacks them is refused by IMS in words that do not say so.

use aep_core::Profile;
use aep_core::profile::Origin;

/// What an organization looks like.
pub(crate) fn is_organization(text: &str) -> bool {
    text.strip_suffix("@AdobeOrg").is_some_and(|id| !id.is_empty())
}

/// What a technical account looks like.
pub(crate) fn is_technical_account(text: &str) -> bool {
    text.strip_suffix("@techacct.adobe.com").is_some_and(|id| !id.is_empty())
}

/// A field whose value has not the form that it must have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misshapen {
    pub(crate) what: String,
    pub(crate) cure: String,
}

/// The identifiers of a profile that cannot be right.
pub(crate) fn misshapen(profile: &Profile) -> Vec<Misshapen> {
    let cure = |key: &str, variable: &str, form: &str| match &profile.origin {
        Origin::File { name, .. } => format!("aep-auth profile set {name} {key}={form}"),
        Origin::Environment { .. } => format!("set {}{variable} to {form}", profile.origin.variable_prefix()),
    };
    let organization = profile.org_id.as_deref().filter(|id| !is_organization(id)).map(|id| Misshapen {
        what: format!("org_id is `{id}`; an organization ends in @AdobeOrg"),
        cure: cure("org_id", "ORG_ID", "…@AdobeOrg"),
    });
    let account = profile.technical_account_id.as_deref().filter(|id| !is_technical_account(id)).map(|id| Misshapen {
        what: format!("technical_account_id is `{id}`; a technical account ends in @techacct.adobe.com"),
        cure: cure("technical_account_id", "TECHNICAL_ACCOUNT_ID", "…@techacct.adobe.com"),
    });
    organization.into_iter().chain(account).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_ends() {
        for (text, organization, account) in [
            ("745F37C35E4B776E0A49421B@AdobeOrg", true, false),
            ("66570C8D5E4C9A1D0A49421E@techacct.adobe.com", false, true),
            ("745F37C35E4B776E0A49421B", false, false),
            ("@AdobeOrg", false, false),
            ("@techacct.adobe.com", false, false),
            ("x@adobeorg", false, false),
            ("jane@example.com", false, false),
        ] {
            assert_eq!((is_organization(text), is_technical_account(text)), (organization, account), "{text}");
        }
    }
}
