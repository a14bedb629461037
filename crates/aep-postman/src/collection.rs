//! A collection (v2.1) with the script at its top, or without it.
//!
//! The format: <https://schema.getpostman.com/json/collection/v2.1.0/docs/index.html>.

use std::path::Path;

use aep_core::profile::{DEFAULT_PLATFORM_URL, Flow};
use aep_core::{Error, Profile, Result};
use serde_json::{Value, json};

use crate::json::{self, Object};
use crate::script;

/// A small collection of our own, for the profile's platform; with the script of a flow, or without any.
pub(crate) fn own(profile: Option<&Profile>, flow: Option<Flow>) -> Result<String> {
    let text = include_str!("../collection.json");
    let mut object = Object::parse(text, Path::new("collection.json"))?;
    let platform = profile.map_or_else(|| DEFAULT_PLATFORM_URL.to_owned(), |profile| profile.platform_url.to_string());
    object.set_value("variable", &json!([{"key": "PLATFORM_URL", "value": platform}]))?;
    if let Some(flow) = flow {
        add_script(&mut object, flow)?;
    }
    Ok(object.render())
}

/// An existing collection, with the script of a flow added, or with ours taken out of it; everything else stays.
///
/// # Errors
/// Configuration, when the text is no v2.1 collection.
pub(crate) fn from(text: &str, file: &Path, flow: Option<Flow>) -> Result<String> {
    let mut object = Object::parse(text, file)?;
    let refuse = |why: &str| {
        Error::configuration(format!("{} is no Postman collection v2.1: {why}", file.display()))
            .with_hint("export it from Postman as Collection v2.1")
    };
    let info = object.value("info").ok_or_else(|| refuse("it has no info"))?;
    let schema = info.get("schema").and_then(Value::as_str).unwrap_or_default();
    if !schema.contains("/collection/v2.1") {
        return Err(refuse("its schema is another"));
    }
    // Only looked at from outside: names and numbers within need not be such that Rust can hold them.
    if object.items("item").is_none() {
        return Err(refuse("it has no items"));
    }
    if object.items("event").is_none() && object.value("event").is_some_and(|event| !event.is_null()) {
        return Err(refuse("its event is no list"));
    }
    match flow {
        Some(flow) => add_script(&mut object, flow)?,
        None => remove_script(&mut object)?,
    }
    Ok(object.render())
}

/// Puts our event before the others, since their scripts may want the token; ours from an earlier time is renewed.
fn add_script(object: &mut Object, flow: Flow) -> Result<()> {
    let script: Vec<&str> = script::of(flow).lines().collect();
    let mut events = object.items("event").unwrap_or_default();
    let renewed = events.iter().enumerate().find_map(|(place, event)| {
        let event = serde_json::from_str(event.get()).ok()?;
        Some((place, with_new_script(event, &script)?))
    });
    match renewed {
        Some((place, event)) => events[place] = json::raw(&event)?,
        None => {
            let event = json!({"listen": "prerequest", "script": {"type": "text/javascript", "exec": script}});
            events.insert(0, json::raw(&event)?);
        }
    }
    object.set("event", json::array(&events)?);
    Ok(())
}

/// Takes our script out; an event that held nothing else goes with it.
fn remove_script(object: &mut Object) -> Result<()> {
    let events = object.items("event").unwrap_or_default();
    let mut kept = Vec::new();
    let mut was_there = false;
    for event in events {
        match serde_json::from_str(event.get()).ok().and_then(|event| with_new_script(event, &[])) {
            None => kept.push(event),
            Some(rest) => {
                was_there = true;
                if rest.pointer("/script/exec").and_then(Value::as_array).is_some_and(|lines| !lines.is_empty()) {
                    kept.push(json::raw(&rest)?);
                }
            }
        }
    }
    match (was_there, kept.is_empty()) {
        (false, _) => {}
        (true, true) => object.remove("event"),
        (true, false) => object.set("event", json::array(&kept)?),
    }
    Ok(())
}

