//! Clients that take a helper for headers, or that we start: the MCP SDK for Python and mcp-remote against a small server;
//! httpYac; Terraform's command.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use ims_emulator::{Answer, Emulator, Options, Request};
use serde_json::{Value, json};
use stories::{World, assert_clean, has, root, skip, text};

/// A server of one tool that answers in JSON, and takes no token but one that IMS gave.
fn serve(request: &Request, is_valid: &dyn Fn(&str) -> bool) -> Option<Answer> {
    if request.path != "/mcp" {
        return None;
    }
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if !token.is_some_and(is_valid) || request.header("x-api-key").is_none() {
        return Some(Answer::json(401, &json!({"error": "invalid_token"})));
    }
    if request.method != "POST" {
        return Some(Answer::json(405, &json!({})));
    }
    let call: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let result = match call["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": call["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "small", "version": "1"},
        }),
        Some("tools/list") => json!({"tools": [{"name": "reports", "inputSchema": {"type": "object"}}]}),
        Some(method) if method.starts_with("notifications/") => return Some(Answer::json(202, &json!({}))),
        _ => {
            let error = json!({"code": -32601, "message": "no such method"});
            return Some(Answer::json(200, &json!({"jsonrpc": "2.0", "id": call["id"], "error": error})));
        }
    };
    Some(Answer::json(200, &json!({"jsonrpc": "2.0", "id": call["id"], "result": result})))
}

fn world() -> World {
    World::oauth_at(Emulator::start(Options { service: Some(Arc::new(serve)), ..Options::default() }).unwrap())
}

fn page(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("integrations/mcp").join(name)).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["mcpServers"]["adobe-analytics"].take()
}

/// The helper of the page, as a client runs it.
fn helper(world: &World, url: &str) -> Output {
    let line = page("headers-helper.json")["headersHelper"].as_str().unwrap().to_owned();
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    // The shell stays between the client and us.
    shell.args(["-c", &format!("{line}; exit $?")]).env("CLAUDE_CODE_MCP_SERVER_URL", url).output().unwrap()
}

#[test]
fn the_helper_prints_a_flat_map_for_the_profiles_hosts_alone() {
    let world = world();
    let url = format!("{}/mcp", world.emulator.url());
    let output = helper(&world, &url);
    assert_clean(&output);
    let given: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(given.as_object().unwrap().values().all(Value::is_string), "{given}");
    let first = given["Authorization"].as_str().unwrap().to_owned();
    for foreign in ["https://evil.example/mcp", "http://127.0.0.1:1/mcp", "$(touch owned)", ""] {
        let output = helper(&world, foreign);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(4), ""), "{foreign}");
    }
    assert!(!world.path("owned").exists());
    // Refused, the client asks again, by another shell each time.
    world.emulator.revoke(first.strip_prefix("Bearer ").unwrap());
    let again: Value = serde_json::from_slice(&helper(&world, &url).stdout).unwrap();
    assert_ne!(again["Authorization"], first.as_str());
}

#[test]
fn the_python_sdk_connects_with_what_the_helper_prints() {
    if !has("python3") {
        return;
    }
    let found = Command::new("python3").args(["-c", "import mcp"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        skip("python3 has no module `mcp`; `pip install -r tests/clients/requirements.txt` brings it");
        return;
    }
    let world = world();
    let script =
        world.write("client.py", &std::fs::read_to_string(root().join("tests/clients/mcp_client.py")).unwrap());
    let mut python = Command::new("python3");
    world.prepare(&mut python);
    let helper = page("headers-helper.json")["headersHelper"].as_str().unwrap().to_owned();
    python.arg(script).env("HELPER", helper).env("CLAUDE_CODE_MCP_SERVER_URL", format!("{}/mcp", world.emulator.url()));
    let output = python.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), "reports");
}

