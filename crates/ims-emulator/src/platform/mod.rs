//! Adobe's services behind one address: each is found by its path, wants its own headers, and refuses in its own shape.
//!
//! The order in which headers are checked is the gateway's own. Sources: Adobe Experience Platform, "Troubleshooting guide"
//! and "Authenticate and access Experience Platform APIs"; the API descriptions in AdobeDocs/experience-platform-apis. What no
//! public source tells is marked as inferred where it stands.

mod access;
mod analytics;
mod batches;
mod cja;
mod cloud_manager;
mod edge;
mod events;
mod gateway;
mod paging;
mod privacy;
mod query;
mod reactor;
mod refusal;
mod registry;
mod sandboxes;
mod streaming;

use serde_json::{Map, Value};

use crate::http::{Answer, Request};
use crate::serve::Reply;
use crate::state::State;
use crate::tokens::{self, Verdict};
use refusal::Refusal;

/// What the platform holds, beyond what is made up.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) registry: registry::Shelves,
    pub(crate) batches: batches::Batches,
    /// What the connection parameters of Query Service say otherwise than usual; null takes one away.
    pub(crate) query: Map<String, Value>,
}

/// A service.
struct Backend {
    /// Its paths: these, and what lies below them.
    paths: &'static [&'static str],
    wants: Wants,
    /// How it says no.
    refuse: fn(&Refusal) -> Answer,
    answer: fn(&Call<'_>) -> Result<Reply, Refusal>,
}

/// Which headers a service wants.
#[derive(Clone, Copy)]
struct Wants {
    token: Need,
    api_key: bool,
    /// The name of the organization's header.
    organization: Option<&'static str>,
    sandbox: Need,
    /// What else it looks at, such as `Accept`.
    further: fn(&Request) -> Result<(), Refusal>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Unused,
    Optional,
    Required,
}

/// The four headers of Experience Platform; without a sandbox the default one is taken.
const FOUR_HEADERS: Wants = Wants {
    token: Need::Required,
    api_key: true,
    organization: Some("x-gw-ims-org-id"),
    sandbox: Need::Optional,
    further: json_bodies,
};

/// Those of the services that know no sandboxes.
const THREE_HEADERS: Wants = Wants { sandbox: Need::Unused, ..FOUR_HEADERS };

/// A request that passed, with what its token says.
struct Call<'a> {
    state: &'a State,
    request: &'a Request,
    claims: Value,
}

impl Call<'_> {
    /// What lies below a path, without slashes around it; `None` where the call is not below it.
    fn below(&self, path: &str) -> Option<&str> {
        let rest = self.request.path.strip_prefix(path)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/'))
    }

    fn method(&self) -> &str {
        &self.request.method
    }

    /// The body, which has to be a JSON object.
    fn object(&self) -> Result<Map<String, Value>, Refusal> {
        let read = serde_json::from_slice(&self.request.body);
        read.map_err(|_| Refusal::Body("the body is not a JSON object".to_owned()))
    }
}

/// The first whose path is the beginning of a request's counts.
const BACKENDS: [&Backend; 14] = [
    &registry::BACKEND,
    &sandboxes::BACKEND,
    &access::BACKEND,
    &batches::BACKEND,
    &query::BACKEND,
    &privacy::BACKEND,
    &cja::BACKEND,
    &gateway::BACKEND,
    &reactor::BACKEND,
    &cloud_manager::BACKEND,
    &analytics::BACKEND,
    &events::BACKEND,
    &edge::BACKEND,
    &streaming::BACKEND,
];

fn find(path: &str) -> Option<&'static Backend> {
    let is_below = |own: &str| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    BACKENDS.into_iter().find(|backend| backend.paths.iter().any(|own| is_below(own) || (*own == "/" && path == "/")))
}

/// Answers a call of any service.
pub(crate) fn answer(state: &State, request: &Request) -> Reply {
    let Some(backend) = find(&request.path) else { return gateway::refuse(&Refusal::NotFound).into() };
    let answered = check(backend, state, request).and_then(|claims| (backend.answer)(&Call { state, request, claims }));
    answered.unwrap_or_else(|refusal| (backend.refuse)(&refusal).into())
}

/// Whether the body of this request is a file, of any size.
pub(crate) fn takes_file(request: &Request) -> bool {
    batches::takes_file(request)
}

/// The refusal that this request gets for its headers alone.
pub(crate) fn refuse_headers(state: &State, request: &Request) -> Option<Answer> {
    let backend = find(&request.path)?;
    check(backend, state, request).err().map(|refusal| (backend.refuse)(&refusal))
}

/// The refusal of this status that the service at this path gives.
pub(crate) fn refusal(path: &str, status: u16) -> Answer {
    let refuse = find(path).map_or(gateway::refuse as fn(&Refusal) -> Answer, |backend| backend.refuse);
    let refusal = match status {
        401 => Refusal::Token(Verdict::Expired),
        403 => Refusal::NotEntitled,
        404 => Refusal::NotFound,
        429 => Refusal::TooMany,
        500.. => Refusal::Broken(status),
        _ => Refusal::Body("the request is not valid".to_owned()),
    };
    refuse(&refusal)
}

/// Checks the headers; gives the claims of the token.
fn check(backend: &Backend, state: &State, request: &Request) -> Result<Value, Refusal> {
    let Wants { token, api_key, organization, sandbox, further } = backend.wants;
    let claims = match request.header("authorization") {
        None if token == Need::Optional => Value::Null,
        None => return Err(Refusal::TokenMissing),
        Some(value) => match tokens::judge(state, value.strip_prefix("Bearer ").ok_or(Refusal::TokenMissing)?) {
            (Verdict::Valid, Some(claims)) => claims,
            (verdict, _) => return Err(Refusal::Token(verdict)),
        },
    };
    if api_key {
        match request.header("x-api-key") {
            None => return Err(Refusal::KeyMissing),
            Some(key) if claims["client_id"] != key => return Err(Refusal::KeyInvalid),
            Some(_) => {}
        }
    }
    if let Some(name) = organization {
        match request.header(name) {
            None => return Err(Refusal::HeaderMissing(name)),
            Some(organization) if claims["org"] != organization => return Err(Refusal::OrganizationWrong),
            Some(_) => {}
        }
    }
    further(request)?;
    match request.header("x-sandbox-name") {
        None if sandbox == Need::Required => return Err(Refusal::HeaderMissing("x-sandbox-name")),
        Some(name) if sandbox != Need::Unused && !sandboxes::is_known(name) => return Err(Refusal::SandboxUnknown),
        _ => {}
    }
    Ok(claims)
}

/// A body is JSON and says so.
fn json_bodies(request: &Request) -> Result<(), Refusal> {
    bodies_of_type(request, "application/json")
}

fn bodies_of_type(request: &Request, wanted: &str) -> Result<(), Refusal> {
    let is_bare =
        request.body.is_empty() && request.file.is_none() && !matches!(request.method.as_str(), "PUT" | "PATCH");
    let content_type = request.header("content-type").unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if is_bare || kind.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(Refusal::ContentType) }
}
