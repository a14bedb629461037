//! `start` and `limit`: a page of a list, and the way to the next.

use serde_json::{Value, json};

use super::Call;
use super::refusal::Refusal;

/// `limit`, between one and the most that a service gives.
pub(super) fn limit(call: &Call<'_>, most: usize) -> Result<usize, Refusal> {
    match call.request.parameter("limit") {
        None => Ok(most),
        Some(text) => match text.parse::<usize>() {
            Ok(limit) if limit > 0 => Ok(limit.min(most)),
            _ => Err(Refusal::Body(format!("limit: expected a number from 1 to {most}"))),
        },
    }
}

/// `_page` and `_links` of a page with so many items; `next` is what the next page starts with.
pub(super) fn envelope(call: &Call<'_>, count: usize, limit: usize, next: Option<&str>) -> (Value, Value) {
    let page = json!({"orderby": "title", "next": next, "count": count});
    let link = next.map(|next| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        // The rest of the query is the client's own, and goes along.
        for (name, value) in form_urlencoded::parse(call.request.query.as_bytes()) {
            if name != "start" && name != "limit" {
                query.append_pair(&name, &value);
            }
        }
        let query = query.append_pair("start", next).append_pair("limit", &limit.to_string()).finish();
        json!({"href": format!("{}{}?{query}", call.request.base(), call.request.path)})
    });
    (page, json!({"next": link}))
}
