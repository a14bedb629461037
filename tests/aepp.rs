//! Adobe's own Python client (`aepp` 0.6) against the emulator: what it takes for the platform is close enough to it.
//!
//! It fetches its token itself, so that the emulator's IMS is judged as well. Skipped visibly where it is not installed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stories::{World, has, skip, text};

/// What every script begins with: the client as its page has it, but for the addresses, which it has no option for.
const START: &str = r#"
import json, os
import aepp
from aepp import config, ingestion, sandboxes, schema
e = os.environ
aepp.configure(org_id=e["AEP_ORG_ID"], client_id=e["AEP_CLIENT_ID"], secret=e["AEP_CLIENT_SECRET"],
               scopes=e["AEP_SCOPES"], sandbox="prod")
config.endpoints["global"] = e["AEP_PLATFORM_URL"]
config.config_object["oauthTokenEndpointV2"] = e["AEP_IMS_URL"] + "/ims/token/v3"
"#;

/// The last line that a script prints, as JSON; `None` where there is no `aepp`.
fn python(world: &World, script: &str) -> Option<Value> {
    if !has("python3") {
        return None;
    }
    let found = Command::new("python3").args(["-c", "import aepp"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        skip("python3 has no module `aepp`; `pip install aepp==0.6.0` brings it");
        return None;
    }
    let mut python = Command::new("python3");
    world.prepare(&mut python);
    let output = python.args(["-c", &format!("{START}{script}")]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    Some(serde_json::from_str(printed.lines().last().unwrap()).unwrap_or_else(|error| panic!("{error}: {printed}")))
}

#[test]
fn it_lists_sandboxes_classes_and_schemas() {
    let world = World::oauth();
    world.emulator.set_registry(2, 700);
    let script = r#"
s = schema.Schema()
print(json.dumps({
    "sandboxes": [one["name"] for one in sandboxes.Sandboxes().getSandboxes()],
    "classes": [one["title"] for one in s.getClasses()],
    "global": [one["title"] for one in s.getClassesGlobal()],
    "schemas": [one["title"] for one in s.getSchemas()],
    "tenant": s.getTenantId(),
}))
"#;
    let Some(told) = python(&world, script) else { return };
    assert_eq!(told["sandboxes"], json!(["prod", "dev1"]));
    assert_eq!(told["classes"], json!(["Emulated class 00000", "Emulated class 00001"]));
    assert_eq!(told["global"][1], "XDM Individual Profile");
    assert_eq!(told["tenant"], "emulated");
    let schemas: Vec<&str> = told["schemas"].as_array().unwrap().iter().map(|title| title.as_str().unwrap()).collect();
    assert!(schemas.len() == 700 && schemas.is_sorted());
    // Each of the three pages was asked once.
    assert_eq!(world.emulator.count("GET /data/foundation/schemaregistry/tenant/schemas/"), 3);
}

#[test]
fn it_takes_a_batch_through_to_its_end() {
    let world = World::oauth();
    let script = r#"
i = ingestion.DataIngestion()
batch = i.createBatch(datasetId="d1", format="json")["id"]
i.uploadSmallFile(batchId=batch, datasetId="d1", filePath="a.json", data={"a": "b"})
print(json.dumps(i.uploadSmallFileFinish(batchId=batch)))
"#;
    let Some(told) = python(&world, script) else { return };
    assert_eq!((&told["status"], &told["metrics"]["inputByteSize"]), (&json!("processing"), &json!(10)));
}

#[test]
fn it_meets_the_refusals_that_it_would_meet() {
    let world = World::oauth();
    let script = r#"
config.header["x-gw-ims-org-id"] = "other@AdobeOrg"
s = schema.Schema()
print(json.dumps(s.connector.getData(s.endpoint + "/tenant/schemas")))
"#;
    let Some(told) = python(&world, script) else { return };
    assert_eq!(told["error_code"], "403027");
}
