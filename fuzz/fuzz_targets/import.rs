#![no_main]
//! An imported file: every format is tried on every input.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(offered) = aep_auth::credentials_in(bytes) {
        assert!(offered > 0);
    }
});
