//! What is said of a candidate, so that nothing of a file is dropped in silence.

use std::collections::{BTreeSet, HashSet};

use aep_core::secret;

use super::{Place, Reading, Shape, is_filler, is_real, shown};
use crate::import::fields::{self, Meaning};
use crate::import::groups::Field;
use crate::import::{Candidate, Kind};

/// The most names that one line tells.
const MOST_NAMES: usize = 40;

impl Reading<'_> {
    /// Names what stands beside the credential and goes nowhere: other services' secrets, settings without a place.
    pub(super) fn note_left(
        &self,
        candidate: &mut Candidate,
        group: usize,
        known: &HashSet<*const Field>,
        taken: &BTreeSet<usize>,
    ) {
        // The options of a command are no part of a credential.
        if self.shape == Shape::Command {
            return;
        }
        let is_flat = matches!(self.shape, Shape::AppBuilder | Shape::Lines | Shape::Ini);
        let above = self.ancestors(group).filter(|_| is_flat);
        let fields = std::iter::once(group).chain(above).flat_map(|index| &self.groups[index].fields);
        let mut names: Vec<String> = Vec::new();
        for field in fields.filter(|field| !known.contains(&std::ptr::from_ref(*field)) && is_worth_a_word(field)) {
            let is_same_id = field.value.text() == Some(candidate.client_id.as_str());
            let name = shown(&field.written);
            if !is_same_id && !names.contains(&name) {
                names.push(name);
            }
        }
        for (path, field) in self.deeper(group, taken) {
            let name = shown(&format!("{path}.{}", field.written));
            if !known.contains(&std::ptr::from_ref(field)) && is_worth_a_word(field) && !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len().saturating_sub(MOST_NAMES);
        names.truncate(MOST_NAMES);
        if !names.is_empty() {
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            candidate.notes.push(format!("a profile has no place for {}{more}; not taken", names.join(", ")));
        }
    }
}

impl<'a> Reading<'a> {
    /// What lies below a group under a key that means nothing here, unless it is with another credential.
    fn deeper(&self, group: usize, taken: &BTreeSet<usize>) -> Vec<(String, &'a Field)> {
        let own = &self.groups[group];
        let mut fields = Vec::new();
        // A program that is started has settings of its own.
        let is_program = own.fields.iter().any(|field| field.written == "image");
        for (index, inner) in self.groups.iter().enumerate().skip(group + 1).filter(|_| !is_program) {
            let mut above = std::iter::once(index).chain(self.ancestors(index));
            let between: Vec<usize> = above.by_ref().take_while(|at| *at != group).collect();
            let is_below = self.ancestors(index).any(|at| at == group);
            let path = inner.path.get(own.path.len()..).unwrap_or_default();
            // A field's own parts: `{ "value": … }`.
            let is_part = |key: &String| {
                own.fields.iter().any(|field| field.written == *key)
                    || fields::name(key).is_some_and(|name| name.meaning != Meaning::Other)
            };
            if is_below && !between.iter().any(|at| taken.contains(at)) && !path.iter().any(is_part) {
                fields.extend(inner.fields.iter().map(|field| (path.join("."), field)));
            }
        }
        fields
    }
}

/// Whether a field has a value, and a name that can be nothing else: a line of a key that is cut has a `=` too.
fn is_worth_a_word(field: &Field) -> bool {
    // What starts the program whose environment this is, and what has a note of its own.
    if ["command", "args", "image", "type", "transport", "schema"].contains(&field.written.as_str())
        || field.written.starts_with("secure_")
    {
        return false;
    }
    let is_detail = field.name.as_ref().is_some_and(|name| {
        name.meaning == Meaning::Other && (is_filler(&name.prefix) || field.written.to_lowercase().contains("mail"))
    });
    let is_name = field.written.len() <= 60
        && field.written.starts_with(|first: char| first.is_alphabetic() || first == '$')
        && !field.written.contains(['+', '/'])
        && !secret::is_adobes(&field.written);
    let is_value = field.value.text().is_some_and(|text| is_real(text) && !text.trim_matches('=').is_empty());
    is_name && is_value && !is_detail
}

