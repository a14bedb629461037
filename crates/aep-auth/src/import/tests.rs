//! Bytes from anywhere: no panic, no secret in what is said, a hint with every refusal, and an end in time.

use std::io::{Cursor, Write as _};
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The files that the stories import too.
fn files() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/import-cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// What holds for all bytes; gives what was found.
fn check(bytes: &[u8]) -> Option<Found> {
    let shown = match read(bytes) {
        Ok(found) => {
            assert!(!found.candidates.is_empty());
            return Some(found);
        }
        Err(error) => {
            assert!(error.hint().is_some(), "no hint: {error}");
            format!("{error:?}")
        }
    };
    assert!(!shows_a_secret(&shown), "{shown}");
    None
}

fn shows_a_secret(text: &str) -> bool {
    text.contains("p8e-Yw7") || text.contains("s8e-Qm5")
}

#[test]
fn the_files_as_they_stand() {
    let found: Vec<Found> = files().iter().filter_map(|bytes| check(bytes)).collect();
    // A file that is broken may well have its secret where a scope should be; one that is whole has not.
    assert!(found.iter().all(|found| !shows_a_secret(&format!("{found:?}"))));
    let whole = found.iter().filter(|found| found.candidates[0].is_whole()).count();
    assert!(whole > 45, "{whole}");
}

fn archive() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (index, bytes) in files().iter().take(3).enumerate() {
        writer.start_file(format!("{index}"), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(words in prop::collection::vec(prop::sample::select(&[
        "CLIENT_ID", "client_secret", "org", "a", "é", ": ", "=", "[", "]", "{", "}", "\"", "'", "'''", "\n", ",", "#",
        "- ", "&a ", "*a", "|\n", "\\", "\\u", "//", "/*", "*/", "\t", "---\n", "true", "1", "-----BEGIN PRIVATE KEY-----",
        "/s/", "https://", "@AdobeOrg", "AIO_ims_contexts_", "__", "\0", "\u{feff}", "? ", "! ", "%", "<<", ">",
    ][..]), 0..60)) {
        check(words.concat().as_bytes());
    }

    #[test]
    fn no_mutation_makes_it_panic(
        file in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, any::<[u8; 2]>()), 1..6),
    ) {
        let files = files();
        let mut bytes = file.get(&files).clone();
        for (at, length, put) in cuts {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, put.map(|byte| byte & 0x7f));
        }
        check(&bytes);
    }

    #[test]
    fn no_archive_makes_it_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = archive();
        for (at, byte) in cuts {
            *at.get_mut(&mut bytes) = byte;
        }
        check(&bytes);
    }
}

/// The time that hostile files cost grows with their length and hardly faster.
#[test]
fn large_files_end_soon() {
    let fill = |unit: &str| unit.repeat(MOST_BYTES / 8 / unit.len());
    for text in [
        fill("["),
        fill("{a:"),
        fill("{\"a\":"),
        format!("{{{}", fill("a:1,")),
        format!("{{{}", fill("a:'',")),
        format!("{{{}", fill("a:/")),
        format!("{{a: {}", fill("\n'''")),
        fill("CLIENT_ID=a\n"),
        fill("A='\n"),
        fill("A=[\n"),
        fill("A=\"\\\""),
        fill("- "),
        fill("? "),
        fill("a: &a b\nb: *a\n---\n"),
        format!("a: {}", fill("[{")),
        format!("[{}]", fill("{\"client_id\":\"a\"},").trim_end_matches(',')),
        format!("{{\"client_id\":\"{}\"}}", fill("a")),
        format!("{{\"{}\":\"a\"}}", fill("client_id")),
        fill("aA"),
        fill("A_CLIENT_ID_1=[x]\n"),
        fill("\"'"),
        (0..2400).map(|index| format!("X{index}_CLIENT_ID=a\nX{index}_CLIENT_SECRET=b\n")).collect(),
    ] {
        let start = std::time::Instant::now();
        check(text.as_bytes());
        assert!(start.elapsed().as_secs() < 10, "{}…: {:?}", &text[..12], start.elapsed());
    }
}
