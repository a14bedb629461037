#![no_main]
//! A request of git's.

#[path = "../../crates/git-credential-aep/src/request.rs"]
mod request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = request::Request::parse(bytes) {
        assert!(!request.host.is_empty() && !request.host.contains(&b'\n') && !request.host.contains(&0));
        let _ = (request.knows_authtype(), request.is_basic_only());
    }
});
