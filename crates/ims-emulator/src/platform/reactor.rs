//! Reactor, the API of tags (`reactor.adobe.io`): three headers, `Accept` with a revision, refusals of JSON:API.
//!
//! Sources: `reactor.yaml` for headers; the shape of a refusal from reactor-postman#8. That a missing `Accept` is 406 is
//! inferred.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, THREE_HEADERS, Wants, bodies_of_type};
use crate::http::{Answer, Request};
use crate::serve::Reply;

const MEDIA_TYPE: &str = "application/vnd.api+json";

pub(super) const BACKEND: Backend =
    Backend { paths: &["/companies", "/properties"], wants: Wants { further, ..THREE_HEADERS }, refuse, answer };

fn further(request: &Request) -> Result<(), Refusal> {
    bodies_of_type(request, MEDIA_TYPE)?;
    let accept: String = request.header("accept").unwrap_or_default().split_whitespace().collect();
    let revision = accept.strip_prefix(MEDIA_TYPE).and_then(|rest| rest.strip_prefix(";revision="));
    match revision {
        Some(revision) if revision.parse::<u8>().is_ok() => Ok(()),
        None if request.method != "GET" => Ok(()),
        _ => Err(Refusal::Accept("application/vnd.api+json;revision=1")),
    }
}

fn refuse(refusal: &Refusal) -> Answer {
    let (status, code) = match refusal {
        Refusal::TokenMissing => (401, "oauth-token-missing"),
        Refusal::Token(_) => (401, "oauth-token-invalid"),
        Refusal::KeyMissing => (403, "api-key-missing"),
        Refusal::KeyInvalid => (403, "api-key-invalid"),
        Refusal::Accept(_) => (406, "not-acceptable"),
        Refusal::ContentType => (415, "unsupported-media-type"),
        Refusal::NotFound => (404, "not-found"),
        Refusal::TooMany => (429, "too-many-requests"),
        Refusal::OrganizationWrong | Refusal::NotEntitled => (403, "forbidden"),
        other => (other.status(), "bad-request"),
    };
    let error = json!({"status": status.to_string(), "code": code, "title": refusal.words()});
    Answer::of_type(MEDIA_TYPE, status, &json!({"errors": [error]}))
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let item = |kind: &str, id: &str| json!({"id": id, "type": kind, "attributes": {"name": format!("Emulated {id}")}});
    let list = |items: Vec<Value>| {
        let pagination = json!({"current_page": 1, "next_page": null, "prev_page": null, "total_pages": 1,
                                "total_count": items.len()});
        Answer::of_type(MEDIA_TYPE, 200, &json!({"data": items, "meta": {"pagination": pagination}}))
    };
    match (call.method(), call.request.path.trim_matches('/')) {
        ("GET", "companies") => Ok(list(vec![item("companies", "CO1")]).into()),
        ("GET", "properties" | "companies/CO1/properties") => {
            Ok(list(vec![item("properties", "PR1"), item("properties", "PR2")]).into())
        }
        ("GET", path) => match path.strip_prefix("properties/") {
            Some(id @ ("PR1" | "PR2")) => {
                Ok(Answer::of_type(MEDIA_TYPE, 200, &json!({"data": item("properties", id)})).into())
            }
            _ => Err(Refusal::NotFound),
        },
        _ => Err(Refusal::Method),
    }
}
