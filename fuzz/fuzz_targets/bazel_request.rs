#![no_main]
//! A request of Bazel's or restish's.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(address) = bazel_credential_aep::request::read(bytes) {
        let authority = address.base.authority();
        assert!(address.target.starts_with('/'));
        assert!(!authority.host.is_empty() && !authority.host.contains(['@', '/', '\\', ' ']));
    }
});
