#![no_main]
//! A private key, in whatever form.

use aep_core::secret::Secret;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let key = Secret::new(text.to_owned());
    let _ = aep_ims::key::form(&key);
    let _ = aep_ims::key::read(&key, None);
    let _ = aep_ims::Certificate::find(text);
    let _ = aep_ims::claims(text);
});
