//! The two requests for a token, their repetitions within the deadline, and the refusals in plain words.
//!
//! OAuth Server-to-Server posts a urlencoded body to `/ims/token/v3`; the service account posts its signed assertion as
//! `multipart/form-data` to `/ims/exchange/jwt`, as the tutorial has it. Secrets travel in the body alone.

use std::time::Duration;

use aep_core::acquire::{Accepted, Fetch, FetchRequest, Fetched};
use aep_core::error::Cause;
use aep_core::profile::Flow;
use aep_core::secret::Secret;
use aep_core::token::{AccessToken, Source, Token};
use aep_core::{Error, Profile, Result};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::answer::{self, LifeUnit, Reading, Refusal, short};
use crate::assertion;
use crate::form::Form;
use crate::hide::Hidden;
use crate::http::{Answer, Http};
use crate::refusal::{self, Server};
use crate::retry::RetryPolicy;

/// A clock that is further off than this makes IMS refuse an assertion; Adobe's Java library documents 30 seconds.
const CLOCK_TOLERANCE: i64 = 30;

/// Adobe IMS as a way to fetch.
#[derive(Debug)]
pub struct Ims {
    tool: String,
    assertion: Option<Secret>,
}

impl Ims {
    /// Asks in the name of `tool`; its version goes into the `User-Agent`.
    pub fn asked_by(tool: &str) -> Self {
        Self { tool: tool.to_owned(), assertion: None }
    }

    /// Exchanges this ready-made assertion instead of signing one.
    #[must_use]
    pub fn with_assertion(mut self, assertion: Secret) -> Self {
        self.assertion = Some(assertion);
        self
    }
}

impl Fetch for Ims {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<Fetched> {
        let FetchRequest { context, profile, credentials, budget, .. } = *request;
        // Before certificates are loaded or a name is resolved: a missing secret needs neither. And before the time
        // runs: whoever keeps a secret may have to ask a person.
        let secret = credentials.client_secret()?;
        let signs = profile.flow == Flow::Jwt && self.assertion.is_none();
        if signs {
            credentials.private_key()?;
            credentials.passphrase()?;
        }
        // Taken before the request, so that the token is never thought to live longer than it does.
        let asked_at = context.clock.now();
        let asking = Asking {
            http: Http::to(&profile.ims_url, profile.ca_file.as_deref(), context, &self.tool)?,
            request,
            deadline: context.clock.monotonic() + budget,
            assertion: self.assertion.as_ref(),
        };
        let fetched = |(value, life), client_secret, stale_secret| Fetched {
            token: Token { stale_secret, ..Token::new(value, asked_at, life) },
            source: Source::Ims,
            accepted: Some(Accepted { client_secret, private_key: signs }),
            shared_name: None,
        };
        let refusal = match asking.ask(secret)? {
            Outcome::Token(value, life) => return Ok(fetched((value, life), 0, None)),
            Outcome::Refused(refusal) => refusal,
        };
        if refusal.words.code == "invalid_client"
            && let Some(second) = credentials.second_client_secret()?
        {
            context.log.info("IMS does not accept the first client secret; trying the second");
            return match asking.ask(second)? {
                Outcome::Token(value, life) => Ok(fetched((value, life), 1, Some(1))),
                Outcome::Refused(refusal) => Err(refusal.explain(profile)),
            };
        }
        Err(refusal.explain(profile))
    }

    /// A pasted assertion is not the profile's.
    fn shows_the_profiles_secrets(&self) -> bool {
        self.assertion.is_none()
    }
}

/// A request for a token on its way, with all its repetitions.
struct Asking<'a> {
    http: Http<'a>,
    request: &'a FetchRequest<'a>,
    /// On the clock's stop-watch.
    deadline: Duration,
    assertion: Option<&'a Secret>,
}

enum Outcome {
    Token(AccessToken, Option<i64>),
    Refused(Refused),
}

/// A refusal, with what IMS's support would ask for.
struct Refused {
    words: Refusal,
    debug_id: Option<String>,
    /// The server's clock less ours, in seconds.
    clock_offset: Option<i64>,
}

impl Asking<'_> {
    fn ask(&self, secret: &Secret) -> Result<Outcome> {
        let FetchRequest { profile, context, credentials, .. } = self.request;
        let outcome = match (profile.flow, self.assertion) {
            (Flow::Oauth, None) => return self.send(&oauth_request(profile, secret)),
            (_, Some(assertion)) => return self.send(&exchange_request(profile, secret, assertion)?),
            (Flow::Jwt, None) => {
                let assertion = assertion::sign(profile, credentials, context.clock.now())?;
                self.send(&exchange_request(profile, secret, &assertion)?)?
            }
        };
        // IMS judges an assertion by its own clock, and tells it: sign once more by that.
        match outcome {
            Outcome::Refused(refusal) if refusal.blames_the_clock() => {
                let servers_now = context.clock.now() + refusal.clock_offset.unwrap_or(0);
                let assertion = assertion::sign(profile, credentials, servers_now)?;
                self.send(&exchange_request(profile, secret, &assertion)?)
            }
            other => Ok(other),
        }
    }

    /// Sends a request, and again after faults that may pass, within the deadline. A server that repeats what it was asked
    /// shows no secret by that, nor is one written into the note of a failure.
    fn send(&self, request: &TokenCall) -> Result<Outcome> {
        let hidden = Hidden::of(&request.secrets);
        let clock = &self.request.context.clock;
        let mut patience =
            RetryPolicy::until(self.deadline, self.request.retries, self.request.context, self.http.base());
        loop {
            let budget = patience.budget()?;
            let (result, wanted_pause) =
                match self.http.post(request.path, &request.content_type, request.body.as_bytes(), budget, &hidden) {
                    Err(no_answer) if !no_answer.may_pass => return Err(no_answer.error),
                    Err(no_answer) => (Err(no_answer.error), None),
                    Ok(answer) => {
                        let is_overloaded = answer.is_overloaded();
                        let offset = answer.date.map(|date| date - clock.now());
                        let result = match answer::read(&answer, request.unit, &hidden) {
                            Reading::Token(value, life) => return Ok(Outcome::Token(value, life)),
                            Reading::Refusal(words) => {
                                if words.code == "internal_error" && request.unit == LifeUnit::Milliseconds {
                                    patience.repeat_at_most(1);
                                }
                                Ok(Refused { words, debug_id: answer.debug_id.clone(), clock_offset: offset })
                            }
                            Reading::InvalidResponse(error) => Err(explain_overload(error, &answer)),
                        };
                        if !is_overloaded {
                            return result.map(Outcome::Refused);
                        }
                        (result, answer.asked_pause(clock.now()))
                    }
                };
            if !patience.wait(wanted_pause) {
                return result.map(Outcome::Refused);
            }
        }
    }
}

