//! Schema Registry: classes and schemas, global ones and the tenant's; lists in pages, one alone by its id, new ones.
//!
//! The tenant's lists are made up to the length that is asked for, so that ten thousand items cost nothing; what is
//! created stands after them. Shapes and codes: `schema-registry.yaml`.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, FOUR_HEADERS, gateway, json_bodies, paging};
use crate::http::{Answer, Request};
use crate::serve::Reply;
use crate::tokens::random_hex;

const BASE: &str = "/data/foundation/schemaregistry";
const TENANT: &str = "emulated";
const MOST_A_PAGE: usize = 300;

/// All that may be created, in bytes.
const MOST_CREATED: usize = 16 * 1024 * 1024;

const GLOBAL_CLASSES: [(&str, &str); 4] = [
    ("XDM ExperienceEvent", "context.experienceevent"),
    ("XDM Individual Profile", "context.profile"),
    ("Record", "data.record"),
    ("Time-series", "data.time-series"),
];
const GLOBAL_SCHEMAS: [(&str, &str); 1] = [("Segment Definition", "context.segmentdefinition")];

pub(super) const BACKEND: Backend =
    Backend { paths: &[BASE], wants: super::Wants { further: accepts, ..FOUR_HEADERS }, refuse, answer };

/// The tenant's classes and schemas.
#[derive(Debug)]
pub(crate) struct Shelves {
    /// How many are made up, of classes and of schemas.
    pub(crate) made_up: [usize; 2],
    created: [Vec<Value>; 2],
    bytes: usize,
}

impl Default for Shelves {
    fn default() -> Self {
        Self { made_up: [3, 3], created: [Vec::new(), Vec::new()], bytes: 0 }
    }
}

/// Which of the two lists; their places in [`Shelves`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Classes = 0,
    Schemas = 1,
}

impl Kind {
    fn read(word: &str) -> Option<Self> {
        match word {
            "classes" => Some(Self::Classes),
            "schemas" => Some(Self::Schemas),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        if self == Self::Classes { "classes" } else { "schemas" }
    }
}

/// Every GET wants an `Accept` of its own: without a version for lists, with one for a resource.
fn accepts(request: &Request) -> Result<(), Refusal> {
    json_bodies(request)?;
    let below = request.path.strip_prefix(BASE).unwrap_or_default().trim_matches('/');
    if request.method != "GET" || below == "stats" {
        return Ok(());
    }
    let accept: String = request.header("accept").unwrap_or_default().split_whitespace().collect();
    let is_list = below.split('/').count() == 2;
    let form = accept.strip_prefix("application/vnd.adobe.").and_then(|rest| rest.split_once("+json"));
    let is_form = |form: &str| ["xed", "xdm"].iter().any(|own| form == *own || form.starts_with(&format!("{own}-")));
    let has_version = |rest: &str| rest.strip_prefix(";version=").is_some_and(|version| version.parse::<f32>().is_ok());
    match form {
        Some((form, rest)) if is_form(form) && (if is_list { rest.is_empty() } else { has_version(rest) }) => Ok(()),
        _ if is_list => Err(Refusal::Accept("application/vnd.adobe.{xed|xdm}+json")),
        _ => Err(Refusal::Accept("application/vnd.adobe.{xed|xdm}+json; version=1 (Version should be specified)")),
    }
}

fn refuse(refusal: &Refusal) -> Answer {
    let (code, title) = match refusal {
        Refusal::Accept(wanted) if wanted.contains("version") => ("XDM-1007-400", "Accept header invalid"),
        Refusal::Accept(_) => ("XDM-1006-400", "Accept header invalid"),
        Refusal::NotFound => ("XDM-1012-404", "Resource Not Found"),
        // Inferred; the number is not public.
        Refusal::Body(_) => ("XDM-1521-400", "Schema validation error"),
        _ => return gateway::refuse(refusal),
    };
    let detail = match refusal {
        Refusal::Accept(_) => format!("The supplied Accept header is not valid - {}", refusal.words()),
        _ => refusal.words(),
    };
    let body = json!({
        "type": format!("http://ns.adobe.com/aep/errors/{code}"),
        "title": title,
        "status": refusal.status(),
        "report": {"registryRequestId": random_hex(16), "detailed-message": detail, "sub-errors": []},
        "detail": detail,
    });
    Answer::json(refusal.status(), &body)
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let path: Vec<&str> = call.below(BASE).unwrap_or_default().splitn(3, '/').collect();
    match (call.method(), path.as_slice()) {
        ("GET", ["stats"]) => Ok(stats(call).into()),
        ("GET", [container @ ("global" | "tenant"), kind]) => {
            let kind = Kind::read(kind).ok_or(Refusal::NotFound)?;
            list(call, *container == "tenant", kind).map(Reply::Whole)
        }
        ("POST", ["tenant", kind]) => create(call, Kind::read(kind).ok_or(Refusal::NotFound)?).map(Reply::Whole),
        ("GET", [container @ ("global" | "tenant"), kind, id]) => {
            let kind = Kind::read(kind).ok_or(Refusal::NotFound)?;
            let store = call.state.platform();
            let global = global(kind);
            let items = match *container {
                "tenant" => List::tenant(&store.registry, kind),
                _ => List { kind, made_up: 0, created: &global },
            };
            let item = items.find(&decode(id)).ok_or(Refusal::NotFound)?;
            Ok(Answer::json(200, &item).into())
        }
        ("GET", _) => Err(Refusal::NotFound),
        _ => Err(Refusal::Method),
    }
}

fn stats(call: &Call<'_>) -> Answer {
    let store = call.state.platform();
    let counts = [Kind::Classes, Kind::Schemas].map(|kind| List::tenant(&store.registry, kind).len());
    Answer::json(
        200,
        &json!({
            "imsOrg": call.claims["org"],
            "tenantId": TENANT,
            "counts": {"classes": counts[0], "schemas": counts[1]},
        }),
    )
}

/// A list of one kind, as it stands now.
struct List<'a> {
    kind: Kind,
    made_up: usize,
    created: &'a [Value],
}

