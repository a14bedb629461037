//! Batch Ingestion, Catalog's batches, and Data Access: a batch is made, takes files, is completed and followed; files of any
//! size are downloaded.
//!
//! Of a file that is sent, name, size and hash are kept. A download has that size, or the `size` of the query, and is
//! made up of equal lines. Shapes: `batch-ingestion.yaml`, `catalog.yaml`, `data-access.yaml`.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Backend, Call, FOUR_HEADERS, Need, Wants, bodies_of_type, gateway, json_bodies};
use crate::http::{Answer, Received, Request};
use crate::serve::Reply;
use crate::tokens::random_hex;

const IMPORT: &str = "/data/foundation/import/batches";
const CATALOG: &str = "/data/foundation/catalog/batches";
const EXPORT: &str = "/data/foundation/export";

/// What is kept; the oldest batch goes first. Adobe's own limit on files is 1500 as well.
const MOST_BATCHES: usize = 1_000;
const MOST_FILES: usize = 1_500;
const LONGEST_ADDRESS: usize = 2_000;

/// What describes a batch is short; it is kept.
const MOST_DESCRIPTION: usize = 16 * 1024;

/// A download whose size nobody told.
const USUAL_SIZE: u64 = 64 * 1024;

pub(super) const BACKEND: Backend = Backend {
    paths: &[IMPORT, CATALOG, EXPORT],
    wants: Wants { sandbox: Need::Required, further, ..FOUR_HEADERS },
    refuse,
    answer,
};

/// The batches.
#[derive(Debug, Default)]
pub(crate) struct Batches(VecDeque<Batch>);

#[derive(Debug)]
struct Batch {
    id: String,
    dataset: String,
    format: Value,
    status: Status,
    created: i64,
    files: Vec<(String, Received)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Loading,
    /// Completed, and not yet looked at.
    Processing,
    Success,
    Aborted,
    Failed,
    Inactive,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
            Self::Inactive => "inactive",
        }
    }
}

impl Batch {
    fn shown(&self, call: &Call<'_>) -> Value {
        let mut shown = json!({
            "id": self.id,
            "imsOrg": call.claims["org"],
            "status": self.status.word(),
            "created": self.created,
            "updated": self.created,
            "createdClient": call.claims["client_id"],
            "createdUser": call.claims["user_id"],
            "relatedObjects": [{"type": "dataSet", "id": self.dataset}],
            "version": "1.0.0",
            "inputFormat": self.format,
        });
        if self.status != Status::Loading {
            let bytes: u64 = self.files.iter().map(|(_, file)| file.bytes).sum();
            shown["metrics"] = json!({"inputFileCount": self.files.len(), "inputByteSize": bytes});
        }
        shown
    }
}

impl Batches {
    fn find(&mut self, id: &str) -> Result<&mut Batch, Refusal> {
        self.0.iter_mut().find(|batch| batch.id == id).ok_or(Refusal::NotFound)
    }
}

/// Whether this is the upload of a file.
pub(super) fn takes_file(request: &Request) -> bool {
    request.method == "PUT" && target(&request.path).is_some()
}

/// Batch, dataset and name of the file, of `/batches/B/datasets/D/files/NAME`.
fn target(path: &str) -> Option<(&str, &str, &str)> {
    let (batch, rest) = path.strip_prefix(IMPORT)?.strip_prefix('/')?.split_once("/datasets/")?;
    let (dataset, name) = rest.split_once("/files/")?;
    (![batch, dataset].iter().any(|part| part.is_empty() || part.contains('/')) && !name.is_empty())
        .then_some((batch, dataset, name))
}

fn further(request: &Request) -> Result<(), Refusal> {
    if request.path.len() + request.query.len() > LONGEST_ADDRESS {
        return Err(Refusal::AddressTooLong);
    }
    if takes_file(request) { bodies_of_type(request, "application/octet-stream") } else { json_bodies(request) }
}

fn refuse(refusal: &Refusal) -> Answer {
    let mut answer = gateway::refuse(refusal);
    if *refusal == Refusal::ContentType {
        answer.status = 415;
    }
    answer
}

fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    if let Some(below) = call.below(IMPORT) {
        return import(call, below).map(Reply::Whole);
    }
    if let Some(below) = call.below(CATALOG) {
        return catalog(call, below).map(Reply::Whole);
    }
    export(call, call.below(EXPORT).unwrap_or_default())
}

fn import(call: &Call<'_>, below: &str) -> Result<Answer, Refusal> {
    let mut store = call.state.platform();
    let batches = &mut store.batches;
    if let Some((batch, dataset, name)) = target(&call.request.path) {
        if call.method() != "PUT" {
            return Err(Refusal::Method);
        }
        return upload(call, batches.find(batch)?, dataset, name);
    }
    match (call.method(), below) {
        ("POST", "") => {
            let batch = new_batch(call)?;
            let shown = batch.shown(call);
            if batches.0.len() == MOST_BATCHES {
                batches.0.pop_front();
            }
            batches.0.push_back(batch);
            Ok(Answer::json(201, &shown))
        }
        ("POST", id) if !id.contains('/') => {
            let batch = batches.find(id)?;
            let status = match (call.request.parameter("action").as_deref(), batch.status) {
                (Some("COMPLETE"), Status::Loading) => Status::Processing,
                (Some("ABORT"), Status::Loading) => Status::Aborted,
                (Some("FAIL"), Status::Loading) => Status::Failed,
                (Some("REVERT"), Status::Processing | Status::Success) => Status::Inactive,
                (Some("COMPLETE" | "ABORT" | "FAIL" | "REVERT"), status) => {
                    return Err(Refusal::Body(format!("the batch is {}", status.word())));
                }
                _ => return Err(Refusal::Body("action: expected COMPLETE, ABORT, FAIL or REVERT".to_owned())),
            };
            batch.status = status;
            Ok(Answer::json(200, &batch.shown(call)))
        }
        (_, below) if below.contains('/') => Err(Refusal::NotFound),
        _ => Err(Refusal::Method),
    }
}

