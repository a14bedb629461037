//! What is measured and what it is measured against: our binaries, the empty program, an emulator, filled folders.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use ims_emulator::{Emulator, Flow};

/// Everything that the rows need.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    /// Serves TLS.
    pub(crate) emulator: Emulator,
    /// The folder of the programs.
    release: PathBuf,
}

impl Place {
    /// Builds and fills everything.
    pub(crate) fn prepare() -> Result<Self> {
        ensure!(
            !cfg!(debug_assertions),
            "a build without optimization says nothing: cargo run --release -p xtask -- bench"
        );
        let folder = tempfile::tempdir()?;
        let release = install(folder.path())?;
        let place = Self { folder, emulator: Emulator::tls()?, release };
        place.make_empty_program()?;
        std::fs::write(place.path("ca.pem"), place.emulator.ca_pem().context("no authority")?)?;
        std::fs::write(place.path("credential.json"), place.emulator.credential_file(Flow::Oauth))?;
        for home in ["one", "many"] {
            place.import(home)?;
        }
        place.crowd("many")?;
        Ok(place)
    }

    /// A path in the measured place.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// One of our binaries.
    pub(crate) fn ours(&self, name: &str) -> PathBuf {
        self.release.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// What `cargo new` and `cargo build --release` make.
    pub(crate) fn empty(&self) -> PathBuf {
        self.path("empty/target/release/empty")
    }

    /// The variables of a home.
    pub(crate) fn variables(&self, home: &str) -> Vec<(String, OsString)> {
        let home = self.path(home);
        let folder = |name: &str| home.join(name).into_os_string();
        [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", home.clone().into_os_string()),
            ("AEP_CONFIG_DIR", folder("config")),
            ("AEP_DATA_DIR", folder("data")),
            ("AEP_CACHE_DIR", folder("cache")),
            ("AEP_CA_FILE", self.path("ca.pem").into_os_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    fn make_empty_program(&self) -> Result<()> {
        let folder = self.path("empty");
        std::fs::create_dir_all(folder.join("src"))?;
        std::fs::write(folder.join("Cargo.toml"), "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n")?;
        std::fs::write(folder.join("src/main.rs"), "fn main() {}\n")?;
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--release", "--quiet", "--offline", "--target-dir", "target"]).current_dir(&folder);
        ensure!(build.status()?.success(), "the empty program does not build");
        Ok(())
    }

    fn import(&self, home: &str) -> Result<()> {
        let url = self.emulator.url();
        let file = self.path("credential.json");
        self.run(home, &["import", &file.to_string_lossy(), "--ims-url", &url, "--platform-url", &url])?;
        self.run(home, &["token"])
    }

    fn run(&self, home: &str, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(self.ours("aep-auth"));
        command.args(arguments).env_clear().envs(self.variables(home)).stdout(Stdio::null());
        ensure!(command.status()?.success(), "aep-auth {} failed", arguments.join(" "));
        Ok(())
    }

    /// Puts 10,000 neighbours beside the profile and the entry.
    fn crowd(&self, home: &str) -> Result<()> {
        let home = self.path(home);
        let profile = std::fs::read(home.join("config/profiles/default.toml"))?;
        let entry = std::fs::read_dir(home.join("cache"))?
            .flatten()
            .map(|item| item.path())
            .find(|path| path.extension().is_some_and(|kind| kind == "json"))
            .context("no entry")?;
        let entry = std::fs::read(entry)?;
        for number in 0..10_000 {
            std::fs::write(home.join(format!("config/profiles/neighbour{number}.toml")), &profile)?;
            std::fs::write(home.join(format!("cache/{number:064x}.json")), &entry)?;
        }
        Ok(())
    }
}

/// The programs as a user gets them; gives their folder.
fn install(folder: &Path) -> Result<PathBuf> {
    let installed = folder.join("installed");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../install.sh");
    let output = Command::new("sh").arg(script).env("PREFIX", &installed).output()?;
    ensure!(output.status.success(), "install.sh failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(installed.join("bin"))
}
