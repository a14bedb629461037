//! The endpoints of Adobe IMS, with its own refusals.
//!
//! Sources: Adobe Developer Console, "OAuth Server-to-Server" and "Service Account (JWT) Authentication"; bodies as seen in
//! public issues (adobeio-auth#67, jwt-auth#6, adobe-dev-console#124).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use crate::clients::{Client, Flow};
use crate::form::{self, Accepts, Fields};
use crate::http::{Answer, Request};
use crate::state::State;
use crate::tokens;

/// IMS allows this much between its clock and that of an assertion.
const CLOCK_TOLERANCE: i64 = 30;

type Refused = Box<Answer>;

fn refuse(status: u16, error: &str, description: &str) -> Refused {
    Box::new(Answer::json(status, &json!({"error": error, "error_description": description})))
}

/// How a token's life is told: as usual, or as a fault wants it.
pub(crate) type ToldLife = Option<Value>;

/// Answers a call under `/ims/`.
pub(crate) fn answer(state: &State, request: &Request, told: ToldLife) -> Answer {
    let answered = match request.path.as_str() {
        _ if request.method != "POST" => return Answer::json(405, &json!({"error": "method_not_allowed"})),
        "/ims/token/v3" => oauth(state, request, told),
        "/ims/exchange/jwt" | "/ims/exchange/jwt/" | "/ims/exchange/v1/jwt" => jwt(state, request, told),
        "/ims/validate_token/v1" => validate(state, request),
        "/ims/invalidate_token/v2" => invalidate(state, request),
        _ => return Answer::json(404, &json!({"error": "not_found"})),
    };
    answered.unwrap_or_else(|refused| *refused)
}

/// A refusal of this status, in the shape that all of IMS has.
pub(crate) fn refusal(status: u16) -> Answer {
    *match status {
        401 => refuse(401, "invalid_client", "client is not allowed"),
        403 => refuse(403, "access_denied", "access is denied"),
        429 => refuse(429, "too_many_requests", "Too many requests"),
        500.. => refuse(status, "internal_error", "Please try again later"),
        _ => refuse(status, "invalid_request", "the request is not valid"),
    }
}

/// `POST /ims/token/v3`
fn oauth(state: &State, request: &Request, told: ToldLife) -> Result<Answer, Refused> {
    // The real one takes them and logs them; here a secret in an address is always a fault.
    if !request.query.is_empty() {
        return Err(refuse(400, "invalid_request", "parameters belong into the body"));
    }
    let fields = form::read(request, Accepts::Urlencoded).map_err(|why| refuse(400, "invalid_request", why))?;
    match fields.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => return Err(refuse(400, "unsupported_grant_type", "unsupported grant_type parameter")),
        None => return Err(refuse(400, "invalid_request", "missing grant_type parameter")),
    }
    let (client, secret) = authenticate(state, &fields)?;
    if client.flow == Flow::Jwt {
        return Err(Box::new(Answer::json(400, &json!({"error": "unauthorized_client"}))));
    }
    let scope = fields.get("scope").ok_or_else(|| refuse(400, "invalid_scope", "missing scope parameter"))?;
    if scope.is_empty() || scope.split(',').any(|scope| !client.scopes.iter().any(|own| own == scope)) {
        return Err(refuse(400, "invalid_scope", "invalid scope parameter"));
    }
    let token = tokens::issue(state, &client, secret, scope, told.is_none());
    Ok(granted(&token, told.unwrap_or_else(|| (state.life() / 1000 - 1).into())))
}

/// `POST /ims/exchange/jwt`
fn jwt(state: &State, request: &Request, told: ToldLife) -> Result<Answer, Refused> {
    if !request.query.is_empty() {
        return Err(refuse(400, "bad_request", "parameters belong into the body"));
    }
    let fields = form::read(request, Accepts::UrlencodedOrMultipart).map_err(|why| refuse(400, "bad_request", why))?;
    let (client, secret) = authenticate(state, &fields)?;
    match client.flow {
        Flow::Jwt => {}
        Flow::Migrated => return Err(refuse(500, "internal_error", "Please try again later")),
        Flow::Oauth => return Err(refuse(401, "invalid_client", "client is not allowed to use exchange_jwt")),
    }
    let assertion = fields.get("jwt_token").map(String::as_str).unwrap_or_default();
    let scopes = check_assertion(state, &client, assertion, &request.base())?;
    let token = tokens::issue(state, &client, secret, &scopes, told.is_none());
    Ok(granted(&token, told.unwrap_or_else(|| (state.life() - 8).into())))
}

fn granted(token: &str, expires_in: Value) -> Answer {
    let mut body = json!({"token_type": "bearer", "access_token": token});
    if !expires_in.is_null() {
        body["expires_in"] = expires_in;
    }
    Answer::json(200, &body)
}

