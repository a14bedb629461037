//! Analytics 2.0 (`analytics.adobe.io`): no organization; the company, which `discovery/me` tells, in the path and in a header.
//!
//! The shape of a refusal is from analytics-2.0-apis#232; the words for a missing company header are inferred.

use serde_json::json;

use super::refusal::Refusal;
use super::{Backend, Call, Need, Wants, gateway, json_bodies};
use crate::http::{Answer, Request};
use crate::serve::Reply;

const COMPANY: &str = "emulat0";
const COMPANY_HEADER: &str = "x-proxy-global-company-id";

pub(super) const BACKEND: Backend = Backend {
    paths: &["/discovery/me", "/api"],
    wants: Wants { token: Need::Required, api_key: true, organization: None, sandbox: Need::Unused, further },
    refuse,
    answer,
};

fn further(request: &Request) -> Result<(), Refusal> {
    json_bodies(request)?;
    match request.header(COMPANY_HEADER) {
        None if request.path.starts_with("/api/") => Err(Refusal::HeaderMissing(COMPANY_HEADER)),
        Some(company) if company != COMPANY => Err(Refusal::NotEntitled),
        _ => Ok(()),
    }
}

fn refuse(refusal: &Refusal) -> Answer {
    let (code, words) = match refusal {
        Refusal::Token(_) => ("invalid_token", "IMS token failed IMS Facade token validation".to_owned()),
        Refusal::HeaderMissing(_) | Refusal::Body(_) => ("invalid_data", refusal.words()),
        Refusal::NotFound => ("resource_not_found", refusal.words()),
        Refusal::NotEntitled => ("unauthorized_company", "the account does not belong to this company".to_owned()),
        _ => return gateway::refuse(refusal),
    };
    Answer::json(refusal.status(), &json!({"errorCode": code, "errorDescription": words}))
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    if call.method() != "GET" {
        return Err(Refusal::Method);
    }
    let path = call.request.path.trim_end_matches('/');
    let body = match path.strip_prefix("/api/").and_then(|rest| rest.strip_prefix(COMPANY)) {
        None if path == "/discovery/me" => {
            let company = json!({"globalCompanyId": COMPANY, "companyName": "Emulated Company"});
            json!({"imsUserId": call.claims["user_id"],
                   "imsOrgs": [{"imsOrgId": call.claims["org"], "companies": [company]}]})
        }
        Some("/users/me") => json!({"companyid": 1, "login": "emulated", "imsUserId": call.claims["user_id"]}),
        Some("/collections/suites" | "/reportsuites/collections/suites") => {
            json!({"content": [{"rsid": "emulated", "name": "Emulated suite"}], "totalPages": 1, "number": 0,
                   "totalElements": 1, "lastPage": true})
        }
        _ => return Err(Refusal::NotFound),
    };
    Ok(Answer::json(200, &body).into())
}
