//! Streaming ingestion (`dcs.adobedc.net/collection/ID`): an inlet takes events without a token, unless its id begins with
//! `auth`, which stands here for an authenticated inlet. A token that is sent has to be valid in any case.
//!
//! The shape of a refusal is that of Adobe's page on streaming ingestion's troubleshooting.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, Need, Wants, json_bodies};
use crate::http::{Answer, Request};
use crate::serve::Reply;
use crate::tokens::random_hex;

const PATH: &str = "/collection";

pub(super) const BACKEND: Backend = Backend {
    paths: &[PATH],
    wants: Wants { token: Need::Optional, api_key: false, organization: None, sandbox: Need::Optional, further },
    refuse,
    answer,
};

fn further(request: &Request) -> Result<(), Refusal> {
    if request.path.starts_with("/collection/auth") && request.header("authorization").is_none() {
        return Err(Refusal::TokenMissing);
    }
    json_bodies(request)
}

fn refuse(refusal: &Refusal) -> Answer {
    let (status, kind, title, message) = match refusal {
        Refusal::TokenMissing => (401, "authorization", "Authorization", "Ims service token is empty".to_owned()),
        Refusal::Token(_) => (401, "authorization", "Authorization", "Ims service token is not valid".to_owned()),
        other => (other.status(), "inlet", "Invalid request", other.words()),
    };
    let body = json!({
        "type": format!("http://ns.adobe.com/adobecloud/problem/data-collection-service-{kind}"),
        "status": status,
        "title": title,
        "report": {"message": message},
    });
    Answer::json(status, &body)
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let inlet = call.below(PATH).filter(|inlet| !inlet.is_empty() && !inlet.contains('/')).ok_or(Refusal::NotFound)?;
    if call.method() != "POST" {
        return Err(Refusal::Method);
    }
    let message: Value = call.object()?.into();
    if !message["header"].is_object() || !message["body"].is_object() {
        return Err(Refusal::Body("expected a message of header and body".to_owned()));
    }
    let body = json!({"inletId": inlet, "xactionId": random_hex(16), "receivedTimeMs": call.state.now_millis()});
    Ok(Answer::json(200, &body).into())
}
