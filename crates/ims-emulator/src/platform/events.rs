//! I/O Events: the journal (`events-va6.adobe.io`), whose organization has a header of another name, and publishing
//! (`eventsingress.adobe.io`), which wants none.
//!
//! Source: Adobe I/O Events, "Journaling API" and "Publishing API".

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, Call, Need, Wants, gateway};
use crate::http::{Answer, Request};
use crate::serve::Reply;

const JOURNAL: &str = "/events";
const ORGANIZATION: &str = "x-ims-org-id";

/// Events in the journal, and how many of them a call gives.
const EVENTS: usize = 3;
const A_PAGE: usize = 2;

pub(super) const BACKEND: Backend = Backend {
    paths: &[JOURNAL, "/"],
    wants: Wants { token: Need::Required, api_key: true, organization: None, sandbox: Need::Unused, further },
    refuse: gateway::refuse,
    answer,
};

fn further(request: &Request) -> Result<(), Refusal> {
    if request.path != "/" {
        return match request.header(ORGANIZATION) {
            None => Err(Refusal::HeaderMissing(ORGANIZATION)),
            Some(_) => Ok(()),
        };
    }
    let content_type = request.header("content-type").unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    match kind {
        _ if request.method != "POST" => Ok(()),
        "application/cloudevents+json" | "application/json" => Ok(()),
        _ => Err(Refusal::ContentType),
    }
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let request = call.request;
    if request.path == "/" {
        return match call.method() {
            "POST" => call.object().map(|_| Answer::empty(200).into()),
            _ => Err(Refusal::Method),
        };
    }
    if request.header(ORGANIZATION).is_some_and(|organization| call.claims["org"] != organization) {
        return Err(Refusal::OrganizationWrong);
    }
    if !call.below(JOURNAL).unwrap_or_default().starts_with("organizations/") {
        return Err(Refusal::NotFound);
    }
    if call.method() != "GET" {
        return Err(Refusal::Method);
    }
    let from = match request.parameter("since") {
        None => 0,
        Some(since) => since.parse::<usize>().map_err(|_| Refusal::Body("since: no such position".to_owned()))?,
    };
    let to = EVENTS.min(from + A_PAGE);
    let next = format!("<{}{}?since={to}>; rel=\"next\"", request.base(), request.path);
    if from >= EVENTS {
        return Ok(Answer::empty(204).with("Retry-After", "10").with("Link", &next).into());
    }
    let events: Vec<_> =
        (from..to).map(|at| json!({"position": (at + 1).to_string(), "event": {"number": at}})).collect();
    let body = json!({"events": events, "_page": {"last": to.to_string(), "count": to - from}});
    Ok(Answer::json(200, &body).with("Link", &next).into())
}
