#![no_main]
//! What a token endpoint answered.

#[path = "../../crates/aep-ims/src/answer.rs"]
mod answer;

/// As much of an HTTP answer as is read.
mod http {
    pub(crate) struct Answer {
        pub(crate) status: u16,
        pub(crate) body: zeroize::Zeroizing<Vec<u8>>,
        pub(crate) content_type: String,
        pub(crate) location: Option<String>,
    }
}

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let answer = http::Answer {
        status,
        body: zeroize::Zeroizing::new(body.to_vec()),
        content_type: String::new(),
        location: None,
    };
    for unit in [answer::LifeUnit::Seconds, answer::LifeUnit::Milliseconds] {
        if let answer::Reading::Token(token, _) = answer::read(&answer, unit) {
            assert!(token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
});
