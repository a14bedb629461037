#![no_main]
//! A request of git's.

use git_credential_aep::request::Request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = Request::parse(bytes) {
        assert!(!request.host.is_empty() && !request.host.contains(&b'\n') && !request.host.contains(&0));
        let _ = (request.knows_authtype(), request.is_basic_only());
    }
});
