#![no_main]
//! KUBERNETES_EXEC_INFO.

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(version) = kube_credential_aep::answered_version(text) {
        assert!(text.contains(version) || text.contains('\\'));
    }
});