#[test]
fn mcp_remote_has_the_token_in_its_environment() {
    let program = root().join("tests/clients/node_modules/.bin/mcp-remote");
    if !program.exists() {
        skip("mcp-remote is not installed: npm ci --prefix tests/clients");
        return;
    }
    let world = world();
    let arguments: Vec<String> = page("mcp-remote.json")["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().replace("https://aa-mcp.adobe.io", &world.emulator.url()))
        .collect();
    let arguments = arguments.iter().map(|word| if word == "mcp-remote" { program.to_str().unwrap() } else { word });
    let mut child = world
        .command("aep-auth")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "story", "version": "1"}}});
    std::io::Write::write_all(&mut input, format!("{initialize}\n").as_bytes()).unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("\"small\""), "{line}");
}

/// The page's own line, and the file of the editors' page, which REST Client and httpYac read alike, with its `.env`.
#[test]
fn httpyac_by_the_lines_of_the_pages() {
    let program = root().join("tests/clients/node_modules/.bin/httpyac");
    if !program.exists() {
        return skip("httpyac is not installed: npm ci --prefix tests/clients");
    }
    let world = World::oauth();
    let sh = |script: &str| {
        let mut shell = Command::new("sh");
        world.prepare(&mut shell);
        shell.args(["-ec", &format!("PATH={}:$PATH\n{script}", program.parent().unwrap().display())]).output().unwrap()
    };
    let line = &stories::pages::blocks("httpyac/README.md", "Check", "sh")[0];
    for folder in ["httpyac", "editors"] {
        let page = std::fs::read_to_string(root().join("integrations").join(folder).join("classes.http")).unwrap();
        world.write("classes.http", &page.replace("https://platform.adobe.io", &world.emulator.url()));
        if folder == "editors" {
            assert_clean(&sh(&std::fs::read_to_string(root().join("integrations/editors/dotenv.sh")).unwrap()));
        }
        let output = sh(line);
        let shown = text(&output.stdout);
        assert!(output.status.success(), "{shown}{}", text(&output.stderr));
        assert!(shown.contains("XDM ExperienceEvent") && !shown.contains(&world.token()), "{shown}");
    }
}

#[test]
fn every_line_of_the_page_of_mcp() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let sh = |script: &str| {
        let mut shell = Command::new("sh");
        world.prepare(&mut shell);
        shell.args(["-ec", script]).output().unwrap()
    };
    let page = |section: &str| stories::pages::blocks("mcp/README.md", section, "sh").concat();
    assert_eq!(sh(&page("Check")).status.code(), Some(4));
    assert_clean(&sh(&page("Set up")));
    let checked = sh(&page("Check"));
    assert_clean(&checked);
    let given: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert!(given["Authorization"].as_str().unwrap().starts_with("Bearer eyJ"), "{given}");
    assert_eq!(given["x-global-company-id"], "YOUR_COMPANY");
    let page = stories::pages::read("mcp/README.md");
    let undo = page.split("`aep-auth profile set default services= ").nth(1).unwrap().split('`').next().unwrap();
    assert_clean(&sh(&format!("aep-auth profile set default services= {undo}")));
    assert_eq!(sh("aep-auth headers --for https://aa-mcp.adobe.io/mcp").status.code(), Some(4));
}

/// What a data source of Terraform's is given.
#[test]
fn terraforms_command_prints_texts_alone() {
    let world = World::oauth();
    let page: PathBuf = root().join("integrations/terraform/main.tf");
    let page = std::fs::read_to_string(page).unwrap().replace("https://platform.adobe.io", &world.emulator.url());
    let line = page.lines().find_map(|line| line.trim().strip_prefix("program = ")).unwrap().to_owned();
    let words: Vec<String> = serde_json::from_str(&line).unwrap();
    let mut command = world.command(&words[0]);
    let output = command.args(&words[1..]).stdin(world.input("{}")).output().unwrap();
    assert_clean(&output);
    let given: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(given.as_object().unwrap().values().all(Value::is_string), "{given}");
}
