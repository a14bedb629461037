#![no_main]
//! A request of Bazel's or restish's.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok((_, authority)) = bazel_credential_aep::request::read(bytes) {
        assert!(!authority.host.is_empty() && !authority.host.contains(['@', '/', '\\', ' ']));
    }
});
