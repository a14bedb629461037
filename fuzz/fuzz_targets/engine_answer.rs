#![no_main]
//! What the engine of a shared cache answered.

libfuzzer_sys::fuzz_target!(|answer: &[u8]| {
    if let Some(code) = aep_redis::refusal_in(answer) {
        // A code of its own and nothing else: the rest may be what it was sent.
        let is_inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(code == "an error" || (code.len() <= 20 && code.bytes().all(is_inner)));
    }
});
