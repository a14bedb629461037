//! The Debian package: an `ar` archive of two tar archives, as deb(5) has it.

use anyhow::Result;

use super::archive::{File, Files, Folders, ar, gzip, tar_gz};
use super::contents::Package;
use super::target::{System, Target};

/// The package's file name and content. `glibc` is what its programs need.
///
/// # Errors
/// A part has no place.
pub fn pack(
    version: &str,
    target: &Target,
    parts: &Files,
    glibc: Option<(u32, u32)>,
    time: u64,
) -> Result<(String, Vec<u8>)> {
    debug_assert!(matches!(target.system, System::Gnu | System::Musl));
    let mut files = Files::new();
    for (place, file) in Package::Deb.take(parts)? {
        // Debian's manual pages and changes are compressed; a program finds them by either name.
        let is_packed = place.starts_with("usr/share/man/") || place.ends_with("/CHANGELOG.md");
        let (place, file) = if is_packed {
            let place = place.replace("/CHANGELOG.md", "/changelog");
            (format!("{place}.gz"), File::data(gzip(&file.bytes)?))
        } else {
            (place, file)
        };
        files.insert(format!("./{place}"), file);
    }
    files.insert("./usr/share/doc/aep-auth/copyright".to_owned(), File::data(COPYRIGHT));
    let size: usize = files.values().map(|file| file.bytes.len().div_ceil(1024)).sum();
    let architecture = target.debian();
    let depends = glibc.map_or(String::new(), |(major, minor)| format!("Depends: libc6 (>= {major}.{minor})\n"));
    let control = format!(
        "Package: aep-auth\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: The aep-auth authors <aep-auth@example.com>\n{depends}Recommends: ca-certificates\n\
         Section: utils\nPriority: optional\nInstalled-Size: {size}\nHomepage: {}\n\
         Description: access tokens for Adobe Experience Platform\n \
         Imports the credential file of the Adobe Developer Console and gives access\n \
         tokens to scripts, git, kubectl, Bazel, Postman and the shell prompt, from a\n \
         cache that any number of processes share.\n",
        env!("CARGO_PKG_REPOSITORY"),
    );
    let control: Files = [("./control".to_owned(), File::data(control))].into();
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", tar_gz(&control, time, Folders::Listed)?),
        ("data.tar.gz", tar_gz(&files, time, Folders::Listed)?),
    ];
    Ok((format!("aep-auth_{version}_{architecture}.deb"), ar(&members, time)?))
}

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: aep-auth

Files: *
Copyright: The aep-auth authors
License: MIT or Apache-2.0
 The text of both is beside this file, in LICENSE-MIT and LICENSE-APACHE; what
 others wrote and the programs hold is in THIRD-PARTY-LICENSES.txt.
";
