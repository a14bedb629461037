//! Each service wants its own headers and refuses in its own shape.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{Headers, send};
use ims_emulator::{Emulator, Fault, Kind};
use serde_json::{Value, json};

/// A call that passes, and what becomes of it when one header is missing or wrong: status, where to look, what is there.
struct Case {
    method: &'static str,
    path: &'static str,
    further: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    refusals: &'static [(Change, u16, &'static str, &'static str)],
}

#[derive(Debug)]
enum Change {
    Without(&'static str),
    With(&'static str, &'static str),
}
use Change::{With, Without};

const NO_TOKEN: (Change, u16, &str, &str) = (Without("authorization"), 403, "/error_code", "403010");
const BAD_TOKEN: (Change, u16, &str, &str) = (With("authorization", "Bearer x"), 401, "/error_code", "401013");
const NO_KEY: (Change, u16, &str, &str) = (Without("x-api-key"), 403, "/error_code", "403000");
const BAD_KEY: (Change, u16, &str, &str) = (With("x-api-key", "x"), 403, "/error_code", "403003");
const NO_ORGANIZATION: (Change, u16, &str, &str) = (Without("x-gw-ims-org-id"), 400, "/error_code", "400003");
const BAD_ORGANIZATION: (Change, u16, &str, &str) = (With("x-gw-ims-org-id", "x"), 403, "/error_code", "403027");
const NO_SANDBOX: (Change, u16, &str, &str) = (Without("x-sandbox-name"), 400, "/error_code", "400003");
const BAD_SANDBOX: (Change, u16, &str, &str) = (With("x-sandbox-name", "Prod"), 404, "/title", "Sandbox not found");

const XED_ID: (&str, &str) = ("Accept", "application/vnd.adobe.xed-id+json");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const REVISION: (&str, &str) = ("Accept", "application/vnd.api+json;revision=1");

const CASES: &[Case] = &[
    Case {
        method: "GET",
        path: "/data/foundation/schemaregistry/global/classes",
        further: &[XED_ID],
        body: "",
        status: 200,
        refusals: &[
            NO_TOKEN,
            (With("authorization", "Basic eA=="), 403, "/error_code", "403010"),
            BAD_TOKEN,
            NO_KEY,
            BAD_KEY,
            NO_ORGANIZATION,
            BAD_ORGANIZATION,
            BAD_SANDBOX,
            (Without("accept"), 400, "/type", "http://ns.adobe.com/aep/errors/XDM-1006-400"),
            (With("accept", "application/json"), 400, "/title", "Accept header invalid"),
            (With("accept", "*/*"), 400, "/title", "Accept header invalid"),
            (With("accept", "application/vnd.adobe.xed+json; version=1"), 400, "/title", "Accept header invalid"),
        ],
    },
    Case {
        method: "GET",
        path: "/data/foundation/schemaregistry/global/classes/_xdm.data.record",
        further: &[("Accept", "application/vnd.adobe.xed-full+json; version=1")],
        body: "",
        status: 200,
        refusals: &[(With("accept", XED_ID.1), 400, "/type", "http://ns.adobe.com/aep/errors/XDM-1007-400")],
    },
    Case {
        method: "POST",
        path: "/data/foundation/schemaregistry/tenant/schemas",
        further: &[JSON],
        body: r##"{"title":"T","type":"object","allOf":[{"$ref":"https://ns.adobe.com/xdm/context/profile"}]}"##,
        status: 201,
        refusals: &[(Without("content-type"), 400, "/title", "BadRequestError"), NO_TOKEN, BAD_ORGANIZATION],
    },
    Case {
        method: "GET",
        path: "/data/foundation/sandbox-management/",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, BAD_TOKEN, NO_KEY, BAD_KEY, NO_ORGANIZATION, BAD_ORGANIZATION, BAD_SANDBOX],
    },
    Case {
        method: "GET",
        path: "/data/foundation/access-control/acl/reference",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, NO_KEY, NO_ORGANIZATION, NO_SANDBOX, BAD_SANDBOX],
    },
    Case {
        method: "POST",
        path: "/data/foundation/access-control/acl/effective-policies",
        further: &[JSON],
        body: r#"["/permissions/manage-datasets","/resource-types/schemas"]"#,
        status: 200,
        refusals: &[(Without("content-type"), 400, "/title", "BadRequestError"), NO_SANDBOX],
    },
    Case {
        method: "POST",
        path: "/data/foundation/import/batches",
        further: &[JSON],
        body: r#"{"datasetId":"d","inputFormat":{"format":"json"}}"#,
        status: 201,
        refusals: &[
            NO_TOKEN,
            BAD_TOKEN,
            NO_KEY,
            NO_ORGANIZATION,
            NO_SANDBOX,
            (With("content-type", "text/plain"), 415, "/title", "BadRequestError"),
        ],
    },
    Case {
        method: "GET",
        path: "/data/foundation/catalog/batches",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, NO_KEY, NO_ORGANIZATION, NO_SANDBOX],
    },
    Case {
        method: "GET",
        path: "/data/foundation/export/files/x",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, NO_KEY, NO_ORGANIZATION, NO_SANDBOX],
    },
    Case {
        method: "GET",
        path: "/data/foundation/query/connection_parameters",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, BAD_TOKEN, NO_KEY, BAD_KEY, NO_ORGANIZATION, BAD_ORGANIZATION, NO_SANDBOX, BAD_SANDBOX],
    },
    Case {
        method: "GET",
        path: "/data/core/privacy/jobs?regulation=gdpr",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, BAD_TOKEN, NO_KEY, NO_ORGANIZATION],
    },
    Case {
        method: "GET",
        path: "/data/dataviews",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, BAD_TOKEN, NO_KEY, NO_ORGANIZATION],
    },
    Case {
        method: "GET",
        path: "/properties",
        further: &[REVISION],
        body: "",
        status: 200,
        refusals: &[
            (Without("authorization"), 401, "/errors/0/code", "oauth-token-missing"),
            (With("authorization", "Bearer x"), 401, "/errors/0/code", "oauth-token-invalid"),
            (Without("x-api-key"), 403, "/errors/0/code", "api-key-missing"),
            (Without("x-gw-ims-org-id"), 400, "/errors/0/code", "bad-request"),
            (Without("accept"), 406, "/errors/0/code", "not-acceptable"),
            (With("accept", "application/json"), 406, "/errors/0/code", "not-acceptable"),
            (With("accept", "application/vnd.api+json"), 406, "/errors/0/code", "not-acceptable"),
        ],
    },
    Case {
        method: "GET",
        path: "/api/programs",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, NO_KEY, NO_ORGANIZATION],
    },
    Case {
        method: "GET",
        path: "/discovery/me",
        further: &[],
        body: "",
        status: 200,
        refusals: &[NO_TOKEN, (With("authorization", "Bearer x"), 401, "/errorCode", "invalid_token"), NO_KEY],
    },
    Case {
        method: "GET",
        path: "/api/emulat0/users/me",
        further: &[("x-proxy-global-company-id", "emulat0")],
        body: "",
        status: 200,
        refusals: &[
            (Without("x-proxy-global-company-id"), 400, "/errorCode", "invalid_data"),
            (With("x-proxy-global-company-id", "x"), 403, "/errorCode", "unauthorized_company"),
        ],
    },
    Case {
        method: "GET",
        path: "/events/organizations/1/integrations/2/3",
        further: &[("x-ims-org-id", "745F37C35E4B776E0A49421B@AdobeOrg")],
        body: "",
        status: 200,
        refusals: &[
            NO_TOKEN,
            NO_KEY,
            (Without("x-ims-org-id"), 400, "/error_code", "400003"),
            (With("x-ims-org-id", "x"), 403, "/error_code", "403027"),
        ],
    },
    Case {
        method: "POST",
        path: "/",
        further: &[("Content-Type", "application/cloudevents+json")],
        body: r#"{"datacontenttype":"application/json","data":{}}"#,
        status: 200,
        refusals: &[NO_TOKEN, NO_KEY, (Without("content-type"), 400, "/title", "BadRequestError")],
    },
    Case {
        method: "POST",
        path: "/ee/v2/interact?dataStreamId=d",
        further: &[JSON],
        body: r#"{"event":{}}"#,
        status: 200,
        refusals: &[
            (Without("authorization"), 401, "/type", "https://ns.adobe.com/aep/errors/EXEG-0500-401"),
            (With("authorization", "Bearer x"), 401, "/type", "https://ns.adobe.com/aep/errors/EXEG-0502-401"),
            (Without("x-gw-ims-org-id"), 401, "/type", "https://ns.adobe.com/aep/errors/EXEG-0504-401"),
        ],
    },
    Case {
        method: "POST",
        path: "/collection/authenticated",
        further: &[JSON],
        body: r#"{"header":{},"body":{}}"#,
        status: 200,
        refusals: &[
            (Without("authorization"), 401, "/report/message", "Ims service token is empty"),
            (With("authorization", "Bearer x"), 401, "/title", "Authorization"),
            BAD_BUT_NOT_HERE,
        ],
    },
];

