//! `api`: any call of one of Adobe's services, with the token and the headers that the service wants.
//!
//! The body comes as the service sends it and the status alone decides. Nothing is held whole but a page of `--all`.

use std::time::Duration;

use aep_cli::Invocation;
use aep_core::acquire::{Fetched, Refuse, TokenRequest};
use aep_core::clock::jittered;
use aep_core::profile::services::Service;
use aep_core::profile::{self, ProfileSelection};
use aep_core::secret::Credentials;
use aep_core::token::{AccessToken, Source};
use aep_core::url::Address;
use aep_core::write_file::OutputFile;
use aep_core::{Context, Error, Result, budget, headers, terminal};
use aep_ims::call::{self, Answered, Call, MOST_WORDS, SILENCE};
use aep_ims::{Hidden, Http, is_valid, user_agent};

use crate::cli::ApiArguments;
use crate::road::{self, PROGRAM};

mod answer;
mod paging;
mod progress;
mod request;

use answer::{Place, Stdout};
use progress::Progress;
use request::{Changes, Data};

/// A page of a list; more than this is none.
const MOST_A_PAGE: usize = 64 * 1024 * 1024;

/// Read at once.
const PIECE: usize = 64 * 1024;

/// Codes that say of a token that it has ended or was revoked; of any other 401 IMS is asked.
const TOKEN_ENDED: [&str; 3] = ["401013", "oauth-token-invalid", "invalid_token"];

/// How many items a page of a list holds, and the query of the next page.
pub(crate) fn page_in(body: &[u8], asked: &Address) -> Result<(usize, Option<String>)> {
    paging::read(body, asked, None).map(|page| (page.items.len(), page.next))
}

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &ApiArguments,
) -> Result<()> {
    let context = invocation.context;
    request::read_target(&arguments.target)?;
    let changes = Changes::read(&arguments.headers)?;
    let method = request::method(arguments.method.as_deref(), arguments.data.is_some())?;
    if arguments.all && method != "GET" {
        return Err(Error::usage("--all asks for pages, and does so by GET alone"));
    }
    let whole = arguments.max_time.as_deref().map(seconds).transpose()?;
    let profile = profile::resolve(context, selection)?;
    let address = request::address(&arguments.target, &profile)?;
    let patience = budget::whole(context)?;
    let (is_terminal, has_errors) = (invocation.terminals.has_output(), invocation.terminals.has_errors());
    let mut data = Data::open(arguments.data.as_deref(), &mut *invocation.input)?;
    let file = match &arguments.output {
        Some(path) => Some(
            OutputFile::create(path)
                .map_err(|error| Error::storage(error.to_string()).with_hint_if_any(error.cure()))?,
        ),
        None => None,
    };
    let http = Http::to(&address.base, profile.ca_file.as_deref(), context, PROGRAM)?;
    let credentials = Credentials::new(context, &profile);
    let fetched = road::acquire_with(&credentials, &TokenRequest::default())?;
    let content_type = data.content_type()?;
    let mut exchange = Exchange {
        credentials: &credentials,
        http: &http,
        method: &method,
        changes: &changes,
        content_type,
        fetched,
        refused: None,
        patience,
        deadline: whole.map(|whole| context.clock.monotonic() + whole),
        is_repeated: !arguments.no_retry,
    };
    let stdout = Stdout::new(invocation.stdout, is_terminal);
    let output = Output { stdout, file, context, has_bar: has_errors };
    if arguments.all {
        return all(&mut exchange, &address, arguments.items.as_deref(), output);
    }
    let answered = exchange.send(&address, &mut data)?;
    output.deliver(&exchange, answered, arguments.include)
}

fn seconds(text: &str) -> Result<Duration> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e9 => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(Error::usage("--max-time expects a number of seconds, like 30")),
    }
}

/// What all requests of one call have in common.
struct Exchange<'a> {
    credentials: &'a Credentials<'a>,
    http: &'a Http<'a>,
    method: &'a str,
    changes: &'a Changes,
    content_type: Option<&'static str>,
    fetched: Fetched,
    /// The token that was refused, which a service may repeat.
    refused: Option<AccessToken>,
    /// `AEP_TIMEOUT`
    patience: Duration,
    /// On the clock's stop-watch.
    deadline: Option<Duration>,
    is_repeated: bool,
}

/// An answer, and what was read of its body to tell what it means.
struct Opened {
    answered: Answered,
    head: Vec<u8>,
    /// What is to be told beside the refusal.
    note: Option<&'static str>,
}

