//! Query Service: where its Postgres is, and the token as the password. Shape: `query-service.yaml`.
//!
//! What it says can be set (`POST /emulator/query`), so that a test can name a database of its own, or nonsense.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, FOUR_HEADERS, Need, Wants, gateway};
use crate::body::sha256;
use crate::http::Answer;
use crate::serve::Reply;

const PATH: &str = "/data/foundation/query";

pub(super) const BACKEND: Backend = Backend {
    paths: &[PATH],
    wants: Wants { sandbox: Need::Required, ..FOUR_HEADERS },
    refuse: gateway::refuse,
    answer,
};

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match (call.method(), call.below(PATH)) {
        ("GET", Some("connection_parameters")) => {}
        (_, Some("connection_parameters")) => return Err(Refusal::Method),
        _ => return Err(Refusal::NotFound),
    }
    let token = call.request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = token.unwrap_or_default();
    let mut parameters = json!({
        "host": "127.0.0.1",
        "port": 5432,
        "dbName": format!("{}:all", call.request.header("x-sandbox-name").unwrap_or_default()),
        "username": call.claims["org"],
        "token": token,
        // How it is compressed is not public; that it is short is what counts.
        "compressedToken": format!("{}.{}", &sha256(token.as_bytes())[..32], sha256(token.as_bytes())),
        "version": 1,
        // The real one misspells it.
        "websoketHost": "127.0.0.1",
    });
    for (name, value) in &call.state.platform().query {
        parameters[name] = value.clone();
    }
    if let Value::Object(parameters) = &mut parameters {
        parameters.retain(|_, value| !value.is_null());
    }
    Ok(Answer::json(200, &parameters).into())
}
