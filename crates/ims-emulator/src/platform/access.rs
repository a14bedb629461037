//! Access Control: what permissions there are, and which of them the token has. Shapes: `access-control.yaml`.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, FOUR_HEADERS, Need, Wants, gateway};
use crate::http::Answer;
use crate::serve::Reply;

const BASE: &str = "/data/foundation/access-control";

pub(super) const BACKEND: Backend = Backend {
    paths: &[BASE],
    wants: Wants { sandbox: Need::Required, ..FOUR_HEADERS },
    refuse: gateway::refuse,
    answer,
};

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let all = json!(["read", "write", "delete"]);
    match (call.method(), call.below(BASE).unwrap_or_default()) {
        ("GET", "acl/reference") => {
            let body = json!({
                "permissions": {
                    "manage-datasets": {"connection": all, "datasets": all},
                    "manage-schemas": {"classes": all, "schemas": all},
                    "view-schemas": {"classes": ["read"], "schemas": ["read"]},
                    "view-sandboxes": {"sandboxes": ["read"]},
                },
                "resource-types": {"classes": all, "connection": all, "datasets": all, "sandboxes": all, "schemas": all},
            });
            Ok(Answer::json(200, &body).into())
        }
        ("POST", "acl/effective-policies") => {
            let asked: Vec<String> = serde_json::from_slice(&call.request.body)
                .map_err(|_| Refusal::Body("expected a list of paths".to_owned()))?;
            let policies: Map<String, Value> = asked
                .into_iter()
                .map(|path| {
                    let granted = if path.starts_with("/permissions/") { json!(["*"]) } else { all.clone() };
                    (path, granted)
                })
                .collect();
            Ok(Answer::json(200, &json!({"policies": policies})).into())
        }
        (_, "acl/reference" | "acl/effective-policies") => Err(Refusal::Method),
        _ => Err(Refusal::NotFound),
    }
}