impl Refused {
    fn blames_the_clock(&self) -> bool {
        let description = self.words.description.to_lowercase();
        self.words.code == "invalid_token"
            && !["signature", "decoded", "format"].iter().any(|word| description.contains(word))
            && self.clock_offset.is_some_and(|offset| offset.abs() > CLOCK_TOLERANCE)
    }

    fn explain(self, profile: &Profile) -> Error {
        let Self { words: Refusal { code, description }, debug_id, clock_offset } = self;
        let mut message = format!("IMS refused profile {}: {}", profile.name(), short(&code));
        if !description.is_empty() {
            message.push_str(&format!(", \"{}\"", short(&description)));
        }
        if let Some(id) = debug_id {
            message.push_str(&format!(" (x-debug-id {})", short(&id)));
        }
        let mut hints = Vec::new();
        // At the other endpoint it is a fault that may pass, and says nothing of a migration.
        let is_passing = code == "internal_error" && profile.flow == Flow::Oauth;
        if let Some(known) = refusal::find(Server::Ims, &code, &description).filter(|_| !is_passing) {
            hints.push(known.meaning.to_owned());
            hints.push(known.cure.to_owned());
        }
        if let Some(offset) = clock_offset.filter(|offset| profile.flow == Flow::Jwt && offset.abs() > CLOCK_TOLERANCE)
        {
            hints.push(format!("the clock of this machine is {} s off that of IMS", offset.abs()));
        }
        if refusal::has_ended(profile) {
            hints.push(refusal::JWT_ENDED.to_owned());
        }
        let error = Error::refused(message).with_cause(Cause::Ims(code));
        if hints.is_empty() { error } else { error.with_hint(refusal::cure_for(&hints.join("\n"), profile)) }
    }
}

fn explain_overload(error: Error, answer: &Answer) -> Error {
    let wait = answer.retry_after.as_deref().map(short);
    match (answer.status, wait) {
        (429 | 503, Some(wait)) => error.with_hint(format!("the server asks to wait: Retry-After {wait}")),
        (429, None) => {
            error.with_hint("Adobe throttles a credential that asks for too many tokens; wait, and share the cache")
        }
        (500.., None) => error.with_hint("try again later; status.adobe.com tells of outages"),
        _ => error,
    }
}

/// One of the two requests.
struct TokenCall {
    path: &'static str,
    /// The unit in which this endpoint tells a life.
    unit: LifeUnit,
    content_type: String,
    body: Zeroizing<String>,
    /// What is in the body and may be shown to nobody.
    secrets: Vec<Secret>,
}

/// `POST /ims/token/v3` with a urlencoded body and the scopes joined by commas.
/// Source: Adobe Developer Console, OAuth Server-to-Server, "Generate access tokens".
fn oauth_request(profile: &Profile, secret: &Secret) -> TokenCall {
    let scopes = profile.scopes.join(",");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &profile.client_id),
        ("client_secret", secret.expose()),
        ("scope", &scopes),
    ];
    let (content_type, body) = (Form::CONTENT_TYPE.to_owned(), Form::of(&fields).into_body());
    TokenCall { path: "/ims/token/v3", unit: LifeUnit::Seconds, content_type, body, secrets: vec![secret.clone()] }
}

/// `POST /ims/exchange/jwt` with `multipart/form-data`, as the tutorial has it (RFC 7578).
fn exchange_request(profile: &Profile, secret: &Secret, assertion: &Secret) -> Result<TokenCall> {
    let fields = [
        ("client_id", profile.client_id.as_str()),
        ("client_secret", secret.expose()),
        ("jwt_token", assertion.expose().trim()),
    ];
    let mut random = [0; 16];
    SystemRandom::new().fill(&mut random).map_err(|_| Error::fault("the system gives no random numbers"))?;
    // 128 random bits stand in no value by chance.
    let boundary = format!("aep-{:032x}", u128::from_be_bytes(random));
    let mut body = Zeroizing::new(String::with_capacity(4096));
    for (name, value) in fields {
        body.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n"));
        body.push_str(value);
        body.push_str("\r\n");
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let secrets = vec![secret.clone(), Secret::new(assertion.expose().trim().to_owned())];
    Ok(TokenCall { path: "/ims/exchange/jwt", unit: LifeUnit::Milliseconds, content_type, body, secrets })
}
