//! As much of a Kubernetes API server as `kubectl get pods` asks for; it takes nothing but Bearer tokens.

use std::sync::Arc;

use ims_emulator::{Answer, Emulator, Options, Request};
use serde_json::{Value, json};

/// Starts an emulator over TLS that also is the API server.
pub fn api_server() -> Emulator {
    let service = Arc::new(|request: &Request, is_valid: &dyn Fn(&str) -> bool| {
        let body = resource(&request.path)?;
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if token.is_some_and(is_valid) {
            return Some(Answer::json(200, &body));
        }
        let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Unauthorized", "reason": "Unauthorized", "code": 401});
        Some(Answer::json(401, &status))
    });
    Emulator::start(Options { tls: true, service: Some(service), ..Options::default() }).unwrap()
}

fn resource(path: &str) -> Option<Value> {
    Some(match path {
        "/version" => json!({"major": "1", "minor": "32", "gitVersion": "v1.32.0"}),
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"]}),
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        "/api/v1" => json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
            {"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"]}]}),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => json!({"kind": "SelfSubjectReview",
            "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "status": {"userInfo": {"username": "technical"}}}),
        "/api/v1/namespaces/default/pods" => json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [
            {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "ingest-0", "namespace": "default"},
             "status": {"phase": "Running"}}]}),
        _ => return None,
    })
}
