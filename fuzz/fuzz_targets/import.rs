#![no_main]
//! An imported file: every format is tried on every input.

/// What the terminal's part of it needs.
mod certificate {
    pub(crate) fn with_neighbour(key: String, _: &std::path::Path) -> String {
        key
    }
}

#[path = "../../crates/aep-auth/src/import/mod.rs"]
mod import;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(candidates) = import::read(bytes) {
        assert!(!candidates.is_empty());
    }
});