impl Exchange<'_> {
    /// Sends a request, and again where that helps: once with a new token, and after a wait that the service asks for.
    fn send(&mut self, address: &Address, data: &mut Data<'_>) -> Result<Opened> {
        let mut waited = Duration::ZERO;
        let mut pauses = budget::RETRIES;
        loop {
            let start = self.context().clock.monotonic();
            let mut answered = self.send_once(address, data)?;
            let took = self.context().clock.monotonic().saturating_sub(start).as_millis();
            let hidden = self.hidden();
            let id = |name: &str| {
                let id = answered.header(name).map(|id| terminal::clean_within(&hidden.text(&id), 100));
                id.map_or_else(String::new, |id| format!(", {name} {id}"))
            };
            self.context().log.info(format_args!(
                "{} {}{}: {} in {took} ms{}{}",
                self.method,
                address.base,
                address.path(),
                answered.status,
                id("x-debug-id"),
                id("x-request-id"),
            ));
            let opened = |answered, head| Opened { answered, head, note: None };
            if !self.is_repeated {
                return Ok(opened(answered, Vec::new()));
            }
            match answered.status {
                401 if self.fetched.source != Source::Ims => {
                    let head = self.read_words(&mut answered)?;
                    if !self.has_ended(&head) {
                        return Ok(opened(answered, head));
                    }
                    self.renew()?;
                    if !data.is_at_hand() {
                        let note = "the token had ended, and what came from the pipe cannot be sent again";
                        return Ok(Opened { answered, head, note: Some(note) });
                    }
                }
                429 | 503 if self.may_wait(answered.status) && data.is_at_hand() && pauses > 0 => {
                    let clock = &self.context().clock;
                    let usual = || jittered(Duration::from_millis(500) * 2u32.pow(budget::RETRIES - pauses));
                    let pause = answered.asked_pause(clock.now()).unwrap_or_else(usual);
                    let is_in_time = waited + pause <= self.patience
                        && self.deadline.is_none_or(|deadline| clock.monotonic() + pause < deadline);
                    if !is_in_time {
                        return Ok(opened(answered, Vec::new()));
                    }
                    self.context().log.info(format_args!(
                        "{} is asked again in {} ms",
                        address.base,
                        pause.as_millis()
                    ));
                    clock.sleep(pause);
                    waited += pause;
                    pauses -= 1;
                }
                _ => return Ok(opened(answered, Vec::new())),
            }
        }
    }

    /// 429 was not looked into by the service; a 503 may have been done all the same.
    fn may_wait(&self, status: u16) -> bool {
        status == 429 || !["POST", "PATCH"].iter().any(|method| method.eq_ignore_ascii_case(self.method))
    }

    fn send_once(&self, address: &Address, data: &mut Data<'_>) -> Result<Answered> {
        let profile = self.credentials.profile();
        let clock = &self.context().clock;
        let whole = self.deadline.map(|deadline| deadline.saturating_sub(clock.monotonic()));
        if whole.is_some_and(|whole| whole.is_zero()) {
            return Err(Error::unreachable(format!("{} was not done in time", address.base))
                .with_hint("give it longer: --max-time"));
        }
        let mut sent: Vec<(String, String)> = headers::for_address(profile, &self.fetched.token.value, address)?
            .into_iter()
            .map(|header| (header.name.to_owned(), header.value))
            .collect();
        let accept = Service::at(profile, address).map_or("*/*", |service| service.accept(self.method, address.path()));
        let is_there = sent.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept"));
        sent.extend((!is_there).then(|| ("Accept".to_owned(), accept.to_owned())));
        sent.extend(self.content_type.map(|kind| ("Content-Type".to_owned(), kind.to_owned())));
        sent.push(("User-Agent".to_owned(), user_agent(PROGRAM)));
        self.changes.apply(&mut sent);
        let call = Call {
            method: self.method,
            target: &address.target,
            headers: &sent,
            first_byte: self.patience,
            silence: SILENCE,
            whole,
        };
        data.with_body(|body| self.http.call(&call, body))
    }

    fn context(&self) -> &Context {
        self.credentials.context()
    }

    fn hidden(&self) -> Hidden<'_> {
        Hidden::tokens(self.refused.iter().chain([&self.fetched.token.value]))
    }

    /// Whether a 401 is about the token: the service says so, or IMS does.
    fn has_ended(&self, body: &[u8]) -> bool {
        let parsed: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        TOKEN_ENDED.contains(&call::code(&parsed).as_str())
            || is_valid(self.context(), self.credentials.profile(), &self.fetched.token.value, PROGRAM) == Some(false)
    }

    fn renew(&mut self) -> Result<()> {
        self.context().log.info("the service refused the token; it is renewed");
        let refused = self.fetched.token.value.clone();
        self.refused = Some(refused.clone());
        let refuse = Refuse::This(refused);
        self.fetched = road::acquire_with(self.credentials, &TokenRequest { refuse, ..TokenRequest::default() })?;
        Ok(())
    }

    /// The beginning of a refusal.
    fn read_words(&self, answered: &mut Answered) -> Result<Vec<u8>> {
        let mut words = vec![0; MOST_WORDS];
        let mut length = 0;
        while length < words.len() {
            match answered.read(self.http, &mut words[length..])? {
                0 => break,
                count => length += count,
            }
        }
        words.truncate(length);
        Ok(words)
    }

    fn explain(&self, opened: &Opened, words: &[u8]) -> Error {
        let (context, profile) = (self.context(), self.credentials.profile());
        let error = call::explain(&opened.answered, words, context, profile, &self.hidden());
        match opened.note {
            Some(note) => {
                let message = format!("{}; {note}", error.message());
                error.with_message(message).with_hint("a new token is at hand now: run it again")
            }
            None => error,
        }
    }
}