/// The inlet looks at a sandbox that is named.
const BAD_BUT_NOT_HERE: (Change, u16, &str, &str) = (With("x-sandbox-name", "x"), 404, "/title", "Invalid request");

#[test]
fn each_header_that_is_missing_or_wrong_gets_the_services_own_refusal() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    for case in CASES {
        let good = case.further.iter().fold(four.clone(), |headers, (name, value)| headers.with(name, value));
        for (change, status, pointer, value) in case.refusals {
            let headers = match change {
                Without(name) => good.clone().without(name),
                With(name, value) => good.clone().with(name, value),
            };
            let reply = send(&emulator, case.method, case.path, &headers.0, case.body.as_bytes());
            let found = reply.json().pointer(pointer).cloned();
            assert_eq!((reply.status, found), (*status, Some(json!(value))), "{} {change:?}: {reply:?}", case.path);
        }
        let reply = send(&emulator, case.method, case.path, &good.0, case.body.as_bytes());
        assert_eq!(reply.status, case.status, "{}: {reply:?}", case.path);
    }
}

#[test]
fn what_a_service_does_not_want_it_does_not_ask_for() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    for (path, header) in [
        ("/data/foundation/sandbox-management/", "x-sandbox-name"),
        ("/data/core/privacy/jobs?regulation=gdpr", "x-sandbox-name"),
        ("/data/dataviews", "x-sandbox-name"),
        ("/discovery/me", "x-gw-ims-org-id"),
        ("/api/programs", "x-sandbox-name"),
    ] {
        let reply = four.clone().without(header).get(&emulator, path);
        assert_eq!(reply.status, 200, "{path} without {header}: {reply:?}");
    }
    let none = Headers(Vec::new());
    assert_eq!(none.post(&emulator, "/collection/open", &json!({"header": {}, "body": {}})).status, 200);
    let event = json!({"specversion": "1.0"});
    assert_eq!(four.without("x-gw-ims-org-id").post(&emulator, "/", &event).status, 200);
}

