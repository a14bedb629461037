//! Every known refusal, sent by the emulator: the user is told what it means and what to do. And the page's
//! troubleshooting section, which is made from the same catalogue.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use aep_core::acquire::{TokenRequest, acquire};
use aep_core::profile::{ProfileSelection, resolve};
use aep_core::secret::Credentials;
use aep_core::token::AccessToken;
use aep_core::{Context, Environment, Error, Folders, Log, Profile, clock::SystemClock, headers};
use aep_ims::refusal::{CATALOGUE, Known, Server};
use aep_ims::{Http, Ims, list_classes};
use ims_emulator::{Emulator, Fault, Kind, private_key_pem, service_account_environment};
use serde_json::json;

/// The known service account, which meets every refusal, with the cache off.
fn profile(emulator: &Emulator) -> (Context, Profile) {
    let mut variables = service_account_environment(&emulator.url(), private_key_pem()).to_vec();
    variables.push(("AEP_CACHE", "off".to_owned()));
    let context = Context {
        environment: Environment::from_pairs(variables),
        clock: Box::new(SystemClock::start()),
        folders: Folders::default(),
        log: Log::silent(),
        keyring: Default::default(),
    };
    let profile = resolve(&context, &ProfileSelection::default()).unwrap();
    (context, profile)
}

fn assert_explained(known: &Known, refusal: &Error) {
    let cure = refusal.hint().unwrap_or_default();
    assert!(refusal.message().contains(known.code), "{}: {refusal}", known.code);
    assert!(cure.contains(known.meaning), "{} `{}`: {cure}", known.code, known.says);
    assert!(cure.lines().count() >= 2 && !cure.contains('{'), "{}: {cure}", known.code);
}

#[test]
fn every_refusal_of_ims_is_explained() {
    for known in CATALOGUE.iter().filter(|known| known.server == Server::Ims) {
        let emulator = Emulator::plain().unwrap();
        let (context, profile) = profile(&emulator);
        let body = json!({"error": known.code, "error_description": known.says});
        emulator.fault(Fault::always(Kind::respond(400, &body.to_string())));
        let credentials = Credentials::new(&context, &profile);
        let refusal = acquire(&credentials, &TokenRequest::default(), &Ims::asked_by("test")).unwrap_err();
        assert_eq!(refusal.exit_code(), 4);
        assert_explained(known, &refusal);
    }
}

#[test]
fn every_refusal_of_the_platform_is_explained() {
    let token = AccessToken::parse("token".to_owned()).unwrap();
    for known in CATALOGUE.iter().filter(|known| known.server == Server::Platform) {
        let emulator = Emulator::plain().unwrap();
        let (context, profile) = profile(&emulator);
        // The status is in the first three digits, where the code is a number.
        let status = known.code.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(403);
        let body = match known.code.parse::<u64>() {
            Ok(_) => json!({"error_code": known.code, "message": known.says}),
            Err(_) => json!({"title": known.code, "detail": known.says}),
        };
        emulator.fault(Fault::always(Kind::respond(status, &body.to_string())));
        let http = Http::to(&profile.platform_url, None, &context, "test").unwrap();
        let headers = headers::for_platform(&profile, &token).unwrap();
        let refusal = list_classes(&http, &context, &profile, &headers, Duration::from_secs(5)).unwrap_err();
        assert_explained(known, &refusal);
    }
}

const BEGIN: &str =
    "<!-- troubleshooting: made from crates/aep-ims/src/refusal.rs by `AEP_TEST_WRITE=1 cargo test -p aep-ims` -->\n";
const END: &str = "<!-- end of troubleshooting -->";

#[test]
fn the_page_of_refusals_is_made_from_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/refusals.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the section");
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("AEP_TEST_WRITE").is_some() {
        return std::fs::write(&path, &made).unwrap();
    }
    assert!(made == page, "the section is not up to date: AEP_TEST_WRITE=1 cargo test -p aep-ims");
}

fn table() -> String {
    let mut table = String::new();
    for (server, title) in [(Server::Ims, "IMS refused …"), (Server::Platform, "the platform refused …")] {
        table.push_str(&format!("\n| `{title}` | what it means | what to do |\n|---|---|---|\n"));
        for known in CATALOGUE.iter().filter(|known| known.server == server) {
            let says = if known.says.is_empty() { String::new() } else { format!(" … {}", known.says) };
            let cure = known.cure.replace("{profile}", "NAME").replace('|', "\\|");
            table.push_str(&format!("| `{}{says}` | {} | {cure} |\n", known.code, known.meaning));
        }
    }
    table.push('\n');
    table
}
