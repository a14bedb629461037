//! Which of a file's credentials is taken, and what is said where none can be.

use aep_core::profile::Flow;
use aep_core::{Error, Result, terminal};

use crate::cli::{FlowArgument, ImportArguments};
use crate::import::{Candidate, Kind, Needed};

/// Takes the one that was named, else the first whole one of the wanted flow; gives the words for the others too. Where
/// the client secret is elsewhere, one without is whole.
pub(super) fn choose(mut candidates: Vec<Candidate>, arguments: &ImportArguments) -> Result<(Candidate, Vec<String>)> {
    let is_whole = |candidate: &Candidate| {
        let lacks = candidate.flow().map(|flow| candidate.missing(flow));
        let is_elsewhere = |needed: &Needed| match needed {
            Needed::ClientSecret => arguments.client_secret_from.is_some(),
            Needed::PrivateKey => arguments.private_key.is_some(),
            _ => false,
        };
        lacks.is_some_and(|lacks| lacks.iter().all(is_elsewhere))
    };
    candidates.sort_by_key(|candidate| !is_whole(candidate));
    let wanted = arguments.flow.map(|flow| match flow {
        FlowArgument::Oauth => Flow::Oauth,
        FlowArgument::Jwt => Flow::Jwt,
    });
    let has_key = arguments.private_key.is_some();
    // Several candidates say of themselves what they are; of the only one the options say how to use it.
    if let [only] = candidates.as_mut_slice()
        && matches!(only.kind, Kind::Service(_))
    {
        let is_jwt_with_a_key = has_key && only.scopes.is_empty() && only.missing(Flow::Jwt).is_empty();
        let flow = wanted.or(is_jwt_with_a_key.then_some(Flow::Jwt));
        only.kind = flow.map_or(only.kind, Kind::Service);
    }
    let is_named = |candidate: &Candidate| {
        let wanted = arguments.credential.as_ref();
        wanted.is_none_or(|wanted| candidate.name.as_ref() == Some(wanted) || candidate.client_id == *wanted)
    };
    let fits = |candidate: &Candidate| {
        is_named(candidate) && wanted.is_none_or(|flow| candidate.flow().is_none_or(|own| own == flow))
    };
    // A whole one stands before the others already.
    let Some(index) = candidates.iter().position(fits) else {
        let all = candidates.iter().map(describe_other).collect::<Vec<_>>().join(", ");
        return Err(Error::configuration("the file holds no such credential").with_hint(format!("it holds: {all}")));
    };
    if !is_whole(&candidates[index]) {
        return Err(refuse(&candidates[index], candidates.len()));
    }
    let mut taken = candidates.remove(index);
    taken.lacks_key = false;
    let others = candidates.iter().map(describe_other).collect();
    Ok((taken, others))
}

/// `"name" (kind)`, and what is missing.
pub(super) fn describe(candidate: &Candidate) -> String {
    let kind = candidate.kind.title();
    let lacks = match candidate.flow() {
        Some(flow) if !candidate.is_whole() => format!(" without {}", list(&candidate.missing(flow))),
        _ => String::new(),
    };
    match &candidate.name {
        Some(name) => format!("\"{}\" ({kind}{lacks})", terminal::clean_within(name, 80)),
        None => format!("{kind}{lacks}"),
    }
}

/// One that is not taken, by the word that takes it.
fn describe_other(candidate: &Candidate) -> String {
    match &candidate.name {
        None if !candidate.client_id.is_empty() => {
            format!("{} \"{}\"", describe(candidate), terminal::clean_within(&candidate.client_id, 80))
        }
        _ => describe(candidate),
    }
}

fn list(missing: &[Needed]) -> String {
    missing.iter().map(|needed| needed.title()).collect::<Vec<_>>().join(" and ")
}

/// Says what the best of the file is, and why it does not do.
fn refuse(candidate: &Candidate, count: usize) -> Error {
    const ADD: &str = "add an OAuth Server-to-Server credential to the project in the Developer Console, and import the file \
         that it downloads";
    let of_many =
        if count > 1 { format!(" (the best of the {count} in {})", candidate.found_in) } else { String::new() };
    let other = |what: &str| Error::configuration(format!("this is {what}{of_many}")).with_hint(ADD);
    let flow = match candidate.kind {
        Kind::WebApp => {
            return other("an OAuth Web App credential: a web app signs a person in, and gives a program no token");
        }
        Kind::SinglePageApp => {
            return other("an OAuth Single-Page App credential: it signs a person in, and gives a program no token");
        }
        Kind::NativeApp => {
            return other("an OAuth Native App credential: it signs a person in, and gives a program no token");
        }
        Kind::ApiKey => return other("an API Key credential: a client id without client secret, which gives no token"),
        Kind::Login => return other("a person's login, as `aio login` keeps it, and no credential of a program"),
        Kind::Service(flow) => flow,
    };
    let missing = candidate.missing(flow);
    let unfilled =
        if candidate.unfilled.is_empty() { String::new() } else { format!(" ({})", candidate.unfilled.join(", ")) };
    let name =
        candidate.name.as_ref().map(|name| format!(" \"{}\"", terminal::clean_within(name, 80))).unwrap_or_default();
    let message = format!(
        "the file was taken for {}, and its {} credential{name} has no {}{unfilled}",
        candidate.found_in,
        candidate.kind.title(),
        list(&missing),
    );
    Error::configuration(message).with_hint(match missing.first() {
        Some(Needed::ClientSecret) if candidate.unfilled.is_empty() => {
            "select Retrieve client secret in the Developer Console, and download the file again\n\
             or say where the secret is: --client-secret-from keyring, file:PATH, env:NAME or command:WORDS"
        }
        Some(Needed::PrivateKey) => "download it again, or name its key: aep-auth import FILE --private-key PATH",
        _ if !candidate.unfilled.is_empty() => {
            "put the real values there, or import the JSON that the Developer Console downloads"
        }
        _ => "download the credential's JSON from the Developer Console",
    })
}
