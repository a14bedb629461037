#![no_main]
//! A profile file.

use std::path::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = aep_core::profile::file::parse(text, Path::new("profile.toml"));
    let _ = aep_core::profile::Name::parse(text);
    let _ = aep_core::profile::split_list(text);
    let _ = aep_core::duration::parse(text);
    let _ = aep_core::url::BaseUrl::parse("url", text);
    assert!(aep_core::terminal::clean(text).chars().all(|c| !c.is_control()));
});
