#![no_main]
//! What a token endpoint answered.

use aep_core::profile::Flow;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    for flow in [Flow::Oauth, Flow::Jwt] {
        if let Some((token, _)) = aep_ims::token_in(body, flow) {
            assert!(token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
});
