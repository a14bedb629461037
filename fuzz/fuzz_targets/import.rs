#![no_main]
//! An imported file: every format is tried on every input.

#[path = "../../crates/aep-auth/src/import/mod.rs"]
mod import;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(candidates) = import::read(bytes) {
        assert!(!candidates.is_empty());
    }
});