/// The event with our script in it renewed; `None` where it holds none. What the user wrote before and after stays:
/// Postman shows a single editor for both.
fn with_new_script(mut event: Value, script: &[&str]) -> Option<Value> {
    if event.get("listen")? != "prerequest" {
        return None;
    }
    let exec = event.pointer_mut("/script/exec")?;
    let lines: Vec<String> = match &*exec {
        Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect(),
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        _ => return None,
    };
    let begin = lines.iter().position(|line| line.starts_with(script::MARK) && line != script::END)?;
    let end = lines.iter().skip(begin).position(|line| line == script::END).map(|length| begin + length);
    let mut renewed = lines[..begin].to_vec();
    renewed.extend(script.iter().map(|line| (*line).to_owned()));
    renewed.extend_from_slice(end.map_or(&[], |end| &lines[end + 1..]));
    *exec = renewed.into();
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

    fn add(text: &str) -> Result<String> {
        from(text, Path::new("c.json"), Some(Flow::Oauth))
    }

    #[test]
    fn everything_else_stays_as_it_was_written() {
        let text = format!(
            r#"{{"z":1.0,"info":{{"schema":"{SCHEMA}","name":"\u00e9"}},"item":[{{"b":1,"a":12345678901234567890}}],
               "event":[{{"listen":"test","script":{{"exec":["x"]}}}},{{"listen":"prerequest","script":{{"exec":"y"}}}}],"a":null}}"#
        );
        let added = add(&text).unwrap();
        for part in [r#""z": 1.0"#, r#""\u00e9""#, r#"{"b":1,"a":12345678901234567890}"#, r#""a": null"#] {
            assert!(added.contains(part), "{part}");
        }
        let order: Vec<_> = ["\"z\"", "\"info\"", "\"item\"", "\"event\""].iter().map(|key| added.find(key)).collect();
        assert!(order.is_sorted() && order[0].is_some());
        let (before, mut after): (Value, Value) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(&added).unwrap());
        let ours = after["event"].as_array_mut().unwrap().remove(0);
        assert!(with_new_script(ours, &[]).is_some());
        assert_eq!(before, after);
    }

    #[test]
    fn twice_is_the_same_as_once_and_a_new_flow_replaces() {
        let text = format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[]}}"#);
        let once = add(&text).unwrap();
        assert_eq!(add(&once).unwrap(), once);
        let jwt = from(&once, Path::new("c.json"), Some(Flow::Jwt)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&jwt).unwrap()["event"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn what_the_user_wrote_around_our_script_stays() {
        let text = format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[]}}"#);
        let mut edited: Value = serde_json::from_str(&add(&text).unwrap()).unwrap();
        let lines = edited["event"][0]["script"]["exec"].as_array_mut().unwrap();
        lines.insert(0, "before();".into());
        lines.push("after();".into());
        assert_eq!(serde_json::from_str::<Value>(&add(&edited.to_string()).unwrap()).unwrap(), edited);
        let other = from(&edited.to_string(), Path::new("c.json"), Some(Flow::Jwt)).unwrap();
        let other: Value = serde_json::from_str(&other).unwrap();
        let lines = other["event"][0]["script"]["exec"].as_array().unwrap();
        assert_eq!((lines[0].as_str(), lines[lines.len() - 1].as_str()), (Some("before();"), Some("after();")));
        assert_ne!(other, edited);
    }

    #[test]
    fn what_rust_cannot_hold_passes_through() {
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        for item in [r#"{"name":"\ud83d"}"#, r#"{"n":1e999}"#, &deep] {
            let text = format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[{item}],"event":null}}"#);
            assert!(add(&text).unwrap().contains(item), "{item}");
        }
        let twice = format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[],"event":[],"event":[]}}"#);
        let read: Value = serde_json::from_str(&add(&twice).unwrap()).unwrap();
        assert_eq!(read["event"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_collection_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"id":"1","order":[],"requests":[]}"#,
            r#"{"info":{"schema":"https://schema.getpostman.com/json/collection/v2.0.0/collection.json"},"item":[]}"#,
        ] {
            assert!(add(text).is_err(), "{text}");
        }
        assert!(add(&format!(r#"{{"info":{{"schema":"{SCHEMA}"}}}}"#)).is_err());
        assert!(add(&format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[],"event":{{}}}}"#)).is_err());
    }

    #[test]
    fn our_own_collection_is_one() {
        let with = own(None, Some(Flow::Oauth)).unwrap();
        assert!(with.contains("https://platform.adobe.io"));
        assert_eq!(add(&with).unwrap(), with);
        let without = own(None, None).unwrap();
        assert_eq!((without.contains(script::MARK), from(&with, Path::new("c.json"), None).unwrap()), (false, without));
    }

    #[test]
    fn without_the_script_all_else_stays() {
        let remove = |text: &str| from(text, Path::new("c.json"), None).unwrap();
        let mine = r#"{"listen":"prerequest","script":{"exec":["mine();"]}}"#;
        for events in
            [String::new(), format!(r#","event":[{mine}]"#), r#","event":[]"#.to_owned(), r#","event":null"#.to_owned()]
        {
            let text = format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[{{"n":1.0}}]{events}}}"#);
            assert_eq!(remove(&text).matches(['{', '[']).count(), text.matches(['{', '[']).count(), "{text}");
            assert!(!remove(&add(&text).unwrap()).contains(script::MARK));
            assert_eq!(remove(&add(&text).unwrap()).contains("mine();"), text.contains("mine();"));
        }
        let mut around: Value =
            serde_json::from_str(&add(&format!(r#"{{"info":{{"schema":"{SCHEMA}"}},"item":[]}}"#)).unwrap()).unwrap();
        around["event"][0]["script"]["exec"].as_array_mut().unwrap().push("after();".into());
        let rest: Value = serde_json::from_str(&remove(&around.to_string())).unwrap();
        assert_eq!(rest["event"][0]["script"]["exec"], json!(["after();"]));
    }
}