/// The client, and which of its secrets it showed.
fn authenticate<'a>(state: &State, fields: &'a Fields) -> Result<(Client, &'a str), Refused> {
    let id = fields.get("client_id").ok_or_else(|| refuse(400, "invalid_client", "missing client_id parameter"))?;
    let client = state.client(id).ok_or_else(|| refuse(400, "invalid_client", "invalid client_id parameter"))?;
    match fields.get("client_secret") {
        Some(secret) if client.secrets.contains(secret) => Ok((client, secret)),
        _ => Err(refuse(400, "invalid_client", "invalid client_secret parameter")),
    }
}

/// Checks signature and claims; gives the metascopes.
fn check_assertion(state: &State, client: &Client, assertion: &str, base: &str) -> Result<String, Refused> {
    let undecodable = || refuse(400, "invalid_token", "JWT token is incorrectly formatted, and can not be decoded.");
    let mut parts = assertion.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(undecodable());
    };
    let decode = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok().filter(Value::is_object)
    };
    let (header, claims) = decode(header).zip(decode(payload)).ok_or_else(undecodable)?;
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(refuse(400, "invalid_signature", "the algorithm of the JWT is not supported"));
    }
    let message = &assertion[..assertion.len() - signature.len() - 1];
    let is_signed = DecodingKey::from_rsa_pem(client.public_key.as_bytes())
        .and_then(|key| jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256))
        .unwrap_or(false);
    if !is_signed {
        return Err(refuse(400, "invalid_token", "Could not match JWT signature to any of the bindings"));
    }
    // An `exp` that is text or has a fraction cannot be decoded there.
    let exp = claims.get("exp").and_then(Value::as_i64).ok_or_else(undecodable)?;
    if exp + CLOCK_TOLERANCE <= state.now_millis() / 1000 {
        return Err(refuse(400, "invalid_token", "JWT token has expired."));
    }
    let text = |key: &str| claims.get(key).and_then(Value::as_str);
    if text("aud") != Some(format!("{base}/c/{}", client.id).as_str()) {
        return Err(refuse(400, "invalid_client", "the aud claim does not match the client_id parameter"));
    }
    if text("iss") != Some(client.org_id.as_str()) || text("sub") != Some(client.technical_account_id.as_str()) {
        return Err(refuse(400, "bad_request", "the iss or sub claim is malformed or does not match"));
    }
    check_metascopes(&claims, client, base)
}

fn check_metascopes(claims: &Value, client: &Client, base: &str) -> Result<String, Refused> {
    let prefix = format!("{base}/s/");
    let mut scopes = Vec::new();
    for (name, value) in claims.as_object().into_iter().flatten() {
        match name.as_str() {
            "exp" | "iss" | "sub" | "aud" | "iat" | "jti" | "nbf" => {}
            name => {
                let scope = name.strip_prefix(&prefix).filter(|scope| client.scopes.iter().any(|own| own == scope));
                match scope {
                    Some(scope) if *value == Value::Bool(true) => scopes.push(scope.to_owned()),
                    _ => {
                        let words = "The metascopes in the JWT are not a subset of the metascopes in the binding.";
                        return Err(refuse(400, "invalid_scope", words));
                    }
                }
            }
        }
    }
    if scopes.is_empty() {
        return Err(refuse(400, "invalid_scope", "The JWT holds no metascopes."));
    }
    Ok(scopes.join(","))
}

/// `POST /ims/validate_token/v1`: status 200 whatever the verdict.
fn validate(state: &State, request: &Request) -> Result<Answer, Refused> {
    let fields = form::read(request, Accepts::Urlencoded).map_err(|why| refuse(400, "invalid_request", why))?;
    if fields.get("type").map(String::as_str) != Some("access_token") {
        return Err(refuse(400, "invalid_request", "invalid type parameter"));
    }
    if fields.get("client_id").and_then(|id| state.client(id)).is_none() {
        return Err(refuse(400, "invalid_client", "invalid client_id parameter"));
    }
    Ok(match tokens::judge(state, fields.get("token").map(String::as_str).unwrap_or_default()) {
        (tokens::Verdict::Valid, claims) => Answer::json(200, &json!({"valid": true, "token": claims})),
        (verdict, _) => Answer::json(200, &json!({"valid": false, "reason": verdict.reason()})),
    })
}

/// `POST /ims/invalidate_token/v2`: whoever shows a secret that is accepted now, whichever the token was got with.
fn invalidate(state: &State, request: &Request) -> Result<Answer, Refused> {
    let fields = form::read(request, Accepts::Urlencoded).map_err(|why| refuse(400, "invalid_request", why))?;
    authenticate(state, &fields)?;
    if fields.get("token_type").map(String::as_str) != Some("access_token") {
        return Err(refuse(400, "invalid_request", "missing token_type parameter"));
    }
    state.revoke(fields.get("token").map(String::as_str).unwrap_or_default());
    Ok(Answer::empty(200))
}
