#![no_main]
//! A cached entry, by the road that reads it.

use std::cell::OnceCell;

use aep_core::acquire::cached;
use aep_core::profile::{ProfileSelection, resolve};
use aep_core::token::{self, identity::Identity};
use aep_core::{Context, Environment, Folders, Log, Profile, clock::SystemClock};

struct Place {
    folder: tempfile::TempDir,
    context: Context,
    profile: Profile,
}

thread_local! {
    static PLACE: OnceCell<Place> = const { OnceCell::new() };
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("AEP_CLIENT_ID", "c"), ("AEP_CLIENT_SECRET", "s"), ("AEP_ORG_ID", "o@AdobeOrg")];
    let context = Context {
        environment: Environment::from_pairs(variables),
        clock: Box::new(SystemClock::start()),
        folders: Folders::at(folder.path(), folder.path(), folder.path()),
        log: Log::silent(),
        keyring: Default::default(),
    };
    let profile = resolve(&context, &ProfileSelection::default()).unwrap();
    Place { folder, context, profile }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    PLACE.with(|cell| {
        let Place { folder, context, profile } = cell.get_or_init(place);
        let path = folder.path().join(format!("{}.json", Identity::new(profile).file_stem()));
        std::fs::write(path, bytes).unwrap();
        if let Ok(Some(entry)) = cached(context, profile) {
            let token = entry.token;
            assert!(token.value.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(token.life.is_some_and(|life| (1..=token::LONGEST_LIFE).contains(&life)));
        }
    });
});
