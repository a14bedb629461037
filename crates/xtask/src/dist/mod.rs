//! Everything that is handed to users, from programs that are built already: one table of contents, and a writer for each
//! kind of package.
//!
//! It builds no program and fetches nothing. The same programs from the same commit give the same bytes.

pub mod archive;
pub mod build;
pub mod contents;
pub mod deb;
pub mod dependencies;
pub mod homebrew;
pub mod licences;
pub mod npm;
pub mod runs_on;
pub mod sbom;
pub mod target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::pages;
use crate::wheel::Wheel;
use archive::{File, Files, Folders};
use contents::{PARTS, Package, THIRD_PARTIES};
use target::{System, Target};

/// What is asked for.
pub struct Options<'a> {
    /// The tree.
    pub root: &'a Path,
    /// The version of all of it.
    pub version: &'a str,
    /// A folder with a folder for each target, in which its programs are.
    pub programs: &'a Path,
    /// The targets; none means each that there is a folder for.
    pub targets: &'a [String],
    /// The folder of the packages.
    pub out: &'a Path,
}

/// One system's programs.
struct Built {
    target: Target,
    programs: Files,
    glibc: Option<(u32, u32)>,
}

/// Writes all packages of all targets, and gives a line about each.
///
/// # Errors
/// Something that a package holds is not there, or is not what it should be; then nothing was written.
pub fn run(options: &Options<'_>) -> Result<Vec<String>> {
    let built = built(options)?;
    let targets: Vec<Target> = built.iter().map(|built| built.target.clone()).collect();
    let time = time(options.root)?;
    let version = options.version;
    let dependencies = dependencies::of(options.root, &targets)?;
    let mut common = contents::documents(options.root, &integrations(options.root)?)?;
    let pages = tempfile::tempdir()?;
    pages::write(pages.path())?;
    common.extend(contents::share(&pages.path().join("share"))?);
    let programs: Vec<&File> = built.iter().flat_map(|built| built.programs.values()).collect();
    let linked = licences::linked(&targets, &programs);
    let sbom = sbom::write(version, &dependencies, &linked, &targets, time)?;
    common.insert(PARTS.to_owned(), File::data(sbom.clone()));
    let licences = licences::write(options.root, &dependencies, &linked)?;
    common.insert(THIRD_PARTIES.to_owned(), File::data(licences.clone()));

    let mut made: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut lines = Vec::new();
    let mut downloads = Vec::new();
    for Built { target, programs, glibc } in &built {
        let mut parts = common.clone();
        parts.extend(programs.clone());
        let wheel = Wheel { root: options.root, version, parts: &parts, platform: &target.wheel(*glibc) }.pack()?;
        let archive = archive(version, target, &parts, time)?;
        downloads.push((target, homebrew::Download { name: archive.0.clone(), sha256: sha256(&archive.1) }));
        let mut packages = vec![wheel, archive, npm::pack_platform(version, target, &parts)?];
        // Of the two kinds for Linux the one with the machine's C library is Debian's, where both are there.
        let is_linux = matches!(target.system, System::Gnu | System::Musl);
        let has_gnu = targets.iter().any(|other| other.system == System::Gnu && other.cpu == target.cpu);
        if is_linux && (target.system == System::Gnu || !has_gnu) {
            packages.push(deb::pack(version, target, &parts, *glibc, time)?);
        }
        let needs = match (target.system, glibc) {
            (System::Gnu | System::Musl, Some((major, minor))) => format!("glibc {major}.{minor} or newer"),
            (System::Gnu | System::Musl, None) => "any Linux".to_owned(),
            (System::Windows | System::MacOs, _) => "its system alone".to_owned(),
        };
        for (name, bytes) in packages {
            lines.push(format!("{name}: {} bytes, for {}, needs {needs}", bytes.len(), target.triple));
            made.insert(name, bytes);
        }
    }
    let (name, bytes) = npm::pack_main(version, &targets, &common)?;
    made.insert(name, bytes);
    let source = source(options.root, version)?;
    let download = homebrew::Download { name: source.0.clone(), sha256: sha256(&source.1) };
    made.insert(source.0, source.1);
    made.insert("aep-auth.rb".to_owned(), homebrew::formula(version, &downloads, &download).into_bytes());
    made.insert(format!("aep-auth-{version}.cdx.json"), sbom.into_bytes());
    made.insert(format!("aep-auth-{version}-THIRD-PARTY-LICENSES.txt"), licences.into_bytes());
    let sums: String = made.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect();
    made.insert("SHA256SUMS".to_owned(), sums.into_bytes());

    std::fs::create_dir_all(options.out).with_context(|| format!("cannot make {}", options.out.display()))?;
    for (name, bytes) in &made {
        let path = options.out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(lines)
}

fn built(options: &Options<'_>) -> Result<Vec<Built>> {
    let hint = "hint: cargo xtask programs";
    let folder = options.programs;
    let mut triples = options.targets.to_vec();
    if triples.is_empty() {
        for entry in
            std::fs::read_dir(folder).with_context(|| format!("no programs in {}\n{hint}", folder.display()))?
        {
            triples.push(entry?.file_name().to_string_lossy().into_owned());
        }
    }
    triples.sort();
    triples.dedup();
    ensure!(!triples.is_empty(), "no programs in {}\n{hint}", folder.display());
    let mut built: Vec<Built> = Vec::new();
    for triple in &triples {
        let target = Target::new(triple)?;
        let programs = contents::programs(&folder.join(triple), target.suffix())
            .with_context(|| format!("{triple} is not built whole\n{hint} --target {triple}"))?;
        let mut glibc = None;
        for (name, program) in &programs {
            glibc = glibc.max(runs_on::glibc(&program.bytes, &target).with_context(|| format!("{name} of {triple}"))?);
        }
        ensure!(glibc.is_none() || target.system != System::Musl, "a program of {triple} is not static");
        if let Some(other) = built.iter().find(|other| npm::platform_name(&other.target) == npm::platform_name(&target))
        {
            bail!("{triple} and {} are the same system to every package; name one by --target", other.target.triple);
        }
        built.push(Built { target, programs, glibc });
    }
    Ok(built)
}

/// The archive for everybody else: `.zip` for Windows, `.tar.gz` for the rest.
fn archive(version: &str, target: &Target, parts: &Files, time: u64) -> Result<(String, Vec<u8>)> {
    let name = format!("aep-auth-{version}-{}", target.triple);
    let files: Files = Package::Archive
        .take(parts)?
        .into_iter()
        // Where nothing reads them, manual pages and the other shells' completions only stand in the way.
        .filter(|(place, _)| {
            target.system != System::Windows || !place.starts_with("share/") || place.starts_with("share/powershell/")
        })
        .map(|(place, file)| (format!("{name}/{place}"), file))
        .collect();
    if target.system == System::Windows {
        let bytes = archive::zip(files.iter().map(|(name, file)| (name.as_str(), file)))?;
        return Ok((format!("{name}.zip"), bytes));
    }
    Ok((format!("{name}.tar.gz"), archive::tar_gz(&files, time, Folders::Listed)?))
}

/// The tree itself, as committed.
fn source(root: &Path, version: &str) -> Result<(String, Vec<u8>)> {
    let prefix = format!("--prefix=aep-auth-{version}/");
    // Whatever the user has set: neither a mode nor a line's end is another.
    let settings = ["tar.umask=0022", "core.autocrlf=false", "core.eol=lf"].map(|setting| ["-c", setting]).concat();
    let archive = ["archive", "--format=tar", &prefix, "HEAD"];
    let tar = git(root, &[settings.as_slice(), &archive].concat())?;
    Ok((format!("aep-auth-{version}-source.tar.gz"), archive::gzip(&tar)?))
}

/// The files of `integrations` that are the tree's: what an editor, an interpreter or a trial left there is not.
fn integrations(root: &Path) -> Result<Vec<String>> {
    let listed = String::from_utf8(git(root, &["ls-files", "-z", "--", "integrations"])?)?;
    Ok(listed.split_terminator('\0').map(str::to_owned).collect())
}

/// The time that files of archives have: the commit's, or what the convention of reproducible builds says.
fn time(root: &Path) -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => String::from_utf8(git(root, &["log", "-1", "--format=%ct"])?)?,
    };
    text.trim().parse().with_context(|| format!("no seconds since 1970: {text:?}"))
}

fn git(root: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().context("cannot run git")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder that programs are built into, and packed from.
pub fn default_programs(root: &Path) -> PathBuf {
    root.join("target/programs")
}
