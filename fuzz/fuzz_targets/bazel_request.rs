#![no_main]
//! A request of Bazel's or restish's.

#[path = "../../crates/bazel-credential-aep/src/request.rs"]
mod request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok((_, authority)) = request::read(bytes) {
        assert!(!authority.host.is_empty() && !authority.host.contains(['@', '/', '\\', ' ']));
    }
});