#[test]
fn an_ended_and_a_revoked_token_are_refused_and_a_live_one_is_not() {
    let emulator = Emulator::plain().unwrap();
    let token = common::token(&emulator);
    let four = Headers::four_with(&emulator, &token);
    let ask = || four.get(&emulator, "/data/foundation/sandbox-management/").status;
    assert_eq!(ask(), 200);
    emulator.set_clock_offset(86_399);
    assert_eq!(ask(), 200);
    emulator.set_clock_offset(86_401);
    assert_eq!(ask(), 401);
    let edge = four.post(&emulator, "/ee/v2/interact?dataStreamId=d", &json!({}));
    assert_eq!(edge.json()["type"], "https://ns.adobe.com/aep/errors/EXEG-0503-401");
    emulator.set_clock_offset(0);
    emulator.revoke(&token);
    assert_eq!(ask(), 401);
    assert_eq!(Headers::four(&emulator).get(&emulator, "/data/foundation/sandbox-management/").status, 200);
}

#[test]
fn a_refusal_on_request_has_the_shape_of_its_service() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    for (path, status, pointer, value) in [
        ("/ims/token/v3", 429, "/error", "too_many_requests"),
        ("/ims/invalidate_token/v2", 400, "/error", "invalid_request"),
        ("/data/foundation/catalog/batches", 429, "/error_code", "429050"),
        ("/data/foundation/catalog/batches", 401, "/error_code", "401013"),
        ("/data/foundation/catalog/batches", 403, "/error_code", "403025"),
        ("/data/foundation/catalog/batches", 500, "/error_code", "500001"),
        ("/data/foundation/schemaregistry/tenant/schemas", 404, "/title", "Resource Not Found"),
        ("/properties", 429, "/errors/0/code", "too-many-requests"),
        ("/discovery/me", 401, "/errorCode", "invalid_token"),
        ("/ee/v2/interact", 401, "/type", "https://ns.adobe.com/aep/errors/EXEG-0503-401"),
    ] {
        emulator.fault(Fault::times(1, Kind::refuse(status)).at(path));
        let reply = four.get(&emulator, path);
        assert_eq!((reply.status, reply.json().pointer(pointer).cloned()), (status, Some(json!(value))), "{path}");
    }
}

