//! The gateway of Experience Platform: it checks the four headers in its own order, then lists classes or sandboxes.
//!
//! Source: Adobe Experience Platform, "Troubleshooting guide" and "Authenticate and access Experience Platform APIs".

use serde_json::json;

use crate::http::{Answer, Request};
use crate::state::State;
use crate::tokens::{self, Verdict};

const SANDBOXES: [(&str, &str); 2] = [("prod", "production"), ("dev1", "development")];

/// Answers a call under `/data/foundation`.
pub(crate) fn answer(state: &State, request: &Request) -> Answer {
    if let Some(refused) = refuse(state, request) {
        return refused;
    }
    match request.path.as_str() {
        "/data/foundation/schemaregistry/global/classes" => {
            let class = |title: &str, name: &str| {
                json!({
                    "title": title,
                    "$id": format!("https://ns.adobe.com/xdm/{}", name.replace('.', "/")),
                    "meta:altId": format!("_xdm.{name}"),
                    "version": "1",
                })
            };
            let results = [
                class("XDM ExperienceEvent", "context.experienceevent"),
                class("XDM Individual Profile", "context.profile"),
                class("Record", "data.record"),
                class("Time-series", "data.time-series"),
            ];
            Answer::json(200, &json!({"results": results, "_links": {}}))
        }
        "/data/foundation/schemaregistry/stats" => Answer::json(
            200,
            &json!({"imsOrg": request.header("x-gw-ims-org-id"), "tenantId": "emulated", "counts": {"schemas": 4}}),
        ),
        "/data/foundation/sandbox-management/" | "/data/foundation/sandbox-management" => {
            let sandboxes: Vec<_> = SANDBOXES
                .iter()
                .map(|(name, kind)| json!({"name": name, "title": name, "state": "active", "type": kind, "region": "VA7"}))
                .collect();
            Answer::json(200, &json!({"sandboxes": sandboxes, "_page": {"count": sandboxes.len()}, "_links": {}}))
        }
        _ => Answer::json(404, &json!({"error_code": "404000", "message": "Resource not found"})),
    }
}

fn refuse(state: &State, request: &Request) -> Option<Answer> {
    let no = |status: u16, code: &str, message: &str| {
        Some(Answer::json(status, &json!({"error_code": code, "message": message})))
    };
    let Some(token) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
        return no(403, "403010", "Oauth token is missing.");
    };
    let (Verdict::Valid, Some(claims)) = tokens::judge(state, token) else {
        return no(401, "401013", "Oauth token is not valid");
    };
    match request.header("x-api-key") {
        None => return no(403, "403000", "Api Key is required"),
        Some(key) if claims["client_id"] != key => return no(403, "403003", "Api Key is invalid"),
        Some(_) => {}
    }
    match request.header("x-gw-ims-org-id") {
        None => return no(400, "400003", "Missing header: x-gw-ims-org-id"),
        Some(organization) if claims["org"] != organization => return no(403, "403027", "User region is missing"),
        Some(_) => {}
    }
    if request.path.contains("/schemaregistry/")
        && request.header("accept").is_none_or(|accept| !accept.contains("json"))
    {
        let body = json!({"type": "/placeholder/type/uri", "status": 400, "title": "BadRequestError",
                          "detail": "A valid content-type must be specified"});
        return Some(Answer::json(400, &body));
    }
    match request.header("x-sandbox-name") {
        Some(name) if !SANDBOXES.iter().any(|(known, _)| *known == name) => {
            let body = json!({"type": "https://ns.adobe.com/aep/errors/SMS-1005-404", "status": 404,
                              "title": "Sandbox not found", "detail": "The sandbox does not exist in this organization."});
            Some(Answer::json(404, &body))
        }
        _ => None,
    }
}
