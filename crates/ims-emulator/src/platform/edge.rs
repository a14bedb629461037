//! Edge Network's Server API (`server.adobedc.net`): always with the three headers, a datastream in the query, problems with
//! `EXEG` codes.
//!
//! Source: AdobeDocs/data-collection-apis, "Error codes" (EXEG-0500, 0502, 0503, 0504). Which code stands for a key or an
//! organization that is missing is inferred.

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, Call, THREE_HEADERS, gateway};
use crate::http::Answer;
use crate::serve::Reply;
use crate::tokens::{Verdict, random_hex};

pub(super) const BACKEND: Backend = Backend { paths: &["/ee"], wants: THREE_HEADERS, refuse, answer };

fn refuse(refusal: &Refusal) -> Answer {
    let (code, title) = match refusal {
        Refusal::TokenMissing => ("0500-401", "Invalid authorization token"),
        Refusal::Token(Verdict::Expired) => ("0503-401", "Invalid authorization token"),
        Refusal::Token(_) => ("0502-401", "Invalid authorization token"),
        Refusal::KeyMissing
        | Refusal::KeyInvalid
        | Refusal::HeaderMissing(_)
        | Refusal::OrganizationWrong
        | Refusal::NotEntitled => ("0504-401", "Required product context is missing"),
        _ => return gateway::problem("https://ns.adobe.com/aep/errors/EXEG", "Invalid request", refusal),
    };
    let body = json!({"type": format!("https://ns.adobe.com/aep/errors/EXEG-{code}"), "status": 401, "title": title,
                      "detail": refusal.words(), "report": {"requestId": random_hex(16)}});
    Answer::json(401, &body)
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let operation = match call.request.path.as_str() {
        "/ee/v2/interact" => "interact",
        "/ee/v2/collect" => "collect",
        _ => return Err(Refusal::NotFound),
    };
    if call.method() != "POST" {
        return Err(Refusal::Method);
    }
    if call.request.parameter("dataStreamId").is_none() {
        return Err(Refusal::Body("dataStreamId: is missing".to_owned()));
    }
    call.object()?;
    Ok(match operation {
        "collect" => Answer::empty(204).into(),
        _ => Answer::json(200, &json!({"requestId": random_hex(16), "handle": []})).into(),
    })
}