#[test]
fn lists_hold_what_their_clients_read() {
    let emulator = Emulator::plain().unwrap();
    let four = Headers::four(&emulator);
    let get = |path: &str| -> Value { four.get(&emulator, path).json() };
    let sandboxes = get("/data/foundation/sandbox-management/sandboxes");
    assert_eq!(sandboxes["sandboxes"][1]["name"], "dev1");
    assert!(sandboxes["_links"]["page"]["href"].as_str().unwrap().contains('{'));
    assert_eq!(get("/data/foundation/sandbox-management/sandboxes/dev1")["type"], "development");
    assert_eq!(get("/data/foundation/sandbox-management/sandboxes/x")["status"], 404);
    assert!(get("/data/foundation/access-control/acl/reference")["permissions"].is_object());
    let asked = json!(["/permissions/x", "/resource-types/schemas"]);
    let granted = four.post(&emulator, "/data/foundation/access-control/acl/effective-policies", &asked).json();
    assert_eq!(granted["policies"]["/permissions/x"], json!(["*"]));
    assert_eq!(get("/api/programs")["_embedded"]["programs"][0]["id"], "1");
    assert_eq!(get("/discovery/me")["imsOrgs"][0]["companies"][0]["globalCompanyId"], "emulat0");
    assert_eq!(get("/data/core/privacy/jobs")["error_code"], "400001");
    for (method, path) in [("DELETE", "/data/dataviews"), ("POST", "/data/foundation/sandbox-management/")] {
        assert_eq!(send(&emulator, method, path, &four.0, b"").status, 405, "{path}");
    }
    for path in ["/data/foundation/unknown", "/data/foundation/sandbox-managementx", "/api/programs/1/x"] {
        assert_eq!(four.get(&emulator, path).status, 404, "{path}");
    }
    assert_eq!(four.get(&emulator, "/unknown").status, 404);
}

#[test]
fn the_journal_is_read_to_its_end() {
    let emulator = Emulator::plain().unwrap();
    let headers = Headers::four(&emulator).with("x-ims-org-id", &common::variable(&emulator, "AEP_ORG_ID"));
    let mut path = "/events/organizations/1/integrations/2/3".to_owned();
    let mut positions = Vec::new();
    loop {
        let reply = headers.get(&emulator, &path);
        let link = reply.header("link").unwrap().to_owned();
        if reply.status == 204 {
            assert_eq!(reply.header("retry-after"), Some("10"));
            break;
        }
        positions.extend(reply.json()["events"].as_array().unwrap().iter().map(|event| event["position"].clone()));
        let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
        path = next.strip_prefix(&emulator.url()).unwrap().to_owned();
    }
    assert_eq!(positions, ["1", "2", "3"]);
}

#[test]
fn query_service_tells_the_token_as_the_password_and_what_a_test_wants() {
    let emulator = Emulator::plain().unwrap();
    let token = common::token(&emulator);
    let four = Headers::four_with(&emulator, &token);
    let ask = || {
        four.clone()
            .with("x-sandbox-name", "dev1")
            .get(&emulator, "/data/foundation/query/connection_parameters")
            .json()
    };
    let usual = ask();
    assert_eq!((&usual["token"], &usual["dbName"]), (&json!(token), &json!("dev1:all")));
    assert_eq!(usual["username"], common::variable(&emulator, "AEP_ORG_ID"));
    assert!(usual["compressedToken"].as_str().unwrap().len() < 128);
    let set = json!({"host": "evil.example", "port": 1, "dbName": null});
    assert_eq!(common::post_json(&emulator, "/emulator/query", &set).status, 200);
    let changed = ask();
    assert_eq!((&changed["host"], &changed["port"]), (&json!("evil.example"), &json!(1)));
    assert!(changed.get("dbName").is_none() && changed["token"] == token);
    assert_eq!(common::post_json(&emulator, "/emulator/query", &json!({})).status, 200);
    assert_eq!(ask(), usual);
}
