//! The gateway: the shape in which it refuses for most services, and what lies below `/data` beside those that are here.
//!
//! Source of the codes: Adobe Experience Platform, "Troubleshooting guide"; 429050 from the Analytics FAQ; 400001, 404003 and
//! 500001 from the examples in `data-hygiene.yaml`.

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, FOUR_HEADERS};
use crate::http::Answer;

pub(super) const BACKEND: Backend =
    Backend { paths: &["/data"], wants: FOUR_HEADERS, refuse, answer: |_| Err(Refusal::NotFound) };

/// `{"error_code": …, "message": …}`, or the shape of the service behind for what the gateway lets through.
pub(super) fn refuse(refusal: &Refusal) -> Answer {
    let code = match refusal {
        Refusal::TokenMissing => "403010",
        Refusal::Token(_) => "401013",
        Refusal::KeyMissing => "403000",
        Refusal::KeyInvalid => "403003",
        Refusal::HeaderMissing(_) => "400003",
        Refusal::OrganizationWrong => "403027",
        Refusal::NotEntitled => "403025",
        Refusal::TooMany => "429050",
        Refusal::Accept(_) | Refusal::Body(_) => "400001",
        Refusal::NotFound => "404003",
        Refusal::Method => "405000",
        Refusal::AddressTooLong => "414000",
        Refusal::Broken(503) => "503001",
        Refusal::Broken(_) => "500001",
        Refusal::ContentType => return problem("/placeholder/type/uri", "BadRequestError", refusal),
        Refusal::SandboxUnknown => {
            return problem("https://ns.adobe.com/aep/errors/SMS-1005-404", "Sandbox not found", refusal);
        }
    };
    Answer::json(refusal.status(), &json!({"error_code": code, "message": refusal.words()}))
}

/// The shape of RFC 9457, which many services have.
pub(super) fn problem(kind: &str, title: &str, refusal: &Refusal) -> Answer {
    let status = refusal.status();
    Answer::json(status, &json!({"type": kind, "status": status, "title": title, "detail": refusal.words()}))
}
