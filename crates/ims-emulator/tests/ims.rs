//! IMS: rotation of secrets, validation, invalidation, and how often each was asked for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{Headers, ims, post_json, send, token, token_with, variable};
use ims_emulator::{Emulator, Fault, Kind};
use serde_json::json;

fn is_valid(emulator: &Emulator, token: &str) -> bool {
    let id = variable(emulator, "AEP_CLIENT_ID");
    let reply =
        ims(emulator, "/ims/validate_token/v1", &[("type", "access_token"), ("client_id", &id), ("token", token)]);
    assert_eq!(reply.status, 200);
    reply.json()["valid"].as_bool().unwrap()
}

fn invalidate(emulator: &Emulator, secret: &str, token: &str) -> u16 {
    let id = variable(emulator, "AEP_CLIENT_ID");
    let fields =
        [("token_type", "access_token"), ("client_id", id.as_str()), ("client_secret", secret), ("token", token)];
    ims(emulator, "/ims/invalidate_token/v2", &fields).status
}

#[test]
fn two_secrets_serve_during_a_rotation_and_the_old_one_ends() {
    let emulator = Emulator::plain().unwrap();
    let (id, old) = (variable(&emulator, "AEP_CLIENT_ID"), variable(&emulator, "AEP_CLIENT_SECRET"));
    let set = |secrets: &[&str]| {
        post_json(&emulator, "/emulator/secrets", &json!({"client_id": id, "secrets": secrets})).status
    };
    let ask = |secret: &str| token_with(&emulator, secret).status;
    assert_eq!((ask(&old), ask("new")), (200, 400));
    assert_eq!(set(&[&old, "new"]), 200);
    assert_eq!((ask(&old), ask("new")), (200, 200));
    let kept = token(&emulator);
    assert_eq!(set(&["new"]), 200);
    assert_eq!((ask(&old), ask("new")), (400, 200));
    assert_eq!(token_with(&emulator, &old).json()["error_description"], "invalid client_secret parameter");
    // The token lives on; to invalidate it takes a secret that is accepted now.
    assert!(is_valid(&emulator, &kept));
    assert_eq!(invalidate(&emulator, &old, &kept), 400);
    assert!(is_valid(&emulator, &kept));
    assert_eq!(invalidate(&emulator, "new", &kept), 200);
    assert!(!is_valid(&emulator, &kept));
    assert_eq!(post_json(&emulator, "/emulator/secrets", &json!({"client_id": "x", "secrets": []})).status, 400);
    assert_eq!(post_json(&emulator, "/emulator/secrets", &json!({"client_id": id})).status, 400);
}

#[test]
fn all_tokens_of_one_secret_can_be_revoked_and_no_others() {
    let emulator = Emulator::plain().unwrap();
    let (id, old) = (variable(&emulator, "AEP_CLIENT_ID"), variable(&emulator, "AEP_CLIENT_SECRET"));
    emulator.set_secrets(&id, &[&old, "new"]);
    let of = |secret: &str| token_with(&emulator, secret).json()["access_token"].as_str().unwrap().to_owned();
    let (first, second, third) = (of(&old), of(&old), of("new"));
    let body = json!({"client_id": id, "secret": old});
    assert_eq!(post_json(&emulator, "/emulator/revoke", &body).status, 200);
    assert!(!is_valid(&emulator, &first) && !is_valid(&emulator, &second) && is_valid(&emulator, &third));
    assert!(!first.contains(&old));
    for body in [json!({}), json!({"client_id": id}), json!({"token": "x", "secret": "y"})] {
        assert_eq!(post_json(&emulator, "/emulator/revoke", &body).status, 400, "{body}");
    }
    assert_eq!(post_json(&emulator, "/emulator/revoke", &json!({"token": third})).status, 200);
    assert!(!is_valid(&emulator, &third));
}

#[test]
fn a_refused_revocation_leaves_the_token_valid() {
    let emulator = Emulator::plain().unwrap();
    let secret = variable(&emulator, "AEP_CLIENT_SECRET");
    let token = token(&emulator);
    emulator.fault(Fault::times(1, Kind::refuse(400)).at("/ims/invalidate_token"));
    assert_eq!(invalidate(&emulator, &secret, &token), 400);
    assert!(is_valid(&emulator, &token));
    assert_eq!(Headers::four_with(&emulator, &token).get(&emulator, "/api/programs").status, 200);
    assert_eq!(invalidate(&emulator, &secret, &token), 200);
    assert_eq!(Headers::four_with(&emulator, &token).get(&emulator, "/api/programs").status, 401);
}

#[test]
fn each_endpoint_is_counted_for_itself() {
    let emulator = Emulator::plain().unwrap();
    let token = token(&emulator);
    let four = Headers::four_with(&emulator, &token);
    four.get(&emulator, "/data/foundation/sandbox-management/?a=1");
    four.get(&emulator, "/data/foundation/sandbox-management/?a=2");
    four.get(&emulator, "/api/programs");
    send(&emulator, "GET", "/ims/token/v3", &[], b"");
    is_valid(&emulator, &token);
    assert_eq!(emulator.count("POST /ims/token/v3"), 1);
    assert_eq!(emulator.count("GET /data/foundation/sandbox-management/"), 2);
    assert_eq!(emulator.count("GET /nowhere"), 0);
    let told = send(&emulator, "GET", "/emulator/state", &[], b"").json();
    assert_eq!((&told["validate"], &told["platform"]), (&json!(1), &json!(2)));
    assert_eq!(told["endpoints"]["GET /api/programs"], 1);
    assert!(told["endpoints"].get("GET /emulator/state").is_none());
    assert_eq!(post_json(&emulator, "/emulator/reset", &json!({})).status, 200);
    assert_eq!(emulator.count("POST /ims/token/v3"), 0);
}
