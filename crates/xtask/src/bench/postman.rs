//! What signing by itself costs the script in newman's sandbox, which has no WebCrypto.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use ims_emulator::Emulator;

use super::measure::{Timed, median};
use super::place::Place;

const ROUNDS: usize = 7;

pub(crate) fn print(place: &Place) -> Result<()> {
    let newman = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/postman/node_modules/newman/bin/newman.js");
    if !newman.is_file() {
        println!("newman is not installed: npm ci --prefix tests/postman");
        return Ok(());
    }
    let emulator = Emulator::plain()?;
    let oauth = emulator.environment();
    let service = ims_emulator::service_account_environment(&emulator.url(), ims_emulator::private_key_pem());
    println!("newman, whole runs with one token request, medians of {ROUNDS}");
    for (name, identity) in [("OAuth Server-to-Server", oauth), ("service account, signed in the script", service)] {
        let mut variables = place.variables("postman");
        variables.extend(identity.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        let file = |name: &str| place.path(name).to_string_lossy().into_owned();
        let (environment, collection) = (file("environment.json"), file("collection.json"));
        for arguments in [
            ["environment", "--no-token", "--with-secret", "-o", &environment].as_slice(),
            &["collection", "-o", &collection],
        ] {
            let made =
                Command::new(place.ours("aep-postman")).args(arguments).env_clear().envs(variables.clone()).status()?;
            ensure!(made.success(), "aep-postman {} failed", arguments.join(" "));
        }
        let run = Timed::new(newman.clone(), &["run", &collection, "-e", &environment]).with(&variables);
        println!("{name:<52} {:>6} ms", median(&run, ROUNDS)?.as_millis());
    }
    Ok(())
}