fn new_batch(call: &Call<'_>) -> Result<Batch, Refusal> {
    if call.request.body.len() > MOST_DESCRIPTION {
        return Err(Refusal::Body("the description of the batch is too long".to_owned()));
    }
    let mut body = call.object()?;
    let format = body.remove("inputFormat").filter(|format| format["format"].is_string());
    let format = format.ok_or_else(|| Refusal::Body("inputFormat: expected {\"format\": …}".to_owned()))?;
    let Some(Value::String(dataset)) = body.remove("datasetId") else {
        return Err(Refusal::Body("datasetId: is missing".to_owned()));
    };
    let id = random_hex(13).to_uppercase();
    Ok(Batch { id, dataset, format, status: Status::Loading, created: call.state.now_millis(), files: Vec::new() })
}

fn upload(call: &Call<'_>, batch: &mut Batch, dataset: &str, name: &str) -> Result<Answer, Refusal> {
    if batch.dataset != dataset {
        return Err(Refusal::NotFound);
    }
    if batch.status != Status::Loading {
        return Err(Refusal::Body(format!("the batch is {}", batch.status.word())));
    }
    let received = call.request.file.clone().ok_or(Refusal::NotFound)?;
    let shown = json!({"name": name, "sizeInBytes": received.bytes, "sha256": received.sha256});
    match batch.files.iter().position(|(own, _)| own == name) {
        Some(index) => {
            batch.files[index].1 = received;
            Ok(Answer::json(200, &shown))
        }
        None if batch.files.len() == MOST_FILES => {
            Err(Refusal::Body(format!("a batch takes {MOST_FILES} files at most")))
        }
        None => {
            batch.files.push((name.to_owned(), received));
            Ok(Answer::json(201, &shown))
        }
    }
}

/// Batches by their ids; a completed one is done when it was looked at once.
fn catalog(call: &Call<'_>, below: &str) -> Result<Answer, Refusal> {
    if call.method() != "GET" {
        return Err(Refusal::Method);
    }
    let mut store = call.state.platform();
    if !below.is_empty() {
        let batch = store.batches.find(below)?;
        let shown = json!({below: batch.shown(call)});
        if batch.status == Status::Processing {
            batch.status = Status::Success;
        }
        return Ok(Answer::json(200, &shown));
    }
    let limit = super::paging::limit(call, 100)?;
    let start = call.request.parameter("start").and_then(|start| start.parse().ok()).unwrap_or(0);
    let page: serde_json::Map<String, Value> = store
        .batches
        .0
        .iter()
        .rev()
        .skip(start)
        .take(limit)
        .map(|batch| (batch.id.clone(), batch.shown(call)))
        .collect();
    Ok(Answer::json(200, &Value::Object(page)))
}

/// `batches/ID/files` lists, `files/ID` lists what is in it, `files/ID?path=NAME` is the file.
fn export(call: &Call<'_>, below: &str) -> Result<Reply, Refusal> {
    if call.method() != "GET" {
        return Err(Refusal::Method);
    }
    let base = format!("{}{EXPORT}", call.request.base());
    let mut store = call.state.platform();
    if let Some(id) = below.strip_prefix("batches/").and_then(|rest| rest.strip_suffix("/files")) {
        let batch = store.batches.find(id)?;
        let data: Vec<Value> = (0..batch.files.len())
            .map(|index| {
                json!({"dataSetFileId": format!("{id}-{index}"),
                                "_links": {"self": {"href": format!("{base}/files/{id}-{index}")}}})
            })
            .collect();
        let page = json!({"limit": 100, "count": data.len()});
        return Ok(Answer::json(200, &json!({"data": data, "_page": page})).into());
    }
    let id = below.strip_prefix("files/").filter(|id| !id.is_empty() && !id.contains('/')).ok_or(Refusal::NotFound)?;
    let known = id.rsplit_once('-').and_then(|(batch, index)| {
        let batch = store.batches.find(batch).ok()?;
        batch.files.get(index.parse::<usize>().ok()?).cloned()
    });
    let size = match call.request.parameter("size") {
        None => known.as_ref().map_or(USUAL_SIZE, |(_, file)| file.bytes),
        Some(size) => size.parse().map_err(|_| Refusal::Body("size: expected a number of bytes".to_owned()))?,
    };
    let name = known.map_or_else(|| "data.json".to_owned(), |(name, _)| name);
    match call.request.parameter("path") {
        Some(path) if path == name => {
            let head = Answer::empty(200).with("Content-Type", "application/octet-stream");
            Ok(Reply::File(head, size))
        }
        Some(_) => Err(Refusal::NotFound),
        None => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("path", &name).finish();
            let file = json!({"name": name, "length": size.to_string(),
                              "_links": {"self": {"href": format!("{base}/files/{id}?{query}")}}});
            Ok(Answer::json(200, &json!({"data": [file], "_page": {"limit": 100, "count": 1}})).into())
        }
    }
}
