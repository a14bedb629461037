//! Cloud Manager (`cloudmanager.adobe.io`): three headers, and HAL, whose items lie in `_embedded`.

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, Call, THREE_HEADERS, gateway};
use crate::http::Answer;
use crate::serve::Reply;

pub(super) const BACKEND: Backend = Backend {
    paths: &["/api/programs", "/api/program"],
    wants: THREE_HEADERS,
    refuse: |refusal| match refusal {
        Refusal::NotFound => gateway::problem("http://ns.adobe.com/adobecloud/error", "Not found", refusal),
        _ => gateway::refuse(refusal),
    },
    answer,
};

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let program = json!({"id": "1", "name": "Emulated program", "enabled": true,
                         "_links": {"self": {"href": "/api/program/1", "templated": false}}});
    let body = match (call.method(), call.request.path.trim_end_matches('/')) {
        ("GET", "/api/programs") => json!({"_embedded": {"programs": [program]},
                                           "_links": {"self": {"href": "/api/programs", "templated": false}}}),
        ("GET", "/api/program/1") => program,
        ("GET", _) => return Err(Refusal::NotFound),
        _ => return Err(Refusal::Method),
    };
    Ok(Answer::of_type("application/hal+json", 200, &body).into())
}
