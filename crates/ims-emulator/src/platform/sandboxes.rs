//! Sandbox Management: the sandboxes that there are. Shapes: `sandbox.yaml`.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, FOUR_HEADERS, gateway};
use crate::http::Answer;
use crate::serve::Reply;

const BASE: &str = "/data/foundation/sandbox-management";
const SANDBOXES: [(&str, &str); 2] = [("prod", "production"), ("dev1", "development")];

pub(super) const BACKEND: Backend = Backend { paths: &[BASE], wants: FOUR_HEADERS, refuse: gateway::refuse, answer };

/// Whether there is a sandbox of this name; names are in lower case.
pub(super) fn is_known(name: &str) -> bool {
    SANDBOXES.iter().any(|(known, _)| *known == name)
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let below = call.below(BASE).unwrap_or_default();
    if call.method() != "GET" {
        return Err(Refusal::Method);
    }
    match below {
        "" | "sandboxes" => Ok(list(call).into()),
        "sandboxTypes" => Ok(Answer::json(200, &json!({"sandboxTypes": ["production", "development"]})).into()),
        _ => {
            let name = below.strip_prefix("sandboxes/").ok_or(Refusal::NotFound)?;
            let found = SANDBOXES.iter().find(|(known, _)| *known == name).ok_or(Refusal::SandboxUnknown)?;
            Ok(Answer::json(200, &shown(*found)).into())
        }
    }
}

/// As the real one, it gives a link that is a template, which is no next page.
fn list(call: &Call<'_>) -> Answer {
    let sandboxes = SANDBOXES.map(shown);
    let template = format!("{}{}?limit={{limit}}&offset={{offset}}", call.request.base(), call.request.path);
    let body = json!({
        "sandboxes": sandboxes,
        "_page": {"limit": 100, "count": sandboxes.len()},
        "_links": {"page": {"href": template, "templated": true}},
    });
    Answer::json(200, &body)
}

fn shown((name, kind): (&str, &str)) -> Value {
    json!({"name": name, "title": name, "state": "active", "type": kind, "region": "VA7", "isDefault": name == "prod",
           "eTag": 1, "createdDate": "2024-01-01 00:00:00", "lastModifiedDate": "2024-01-01 00:00:00"})
}