impl Place<'_> {
    /// Which of the fields that a flow needs stand in the file without a value.
    pub(super) fn note_unfilled(&self, candidate: &mut Candidate, id: Option<&Field>) {
        if let Some(id) = id.filter(|id| id.value.text().is_some_and(secret::is_adobes)) {
            candidate.unfilled.push(format!("{} holds a client secret", shown(&id.written)));
        }
        let mut wanted: Vec<&Field> = id.into_iter().collect();
        for meaning in [Meaning::ClientSecret, Meaning::Secret, Meaning::OrgId, Meaning::TechnicalAccountId] {
            wanted.extend(self.nearest(meaning));
        }
        let everywhere = || self.groups.iter().flat_map(|group| &group.fields);
        let named = |field: &&Field, meaning| field.name.as_ref().map(|name| name.meaning) == Some(meaning);
        if candidate.client_secrets.is_empty() && self.is_filled() {
            let is_it = |field: &&Field| {
                named(field, Meaning::ClientSecret) && field.value.text().is_some_and(fields::is_reference)
            };
            wanted.extend(everywhere().find(is_it));
        }
        if id.is_none() {
            let is_swapped = |field: &&Field| named(field, Meaning::ClientId) && field.meaning == Some(Meaning::OrgId);
            let words = |field: &Field| format!("{} holds an organization", shown(&field.written));
            candidate.unfilled.extend(self.groups[self.group].fields.iter().find(is_swapped).map(words));
        }
        for field in wanted {
            let texts = field.value.texts();
            if texts.iter().any(|text| is_real(text)) {
                continue;
            }
            let what = if texts.iter().any(|text| !fields::is_reference(text) || text.starts_with('{')) {
                "a placeholder"
            } else {
                "a reference, which is not followed"
            };
            candidate.unfilled.push(format!("{} is {what}", shown(&field.written)));
        }
        // User Sync's way to say that a secret is elsewhere.
        let is_elsewhere = |field: &&Field| field.written.starts_with("secure_") && field.written.contains("secret");
        if candidate.client_secrets.is_empty()
            && let Some(field) = self.groups[self.group].fields.iter().find(is_elsewhere)
        {
            candidate
                .unfilled
                .push(format!("{} names an entry of a keyring, which is not followed", shown(&field.written)));
        }
    }

    /// Says what the profile will lack.
    pub(super) fn note_what_is_left(&self, candidate: &mut Candidate) {
        let written = |meaning| {
            let fields = self.nearest(meaning);
            let mut names: Vec<String> = Vec::new();
            for field in fields.iter().filter(|field| field.value.text().is_some_and(is_real)) {
                names.push(shown(&field.written));
            }
            Some(names.join(", ")).filter(|names| !names.is_empty())
        };
        self.note_choices(candidate);
        if let Some(names) = written(Meaning::AuthCode) {
            candidate
                .notes
                .push(format!("{names} is for signing a person in, which is not done here; it is not taken"));
        }
        if let Some(names) = written(Meaning::Token) {
            candidate.notes.push(format!("{names} is not taken: tokens are fetched anew"));
        }
        if matches!(candidate.kind, Kind::Service(_))
            && let Some(names) = written(Meaning::Redirect)
        {
            candidate.notes.push(format!("{names} is for signing a person in; it is not taken"));
        }
        let sign_in: Vec<&str> = self.nearest(Meaning::Type).iter().filter_map(|field| field.value.text()).collect();
        for how in sign_in {
            if ["authorization_code", "password", "device", "implicit"].contains(&how.to_lowercase().as_str()) {
                candidate
                    .notes
                    .push(format!("the file signs in by {}; client credentials are used instead", shown(how)));
            }
        }
        let secure: Vec<String> = self.groups[self.group]
            .fields
            .iter()
            .filter(|field| field.written.starts_with("secure_"))
            .map(|field| shown(&field.written))
            .collect();
        if !secure.is_empty() {
            candidate.notes.push(format!("{} names an entry of a keyring, which is not followed", secure.join(", ")));
        }
    }

    /// Says which of several values was taken, and that a sandbox is none.
    fn note_choices(&self, candidate: &mut Candidate) {
        let address = |text: &str| super::base(&text.to_lowercase()).trim_start_matches("https://").to_owned();
        // Any value may be a secret in the wrong place.
        let is_shown = |meaning: Meaning, text: &str| match meaning {
            Meaning::OrgId => text.ends_with("@AdobeOrg"),
            Meaning::TechnicalAccountId => text.ends_with("@techacct.adobe.com"),
            _ => meaning != Meaning::ClientId && !secret::is_adobes(text),
        };
        for (meaning, title) in [
            (Meaning::ClientId, "client id"),
            (Meaning::OrgId, "organization"),
            (Meaning::TechnicalAccountId, "technical account id"),
            (Meaning::Sandbox, "sandbox"),
            (Meaning::ImsUrl, "IMS"),
            (Meaning::PlatformUrl, "platform"),
        ] {
            let same = |text: &str| {
                if matches!(meaning, Meaning::ImsUrl | Meaning::PlatformUrl) { address(text) } else { text.to_owned() }
            };
            let mut texts: Vec<String> = self.texts(meaning).into_iter().map(same).collect();
            let Some(taken) = texts.pop() else { continue };
            texts.retain(|text| *text != taken);
            texts.sort();
            texts.dedup();
            if !texts.is_empty() {
                let names: Vec<String> =
                    texts.iter().filter(|text| is_shown(meaning, text)).map(|text| shown(text)).collect();
                let names = if names.is_empty() { String::new() } else { format!(" {}", names.join(", ")) };
                candidate.notes.push(format!("the file names another {title}{names}, which is not taken"));
            }
        }
        let (_, dropped) = self.secret_fields();
        if let Some(field) = dropped.first() {
            candidate.notes.push(format!("{} stands there twice; the last one is taken", shown(&field.written)));
        }
        let sandboxes = self.nearest(Meaning::Sandbox);
        if candidate.sandbox.is_none()
            && let Some(field) = sandboxes.first()
        {
            candidate
                .notes
                .push(format!("{} names no sandbox, it is not taken; --sandbox NAME names one", shown(&field.written)));
        }
    }

    /// The fields that are taken, or that a note tells of.
    pub(super) fn taken_fields(&self) -> impl Iterator<Item = *const Field> {
        use Meaning::{
            AuthCode, Certificate, ClientSecret, Environment, ImsUrl, KeyPath, MetaScopes, OrgId, Passphrase,
            PlatformUrl, PrivateKey, Redirect, Sandbox, Scopes, Secret, TechnicalAccountId, Token, Type,
        };
        let meanings = [
            AuthCode,
            Certificate,
            ClientSecret,
            Environment,
            ImsUrl,
            KeyPath,
            MetaScopes,
            OrgId,
            Passphrase,
            PlatformUrl,
            PrivateKey,
            Redirect,
            Sandbox,
            Scopes,
            TechnicalAccountId,
            Token,
            Type,
        ];
        let has_secret = !self.nearest(ClientSecret).is_empty();
        meanings
            .into_iter()
            .chain((!has_secret).then_some(Secret))
            .flat_map(|meaning| self.nearest(meaning))
            .chain(self.of_aio())
            .map(std::ptr::from_ref)
    }
}
