//! Privacy Service: three headers, and a list of jobs for one regulation. Shape: `privacy-service.yaml`.

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, Call, THREE_HEADERS, gateway};
use crate::http::Answer;
use crate::serve::Reply;

const PATH: &str = "/data/core/privacy/jobs";

pub(super) const BACKEND: Backend = Backend { paths: &[PATH], wants: THREE_HEADERS, refuse: gateway::refuse, answer };

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let job = "00000000-0000-0000-0000-000000000001";
    match (call.method(), call.below(PATH).unwrap_or_default()) {
        ("GET", "") if call.request.parameter("regulation").is_none() => {
            Err(Refusal::Body("regulation: is missing".to_owned()))
        }
        ("GET", "") => {
            let jobs = json!([{"jobId": job, "action": "access", "status": "complete"}]);
            Ok(Answer::json(200, &json!({"jobDetails": jobs, "totalRecords": 1})).into())
        }
        ("POST", "") => {
            call.object()?;
            Ok(Answer::json(
                200,
                &json!({"jobs": [{"jobId": job, "customer": {"user": {"action": ["access"]}}}],
                                         "requestStatus": 1, "totalRecords": 1}),
            )
            .into())
        }
        ("GET", id) if id == job => Ok(Answer::json(200, &json!({"jobId": job, "status": "complete"})).into()),
        ("GET", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::Method),
    }
}
