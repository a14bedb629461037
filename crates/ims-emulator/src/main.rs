//! `ims-emulator`: prints where it serves and how to point the other programs at it, then serves until it is stopped.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::{CommandFactory, Parser};
use ims_emulator::{Emulator, Fault, Flow, Options};

mod cli;

fn main() -> std::process::ExitCode {
    let arguments = cli::Cli::parse();
    let faults: Result<Vec<Fault>, _> = arguments.fault.iter().map(|fault| serde_json::from_str(fault)).collect();
    let faults = faults.unwrap_or_else(|error| {
        cli::Cli::command().error(clap::error::ErrorKind::ValueValidation, format!("--fault: {error}")).exit()
    });
    match serve(&arguments, faults) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &cli::Cli, faults: Vec<Fault>) -> Result<()> {
    let emulator = Emulator::start(Options { port: arguments.port, tls: arguments.tls, ..Options::default() })
        .with_context(|| format!("cannot serve on port {}", arguments.port))?;
    if let Some(seconds) = arguments.life {
        emulator.set_life(seconds.saturating_mul(1000));
    }
    for fault in faults {
        emulator.fault(fault);
    }
    let folder = match &arguments.dir {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("ims-emulator-{}", std::process::id())),
    };
    write_files(&emulator, &folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(introduction(&emulator, &folder).as_bytes())?;
    stdout.flush()?;
    loop {
        std::thread::park();
    }
}

fn introduction(emulator: &Emulator, folder: &Path) -> String {
    let url = emulator.url();
    let file = |name: &str| folder.join(name).display().to_string();
    let mut text = format!("{url}\n\n# OAuth Server-to-Server, without any file:\n");
    let ca = emulator.ca_pem().map(|_| ("AEP_CA_FILE", file("ca.pem")));
    for (name, value) in emulator.environment().into_iter().chain(ca) {
        text.push_str(&format!("export {name}='{value}'\n"));
    }
    text.push_str("\n# or the service account (JWT), without any profile:\n");
    for (name, value) in ims_emulator::service_account_environment(&url, &file("private.key")) {
        text.push_str(&format!("# export {name}='{value}'\n"));
    }
    text.push_str(&format!(
        "\n# or a profile, from the files that the Developer Console would give:\n\
         #   aep-auth import {} --ims-url {url} --platform-url {url}\n\
         #   aep-auth import {} --private-key {} --profile service --ims-url {url} --platform-url {url}\n",
        file("credential-oauth.json"),
        file("credential-jwt.json"),
        file("private.key"),
    ));
    text
}

fn write_files(emulator: &Emulator, folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let files = [
        ("credential-oauth.json", emulator.credential_file(Flow::Oauth)),
        ("credential-jwt.json", emulator.credential_file(Flow::Jwt)),
        ("credential-migrated.json", emulator.credential_file(Flow::Migrated)),
        ("project.json", emulator.project_file()),
        ("private.key", ims_emulator::private_key_pem().to_owned()),
        ("certificate_pub.crt", ims_emulator::certificate_pem().to_owned()),
        ("ca.pem", emulator.ca_pem().unwrap_or_default().to_owned()),
    ];
    for (name, content) in files.iter().filter(|(_, content)| !content.is_empty()) {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(folder.join(name))?.write_all(content.as_bytes())?;
    }
    Ok(())
}