/// Where answers go.
struct Output<'a> {
    stdout: Stdout<'a>,
    file: Option<OutputFile>,
    context: &'a Context,
    has_bar: bool,
}

impl<'a> Output<'a> {
    /// The file for a 2xx, else standard output.
    fn place(self, answered: &Answered) -> Place<'a> {
        match self.file {
            Some(file) if is_success(answered) => {
                let has_bar = self.has_bar && file.is_regular();
                let progress = Progress::new(self.context, has_bar, answered.length());
                Place::File(Box::new(file), progress)
            }
            _ => Place::Stdout(self.stdout),
        }
    }

    /// Writes an answer as it comes; then its status is the result.
    fn deliver(self, exchange: &Exchange<'_>, mut opened: Opened, with_head: bool) -> Result<()> {
        let is_success = is_success(&opened.answered);
        let mut place = self.place(&opened.answered);
        let mut is_read = true;
        if with_head {
            is_read = place.write(answer::head(&opened.answered).as_bytes())?;
        }
        let mut words = std::mem::take(&mut opened.head);
        is_read = is_read && (words.is_empty() || place.write(&words)?);
        let mut piece = vec![0; PIECE];
        while is_read {
            let count = opened.answered.read(exchange.http, &mut piece)?;
            if count == 0 {
                break;
            }
            if !is_success {
                let room = MOST_WORDS.saturating_sub(words.len()).min(count);
                words.extend_from_slice(&piece[..room]);
            }
            is_read = place.write(&piece[..count])?;
        }
        place.finish()?;
        if is_success { Ok(()) } else { Err(exchange.explain(&opened, &words)) }
    }
}

fn is_success(answered: &Answered) -> bool {
    (200..300).contains(&answered.status)
}

/// Asks for all pages and writes their items as one array, which ends after the last page alone.
fn all(exchange: &mut Exchange<'_>, first: &Address, name: Option<&str>, output: Output<'_>) -> Result<()> {
    let mut nothing = std::io::empty();
    let mut data = Data::open(None, &mut nothing)?;
    let mut asked = paging::Asked::default();
    let mut address = first.clone();
    asked.note(&address)?;
    let mut opened = exchange.send(&address, &mut data)?;
    if !is_success(&opened.answered) {
        return output.deliver(exchange, opened, false);
    }
    let mut place = output.place(&opened.answered);
    let mut begin = "[";
    loop {
        let body = read_page(exchange, &mut opened)?;
        let page = paging::read(&body, &address, name)?;
        let mut text = String::new();
        for item in page.items {
            text.push_str(begin);
            text.push('\n');
            text.push_str(item.get());
            begin = ",";
        }
        if !place.write(text.as_bytes())? {
            return Ok(());
        }
        let Some(query) = page.next else { break };
        address.target = format!("{}?{query}", first.path());
        asked.note(&address)?;
        opened = exchange.send(&address, &mut data)?;
        if !is_success(&opened.answered) {
            let words = match std::mem::take(&mut opened.head) {
                words if words.is_empty() => exchange.read_words(&mut opened.answered)?,
                words => words,
            };
            return Err(exchange.explain(&opened, &words));
        }
    }
    let end = if begin == "[" { "[]\n" } else { "\n]\n" };
    place.write(end.as_bytes())?;
    place.finish()
}

fn read_page(exchange: &Exchange<'_>, opened: &mut Opened) -> Result<Vec<u8>> {
    let mut body = std::mem::take(&mut opened.head);
    let mut piece = vec![0; PIECE];
    loop {
        let count = opened.answered.read(exchange.http, &mut piece)?;
        if count == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&piece[..count]);
        if body.len() > MOST_A_PAGE {
            return Err(Error::unreachable("a page is larger than 64 MiB; ask for fewer items a page"));
        }
    }
}
