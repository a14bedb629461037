#![no_main]
//! KUBERNETES_EXEC_INFO.

#[path = "../../crates/kube-credential-aep/src/request.rs"]
mod request;

/// As much of the command line as the request needs.
mod cli {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum ApiVersion {
        V1,
        V1Beta1,
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(version) = request::api_version(text) {
        assert!(text.contains(version.name()) || text.contains('\\'));
    }
});
