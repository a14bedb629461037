//! Archives that are the same bytes for the same input: on any machine, in any folder, for any user.
//!
//! Names are sorted, owners and times are fixed. Everything is compressed by `miniz_oxide`, which does not look at what the
//! processor can do; `zlib-rs`, which other packages here switch on for all of `flate2`, does.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use miniz_oxide::deflate::compress_to_vec;

/// What an archive holds, by name.
pub type Files = BTreeMap<String, File>;

/// One file of an archive.
#[derive(Clone)]
pub struct File {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
}

impl File {
    /// A file that is read.
    pub fn data(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), executable: false }
    }

    /// A file that is run.
    pub fn program(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), executable: true }
    }

    pub(super) fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }
}

/// A tar archive of root's files. `folders` says whether their folders have members of their own, before `./`.
pub fn tar(files: &Files, time: u64, folders: Folders) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &str, kind: tar::EntryType, mode: u32, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, bytes).with_context(|| format!("cannot archive {name}"))
    };
    let mut made = Vec::new();
    for (name, file) in files {
        ensure!(is_plain(name), "no name for an archive: {name:?}");
        if folders == Folders::Listed {
            for (end, _) in name.match_indices('/') {
                let folder = &name[..=end];
                if !made.iter().any(|known| known == folder) {
                    add(folder, tar::EntryType::Directory, 0o755, &[])?;
                    made.push(folder.to_owned());
                }
            }
        }
        add(name, tar::EntryType::Regular, file.mode(), &file.bytes)?;
    }
    Ok(archive.into_inner()?)
}

/// Whether a tar archive lists its folders.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Folders {
    /// Each before what is in it: dpkg removes only folders that it was told of.
    Listed,
    /// None, as in what `npm pack` makes.
    Implied,
}

/// A gzip file without name and time.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // Magic, deflate, no flags, no time, "slowest", and "Unix" on any system.
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    file.extend(compress_to_vec(bytes, 9));
    file.extend(crc32fast::hash(bytes).to_le_bytes());
    file.extend(u32::try_from(bytes.len()).context("too large for gzip")?.to_le_bytes());
    Ok(file)
}

/// A tar archive within gzip.
pub fn tar_gz(files: &Files, time: u64, folders: Folders) -> Result<Vec<u8>> {
    gzip(&tar(files, time, folders)?)
}

/// A zip archive with the files in the order that is given, each of 1980, where its time begins.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, &'a File)>) -> Result<Vec<u8>> {
    /// 1 January 1980.
    const DATE: u16 = 1 << 5 | 1;
    /// Names in UTF-8.
    const FLAGS: u16 = 1 << 11;
    const DEFLATED: u16 = 8;
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let mut count = 0_u16;
    for (name, file) in files {
        ensure!(is_plain(name), "no name for an archive: {name:?}");
        let packed = compress_to_vec(&file.bytes, 9);
        let at = size(archive.len())?;
        let mut common = Vec::new();
        for word in [20, FLAGS, DEFLATED, 0, DATE] {
            common.extend(u16::to_le_bytes(word));
        }
        common.extend(crc32fast::hash(&file.bytes).to_le_bytes());
        common.extend(size(packed.len())?.to_le_bytes());
        common.extend(size(file.bytes.len())?.to_le_bytes());
        common.extend(u16::try_from(name.len())?.to_le_bytes());
        common.extend([0; 2]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(&packed);
        directory.extend(b"PK\x01\x02");
        // Made on Unix, so that the upper half of the attributes is a mode.
        directory.extend([20, 3]);
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend(((0o100_000 | file.mode()) << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
        count = count.checked_add(1).context("too many files for a zip archive")?;
    }
    let at = size(archive.len())?;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(size(directory.len())?.to_le_bytes());
    archive.extend(at.to_le_bytes());
    archive.extend([0; 2]);
    Ok(archive)
}

fn size(length: usize) -> Result<u32> {
    u32::try_from(length).context("too large for a zip archive")
}

/// An `ar` archive, as Debian packages are.
pub fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Result<Vec<u8>> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        ensure!(name.len() <= 16 && !name.contains([' ', '/']), "no name for an ar archive: {name:?}");
        writeln!(archive, "{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 100_644, bytes.len())?;
        archive.extend(bytes);
        if bytes.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    Ok(archive)
}

/// Whether a name leads to a place below the archive's own, on every system.
fn is_plain(name: &str) -> bool {
    !name.contains(['\\', '\0', '\n', ':'])
        && name.strip_prefix("./").unwrap_or(name).split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn files() -> Files {
        let text = b"one and one and one and one".repeat(40);
        let long = format!("{}/file", "folder/".repeat(30).trim_end_matches('/'));
        [("bin/a", File::program(text.clone())), ("doc/b", File::data("")), (long.as_str(), File::data("long"))]
            .map(|(name, file)| (name.to_owned(), file))
            .into()
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let made = || {
            let files = files();
            let tar = tar_gz(&files, 7, Folders::Listed).unwrap();
            let zip = zip(files.iter().map(|(name, file)| (name.as_str(), file))).unwrap();
            (ar(&[("odd", b"123".to_vec()), ("even", b"1234".to_vec())], 7).unwrap(), tar, zip)
        };
        assert!(made() == made());
    }

    #[test]
    fn a_tar_archive_says_nothing_of_who_made_it() {
        let packed = tar_gz(&files(), 7, Folders::Listed).unwrap();
        let unpacked = miniz_oxide::inflate::decompress_to_vec(&packed[10..packed.len() - 8]).unwrap();
        let mut archive = tar::Archive::new(unpacked.as_slice());
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let header = entry.header().clone();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 7));
            assert_eq!((header.username().unwrap().unwrap(), header.groupname().unwrap().unwrap()), ("", ""));
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if let Some(file) = files().get(&name) {
                assert_eq!((header.mode().unwrap(), bytes), (file.mode(), file.bytes.clone()));
            }
            names.push(name);
        }
        assert_eq!(names[..4], ["bin/", "bin/a", "doc/", "doc/b"]);
        assert_eq!(names.len(), files().len() + 32);
        let implied = tar(&files(), 7, Folders::Implied).unwrap();
        assert_eq!(tar::Archive::new(implied.as_slice()).entries().unwrap().count(), files().len());
    }

    #[test]
    fn a_zip_archive_is_read_by_others() {
        let files = files();
        let bytes = zip(files.iter().map(|(name, file)| (name.as_str(), file))).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), files.len());
        for (name, file) in &files {
            let mut entry = archive.by_name(name).unwrap();
            assert_eq!(entry.last_modified(), Some(zip::DateTime::default()));
            assert_eq!(entry.unix_mode(), Some(0o100_000 | file.mode()));
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, file.bytes);
        }
    }

    #[test]
    fn a_name_never_leads_out_of_the_archive() {
        for name in ["", "/etc/x", "../x", "a/../b", "a//b", "a\\b", "c:d", "a\nb"] {
            let files: Files = [(name.to_owned(), File::data(""))].into();
            assert!(tar(&files, 0, Folders::Implied).is_err(), "{name:?}");
            assert!(zip(files.iter().map(|(name, file)| (name.as_str(), file))).is_err(), "{name:?}");
        }
        assert!(ar(&[("a/b", Vec::new())], 0).is_err());
        assert!(ar(&[("seventeen-letters", Vec::new())], 0).is_err());
    }
}