impl<'a> List<'a> {
    fn tenant(shelves: &'a Shelves, kind: Kind) -> Self {
        Self { kind, made_up: shelves.made_up[kind as usize], created: &shelves.created[kind as usize] }
    }

    fn len(&self) -> usize {
        self.made_up + self.created.len()
    }

    fn item(&self, index: usize) -> Option<Cow<'a, Value>> {
        if index >= self.made_up {
            return self.created.get(index - self.made_up).map(Cow::Borrowed);
        }
        let word = self.kind.word();
        let singular = if self.kind == Kind::Classes { "class" } else { "schema" };
        Some(Cow::Owned(json!({
            "$id": format!("https://ns.adobe.com/{TENANT}/{word}/{index:032x}"),
            "meta:altId": format!("_{TENANT}.{word}.{index:032x}"),
            "version": "1.0",
            "title": format!("Emulated {singular} {index:05}"),
        })))
    }

    /// Where the item of this title stands; of those made up, the title holds the number.
    fn position(&self, title: &str) -> Option<usize> {
        let number = title.rsplit(' ').next().and_then(|number| number.parse().ok());
        let is_it = |index: &usize| self.item(*index).is_some_and(|item| item["title"] == title);
        number
            .filter(|index| *index < self.made_up)
            .filter(is_it)
            .or_else(|| self.created.iter().position(|item| item["title"] == title).map(|index| self.made_up + index))
    }

    /// The item of this `$id` or `meta:altId`; of those made up, both hold the number.
    fn find(&self, id: &str) -> Option<Value> {
        let is_it = |item: &Value| item["$id"] == id || item["meta:altId"] == id;
        let number = id.rsplit(['/', '.']).next().and_then(|hex| usize::from_str_radix(hex, 16).ok());
        let made_up = number.filter(|index| *index < self.made_up).and_then(|index| self.item(index));
        made_up.map(Cow::into_owned).filter(is_it).or_else(|| self.created.iter().find(|item| is_it(item)).cloned())
    }
}

fn global(kind: Kind) -> Vec<Value> {
    let items = if kind == Kind::Classes { GLOBAL_CLASSES.as_slice() } else { &GLOBAL_SCHEMAS };
    let item = |(title, name): &(&str, &str)| {
        json!({
            "title": title,
            "$id": format!("https://ns.adobe.com/xdm/{}", name.replace('.', "/")),
            "meta:altId": format!("_xdm.{name}"),
            "version": "1",
        })
    };
    items.iter().map(item).collect()
}

fn list(call: &Call<'_>, is_tenant: bool, kind: Kind) -> Result<Answer, Refusal> {
    let limit = paging::limit(call, MOST_A_PAGE)?;
    let store = call.state.platform();
    let global = global(kind);
    let items =
        if is_tenant { List::tenant(&store.registry, kind) } else { List { kind, made_up: 0, created: &global } };
    let from = match call.request.parameter("start").filter(|start| !start.is_empty()) {
        None => 0,
        Some(start) => items.position(&start).ok_or_else(|| Refusal::Body(format!("start: no such title: {start}")))?,
    };
    let to = items.len().min(from + limit);
    let page: Vec<Value> = (from..to).filter_map(|index| items.item(index)).map(|item| summary(&item)).collect();
    let next = items.item(to);
    let next = next.as_ref().and_then(|item| item["title"].as_str());
    let (envelope, mut links) = paging::envelope(call, page.len(), limit, next);
    if is_tenant {
        links[format!("global_{}", kind.word())] =
            json!({"href": format!("{}{BASE}/global/{}", call.request.base(), kind.word())});
    }
    Ok(Answer::json(200, &json!({"results": page, "_page": envelope, "_links": links})))
}

/// What a list tells of an item.
fn summary(item: &Value) -> Value {
    json!({"$id": item["$id"], "meta:altId": item["meta:altId"], "version": item["version"], "title": item["title"]})
}

/// A segment of a path without its percent signs; a plus in it stands for itself.
fn decode(segment: &str) -> String {
    let pair = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn create(call: &Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let mut item: Map<String, Value> = call.object()?;
    let title = item.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    if title.is_empty() {
        return Err(Refusal::Body("title: is missing".to_owned()));
    }
    if item.get("allOf").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(Refusal::Body("allOf: expected what the resource extends".to_owned()));
    }
    let mut store = call.state.platform();
    let shelves = &mut store.registry;
    if List::tenant(shelves, kind).position(&title).is_some() {
        return Err(Refusal::Body("Title must be unique. An object already exists with the same title".to_owned()));
    }
    let id = random_hex(24);
    let word = kind.word();
    item.insert("$id".to_owned(), format!("https://ns.adobe.com/{TENANT}/{word}/{id}").into());
    item.insert("meta:altId".to_owned(), format!("_{TENANT}.{word}.{id}").into());
    item.insert("meta:resourceType".to_owned(), word.into());
    item.insert("meta:tenantNamespace".to_owned(), format!("_{TENANT}").into());
    item.insert("imsOrg".to_owned(), call.claims["org"].clone());
    item.insert("version".to_owned(), "1.0".into());
    let item = Value::Object(item);
    if shelves.bytes + call.request.body.len() > MOST_CREATED {
        return Err(Refusal::Body("the emulator keeps no more resources".to_owned()));
    }
    shelves.bytes += call.request.body.len();
    shelves.created[kind as usize].push(item.clone());
    Ok(Answer::json(201, &item))
}
