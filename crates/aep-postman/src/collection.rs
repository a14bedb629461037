//! A collection (v2.1) with the script at its top.
//!
//! The format: <https://schema.getpostman.com/json/collection/v2.1.0/docs/index.html>.

use std::path::Path;

use aep_core::profile::{DEFAULT_PLATFORM_URL, Flow};
use aep_core::{Error, Profile, Result};
use serde_json::{Value, json};

use crate::json::{self, Object};
use crate::script;

/// A small collection of our own, for the profile's platform.
pub(crate) fn own(profile: Option<&Profile>, flow: Flow) -> Result<String> {
    let text = include_str!("../collection.json");
    let mut object = Object::parse(text, Path::new("collection.json"))?;
    let platform = profile.map_or_else(|| DEFAULT_PLATFORM_URL.to_owned(), |profile| profile.platform_url.to_string());
    object.set_value("variable", &json!([{"key": "PLATFORM_URL", "value": platform}]))?;
    add_script(&mut object, flow)?;
    Ok(object.render())
}

/// An existing collection, with the script added; everything else stays.
///
/// # Errors
/// Configuration, when the text is no v2.1 collection.
pub(crate) fn with_script(text: &str, file: &Path, flow: Flow) -> Result<String> {
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
    add_script(&mut object, flow)?;
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
        with_script(text, Path::new("c.json"), Flow::Oauth)
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
        let jwt = with_script(&once, Path::new("c.json"), Flow::Jwt).unwrap();
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
        let other = with_script(&edited.to_string(), Path::new("c.json"), Flow::Jwt).unwrap();
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
        let own = own(None, Flow::Oauth).unwrap();
        assert!(own.contains("https://platform.adobe.io"));
        assert_eq!(add(&own).unwrap(), own);
    }
}
