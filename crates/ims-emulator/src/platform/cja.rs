//! Customer Journey Analytics (`cja.adobe.io`): three headers, data views in pages by number.

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, Call, THREE_HEADERS, gateway};
use crate::http::Answer;
use crate::serve::Reply;

pub(super) const BACKEND: Backend =
    Backend { paths: &["/data/dataviews"], wants: THREE_HEADERS, refuse: gateway::refuse, answer };

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match (call.method(), call.below("/data/dataviews").unwrap_or_default()) {
        ("GET", "") => {
            let body = json!({"content": [{"id": "dv_emulated", "name": "Emulated data view"}], "number": 0, "size": 10,
                              "totalElements": 1, "totalPages": 1, "firstPage": true, "lastPage": true});
            Ok(Answer::json(200, &body).into())
        }
        ("GET", "dv_emulated") => Ok(Answer::json(200, &json!({"id": "dv_emulated"})).into()),
        ("GET", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::Method),
    }
}
