//! Which settings hold, and where each was found.

use aep_core::profile::{DEFAULT_IMS_URL, DEFAULT_PLATFORM_URL, Origin, ProfileSelection};
use aep_core::{Context, Profile};
use aep_ims::refusal;

use super::{Audience, Findings, Kind};
use crate::shape;

/// Variables that change what happens.
const SHOWN: [&str; 9] = [
    "AEP_PROFILE",
    "AEP_CONFIG_DIR",
    "AEP_DATA_DIR",
    "AEP_CACHE_DIR",
    "AEP_TIMEOUT",
    "AEP_LOCK_TIMEOUT",
    "AEP_CACHE",
    "AEP_CA_FILE",
    "SSL_CERT_FILE",
];

/// Variables whose values tell nothing once a profile was found by them, and are in a message where none was.
const OF_A_PROFILE: [&str; 3] = ["AEP_PROFILE", "AEP_IMS_URL", "AEP_PLATFORM_URL"];

/// Whether a stranger may read the value: a word or a number that the variable is meant to hold. Anything else may be a
/// name, or a secret in its place.
fn is_plain(name: &str, value: &str) -> bool {
    match name {
        "AEP_CACHE" => ["on", "off"].iter().any(|word| value.eq_ignore_ascii_case(word)),
        "AEP_TIMEOUT" | "AEP_LOCK_TIMEOUT" => value.len() < 6 && value.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// The values that no stranger may read, each with the name of its variable.
pub(super) fn values_to_hide(context: &Context, profile: Option<&Profile>) -> Vec<(String, &'static str)> {
    let of_a_profile = OF_A_PROFILE.into_iter().filter(|_| profile.is_none());
    let own = SHOWN
        .into_iter()
        .filter(|name| *name != "AEP_PROFILE")
        .chain(["AEP_SANDBOX", "AEP_SANDBOX_NAME"])
        .chain(of_a_profile);
    let value = |name: &'static str| Some((context.environment.text(name).ok().flatten()?, name));
    own.filter_map(value).filter(|(value, name)| !is_plain(name, value)).collect()
}

pub(super) fn look_at_variables(context: &Context, audience: Audience, findings: &mut Findings) {
    for name in SHOWN {
        match context.environment.text(name) {
            Ok(Some(value)) if audience == Audience::Oneself || is_plain(name, &value) => {
                findings.note(format!("{name} is {value}"));
            }
            Ok(Some(_)) => findings.note(format!("{name} is set")),
            Ok(None) => {}
            Err(error) => findings.error(&error),
        }
    }
    for name in aep_core::environment::SECRET_VARIABLES {
        if context.environment.has(name) {
            findings.note(format!("{name} is set"));
        }
    }
}

pub(super) fn look_at_profile(
    context: &Context,
    selection: &ProfileSelection,
    profile: &Profile,
    findings: &mut Findings,
) {
    let named_by = if selection.profile.is_some() {
        "named by --profile"
    } else if context.environment.has("AEP_PROFILE") {
        "named by AEP_PROFILE"
    } else if profile.file_name().is_some() {
        "the default profile"
    } else {
        "from the environment"
    };
    findings.good(format!("profile {}, {named_by}: {}", profile.name(), profile.origin));
    let from = |variable: &str, is_default: bool| {
        if context.environment.has(variable) {
            variable.to_owned()
        } else if is_default {
            "the default".to_owned()
        } else {
            "the profile".to_owned()
        }
    };
    let ims = profile.ims_url.to_string();
    let platform = profile.platform_url.to_string();
    findings.good(format!("flow {}, client id {}", profile.flow.name(), profile.client_id));
    findings.good(format!("IMS {ims} (from {})", from("AEP_IMS_URL", ims == DEFAULT_IMS_URL)));
    findings.good(format!("platform {platform} (from {})", from("AEP_PLATFORM_URL", platform == DEFAULT_PLATFORM_URL)));
    match &profile.sandbox {
        Some(sandbox) => {
            let is_env = matches!(profile.origin, Origin::Environment { .. });
            let variable =
                if is_env && !context.environment.has("AEP_SANDBOX") { "AEP_SANDBOX_NAME" } else { "AEP_SANDBOX" };
            let place = if selection.sandbox.is_some() { "--sandbox".to_owned() } else { from(variable, false) };
            findings.good(format!("sandbox {sandbox} (from {place})"));
        }
        None => findings.note("no sandbox: calls carry no x-sandbox-name; most services take prod, some want one"),
    }
    match &profile.org_id {
        Some(organization) => findings.good(format!("organization {organization}")),
        None => findings.bad(
            Kind::Configuration,
            "no organization, which the headers need",
            match profile.file_name() {
                Some(name) => format!("aep-auth profile set {name} org_id=…@AdobeOrg"),
                None => format!("set {}ORG_ID to …@AdobeOrg", profile.origin.variable_prefix()),
            },
        ),
    }
    for shape::Misshapen { what, cure } in shape::misshapen(profile) {
        findings.bad(Kind::Configuration, what, cure);
    }
    if refusal::has_ended(profile) {
        findings.bad(
            Kind::Refused,
            "service account (JWT) credentials ended in production on 1 March 2026",
            refusal::cure_for(refusal::JWT_ENDED, profile),
        );
    }
}
