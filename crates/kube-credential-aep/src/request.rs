//! What the caller asks for, in `KUBERNETES_EXEC_INFO`.

use aep_core::{Error, Result};
use serde_json::Value;

use crate::cli::ApiVersion;

const GROUP: &str = "client.authentication.k8s.io/";

/// A kubeconfig's cluster information is some kilobytes; more than this is none.
const MOST_BYTES: usize = 1024 * 1024;

impl ApiVersion {
    /// As it stands in an object.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
        }
    }
}

/// The version that the caller wants its answer in.
///
/// # Errors
/// Configuration, when the variable holds no ExecCredential, or one of a version that is not known.
pub(crate) fn api_version(information: &str) -> Result<ApiVersion> {
    let refuse = |why: &str| {
        Error::configuration(format!("KUBERNETES_EXEC_INFO holds no ExecCredential: {why}"))
            .with_hint("unset it to try by hand; kubectl sets it itself")
    };
    if information.len() > MOST_BYTES {
        return Err(refuse("it is larger than 1 MiB"));
    }
    let object: Value = serde_json::from_str(information).map_err(|_| refuse("it is not valid JSON"))?;
    let version = object.get("apiVersion").and_then(Value::as_str).ok_or_else(|| refuse("it has no apiVersion"))?;
    if object.get("kind").and_then(Value::as_str).is_some_and(|kind| kind != "ExecCredential") {
        return Err(refuse("its kind is another"));
    }
    match version.strip_prefix(GROUP) {
        Some("v1") => Ok(ApiVersion::V1),
        Some("v1beta1") => Ok(ApiVersion::V1Beta1),
        _ => Err(Error::configuration(format!(
            "the kubeconfig asks for apiVersion {}; expected {} or {}",
            aep_core::terminal::clean_within(version, 100),
            ApiVersion::V1.name(),
            ApiVersion::V1Beta1.name(),
        ))
        .with_hint("kubectl config set-credentials NAME --exec-api-version=client.authentication.k8s.io/v1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_with_whatever_else_stands_there() {
        let v1 =
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}"#;
        assert_eq!(api_version(&format!("{v1}\n")).unwrap(), ApiVersion::V1);
        let beta = r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","new":[1],
            "spec":{"cluster":{"server":"https://h","certificate-authority-data":"AAAA","config":{"profile":"x"}}}}"#;
        assert_eq!(api_version(beta).unwrap(), ApiVersion::V1Beta1);
    }

    #[test]
    fn another_version_is_refused_and_both_are_named() {
        let alpha = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}"#;
        let refusal = api_version(alpha).unwrap_err();
        for part in ["v1alpha1", "client.authentication.k8s.io/v1 ", "client.authentication.k8s.io/v1beta1"] {
            assert!(refusal.message().contains(part), "{refusal}");
        }
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        let deep = "[".repeat(100_000);
        for text in ["", "null", "[]", "{}", "{", &deep, r#"{"apiVersion":1}"#, r#"{"apiVersion":"v1","kind":"Pod"}"#] {
            assert_eq!(api_version(text).unwrap_err().exit_code(), 3);
        }
    }

    #[test]
    fn another_kind_of_object_is_refused_and_none_is_taken_for_ours() {
        let of_kind = |kind: &str| api_version(&format!(r#"{{"apiVersion":"{GROUP}v1"{kind}}}"#));
        assert!(of_kind("").is_ok() && of_kind(r#","kind":"ExecCredential""#).is_ok());
        assert!(of_kind(r#","kind":"Pod""#).unwrap_err().message().ends_with("its kind is another"));
    }

    #[test]
    fn just_a_mebibyte_is_read() {
        let of_length = |length: usize| {
            let text = format!(r#"{{"apiVersion":"{GROUP}v1"}}"#);
            api_version(&format!("{text}{}", " ".repeat(length - text.len())))
        };
        assert!(of_length(1024 * 1024).is_ok());
        assert!(of_length(1024 * 1024 + 1).is_err());
    }
}
