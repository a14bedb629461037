//! From groups of fields to credentials: which fields belong together, and what the values say.

mod environment;
mod kind;
mod notes;

use std::collections::{BTreeSet, HashSet};

use aep_core::profile::{Flow, split_list};
use aep_core::secret::{self, Secret};
use aep_core::terminal;

use self::kind::Ownership;
use super::fields::{self, Meaning, Name, host_and_path};
use super::groups::{Field, Group, Value};
use super::{Candidate, Kind, key};

/// What a file was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Console,
    Project,
    Aem,
    Postman,
    Aio,
    AppBuilder,
    Mcp,
    Aepp,
    Imscli,
    UserSync,
    Config,
    Yaml,
    Ini,
    Code,
    Command,
    Lines,
}

impl Shape {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Console => "a Developer Console credential",
            Self::Project => "a Developer Console project",
            Self::Aem => "AEM service credentials",
            Self::Postman => "a Postman environment",
            Self::Aio => "an aio config",
            Self::AppBuilder => "an App Builder .env file",
            Self::Mcp => "an MCP client's file",
            Self::Aepp => "an aepp-like config",
            Self::Imscli => "an imscli config",
            Self::UserSync => "a User Sync config",
            Self::Config => "a config",
            Self::Yaml => "a YAML file",
            Self::Ini => "an INI file",
            Self::Code => "a piece of a program",
            Self::Command => "a command",
            Self::Lines => "KEY=VALUE lines",
        }
    }

    /// Whether it is made to be downloaded once, so that no other tool misses it.
    pub(super) fn is_download(self) -> bool {
        matches!(self, Self::Console | Self::Project | Self::Aem | Self::Postman)
    }

    /// Whether it says nothing of whose credential it is.
    fn is_anybodys(self) -> bool {
        matches!(self, Self::Mcp | Self::Config | Self::Yaml | Self::Ini | Self::Code | Self::Command | Self::Lines)
            || matches!(self, Self::Postman | Self::Imscli)
    }

    /// Whether its own names are so common that a credential's values must say it too.
    fn is_like_anybodys(self) -> bool {
        matches!(self, Self::Console | Self::Aepp | Self::UserSync)
    }
}

/// The most client ids: each is compared with every field.
pub(super) const MOST_IDS: usize = 100;

/// The groups of a file, and what it was taken for.
pub(super) struct Reading<'a> {
    pub(super) groups: &'a [Group],
    pub(super) shape: Shape,
}

/// A client id and what belongs to it.
struct Place<'a> {
    groups: &'a [Group],
    shape: Shape,
    /// Where the client id is.
    group: usize,
    prefix: String,
    environment: Option<&'static str>,
    /// The prefixes of all client ids of that group.
    owners: Vec<(String, Option<&'static str>)>,
    /// The groups in which there is a client id.
    taken: BTreeSet<usize>,
}

impl Reading<'_> {
    /// Every credential, whole or not; placeholders and other people's credentials are none.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let ids: Vec<Vec<&Field>> = self.groups.iter().map(client_ids).collect();
        let taken: BTreeSet<usize> = (0..ids.len()).filter(|index| !ids[*index].is_empty()).collect();
        let mut found = Vec::new();
        let mut places = Vec::new();
        let mut known = HashSet::new();
        for (group, ids) in ids.iter().enumerate() {
            let names: Vec<&Name> = ids.iter().filter_map(|id| id.name.as_ref()).collect();
            let owners: Vec<_> = names.iter().map(|name| (name.prefix.clone(), name.environment)).collect();
            for (id, name) in ids.iter().zip(&names) {
                let place = Place {
                    groups: self.groups,
                    shape: self.shape,
                    group,
                    prefix: name.prefix.clone(),
                    environment: name.environment,
                    owners: owners.clone(),
                    taken: taken.clone(),
                };
                if let Some(candidate) = place.candidate(Some(id)) {
                    known.extend(place.taken_fields().chain([std::ptr::from_ref(*id)]));
                    found.push(candidate);
                    places.push(group);
                }
            }
            if ids.is_empty()
                && self.shape != Shape::Project
                && let Some((candidate, place)) = self.without_id(group, &taken)
            {
                known.extend(place.taken_fields());
                found.push(candidate);
                places.push(group);
            }
        }
        for (candidate, group) in found.iter_mut().zip(places) {
            self.note_left(candidate, group, &known, &taken);
        }
        self.complete_from_elsewhere(&mut found);
        found
    }

    /// A login, or a credential whose client id is missing.
    fn without_id(&self, group: usize, taken: &BTreeSet<usize>) -> Option<(Candidate, Place<'_>)> {
        let own = &self.groups[group];
        let has = |meaning| own.fields.iter().any(|field| field.meaning == Some(meaning));
        let is_inside_another = taken.contains(&group)
            || self.ancestors(group).any(|above| taken.contains(&above))
            || taken.iter().any(|inner| self.ancestors(*inner).any(|above| above == group));
        let place = Place {
            groups: self.groups,
            shape: self.shape,
            group,
            prefix: String::new(),
            environment: None,
            owners: Vec::new(),
            taken: taken.clone(),
        };
        let is_login = matches!(self.shape, Shape::Aio | Shape::AppBuilder)
            && own.path.iter().any(|key| key == "access_token" || key == "refresh_token")
            && own.fields.iter().any(|field| field.written == "token");
        if is_login {
            let name = own.path.iter().rev().nth(1).cloned();
            let login = Candidate { found_in: self.shape.title(), kind: Kind::Login, name, ..Candidate::default() };
            return Some((login, place));
        }
        let is_credential = (has(Meaning::ClientSecret) || has(Meaning::TechnicalAccountId))
            && (has(Meaning::OrgId) || has(Meaning::Scopes) || has(Meaning::MetaScopes));
        if is_inside_another || !is_credential {
            return None;
        }
        Some((place.candidate(None)?, place))
    }

    fn ancestors(&self, group: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.groups[group].parent, |above| self.groups[*above].parent)
    }

    /// What the one credential of a file lacks may stand anywhere in it, where its value or name leaves no doubt.
    fn complete_from_elsewhere(&self, found: &mut Vec<Candidate>) {
        join_halves(found);
        let is_alone = found.len() == 1;
        let mut services = found.iter_mut().filter(|one| matches!(one.kind, Kind::Service(_)));
        let (Some(only), None) = (services.next(), services.next()) else { return };
        let sole = |meaning: Meaning, is_sure: fn(&str) -> bool| {
            let values: BTreeSet<&str> = self
                .groups
                .iter()
                .flat_map(|group| &group.fields)
                .filter(|field| field.meaning == Some(meaning))
                .filter_map(|field| field.value.text())
                .filter(|text| (is_real(text) || meaning == Meaning::Sandbox) && is_sure(text))
                .collect();
            (values.len() == 1).then(|| values.into_iter().next().map(str::to_owned))?
        };
        if only.client_secrets.is_empty() && is_alone {
            only.client_secrets.extend(sole(Meaning::ClientSecret, secret::is_adobes).map(Secret::new));
        }
        if only.org_id.is_none() {
            only.org_id = sole(Meaning::OrgId, |text| text.ends_with("@AdobeOrg"));
        }
        if only.technical_account_id.is_none() {
            only.technical_account_id = sole(Meaning::TechnicalAccountId, |text| text.ends_with("@techacct.adobe.com"));
        }
        if only.sandbox.is_none() {
            only.sandbox = sole(Meaning::Sandbox, fields::is_sandbox);
        }
        if only.ims_url.is_none()
            && let Some(url) = sole(Meaning::ImsUrl, |text| host_and_path(text).0.ends_with(".adobelogin.com"))
        {
            only.ims_url = Some(base(&url));
            environment::complete_hosts(only);
        }
    }
}

/// Joins two that lie side by side and are one: `client_credentials` with `service_account_credentials`.
fn join_halves(found: &mut Vec<Candidate>) {
    let is_half = |one: &Candidate| one.client_id.is_empty() && one.client_secrets.is_empty() && one.flow().is_some();
    let [first, second] = found.as_slice() else { return };
    let rest = match (is_half(first), is_half(second)) {
        (false, true) if first.flow().is_some() => 1,
        (true, false) if second.flow().is_some() => 0,
        _ => return,
    };
    let rest = found.remove(rest);
    for one in found {
        let is_oauth = !one.scopes.is_empty() || !rest.scopes.is_empty();
        if rest.flow() == Some(Flow::Jwt) && !is_oauth {
            one.kind = rest.kind;
        }
        one.org_id = one.org_id.take().or(rest.org_id.clone());
        one.technical_account_id = one.technical_account_id.take().or(rest.technical_account_id.clone());
        one.private_key_path = one.private_key_path.take().or(rest.private_key_path.clone());
        if one.private_key.is_none() {
            one.private_key = rest.private_key.as_ref().map(|key| Secret::new(key.expose().to_owned()));
        }
        if one.scopes.is_empty() {
            one.scopes.clone_from(&rest.scopes);
        }
        if one.meta_scopes.is_empty() {
            one.meta_scopes.clone_from(&rest.meta_scopes);
        }
        one.notes.extend(rest.notes.iter().cloned());
    }
}

/// How many fields are a client id.
pub(super) fn count_ids(groups: &[Group]) -> usize {
    let fields = groups.iter().flat_map(|group| &group.fields);
    fields.filter(|field| matches!(field.meaning, Some(Meaning::ClientId | Meaning::ApiKey))).count()
}

/// The client ids of a group; a name that says so outdoes `api_key` beside it.
fn client_ids(group: &Group) -> Vec<&Field> {
    let mut ids: Vec<&Field> = Vec::new();
    for wanted in [Meaning::ClientId, Meaning::ApiKey] {
        for field in group.fields.iter().filter(|field| field.meaning == Some(wanted)) {
            let Some(name) = &field.name else { continue };
            let same = |other: &&Field| {
                other.name.as_ref().is_some_and(|o| o.prefix == name.prefix && o.environment == name.environment)
            };
            match ids.iter().position(same) {
                // The last one counts, as in a shell.
                Some(index) if ids[index].meaning == Some(wanted) => ids[index] = field,
                Some(_) => {}
                None => ids.push(field),
            }
        }
    }
    ids
}

/// The address without its path: what is asked there is ours to know.
fn base(text: &str) -> String {
    let (host, _) = host_and_path(text);
    match text.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{host}"),
        None => host.to_owned(),
    }
}

fn is_real(text: &str) -> bool {
    !text.trim().is_empty() && !fields::is_placeholder(text) && !fields::is_reference(text)
}

/// A prefix that is made of nothing but the words of this field.
fn is_filler(prefix: &str) -> bool {
    const WORDS: &[&str] = &[
        "adobe",
        "aep",
        "aio",
        "ims",
        "oauth",
        "auth",
        "jwt",
        "s2s",
        "server",
        "to",
        "aem",
        "credentials",
        "ce",
        "technicalaccount",
        "account",
        "client",
        "enterprise",
    ];
    let mut rest = prefix;
    while let Some(left) = WORDS.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = left;
    }
    rest.is_empty()
}

impl<'a> Place<'a> {
    /// How near a field is to this client id; `None` where it does not belong to it.
    fn distance(&self, group: usize, field: &Field, meaning: Meaning) -> Option<usize> {
        let unnamed = Name { meaning, prefix: String::new(), environment: None };
        let name = field.name.as_ref().unwrap_or(&unnamed);
        let is_secret = matches!(meaning, Meaning::ClientSecret | Meaning::Secret);
        if group == self.group {
            let later = match (name.environment, self.environment) {
                (one, other) if one == other => 0,
                (None, Some(_)) => 5,
                _ => return None,
            };
            if name.prefix == self.prefix {
                return Some(later);
            }
            if self.owners.iter().any(|(prefix, _)| *prefix == name.prefix) {
                // An organization without a prefix is everybody's.
                return (meaning == Meaning::OrgId && name.prefix.is_empty()).then_some(later + 50);
            }
            if self.prefix.starts_with(&name.prefix) {
                return Some(later + 10);
            }
            let extra = name.prefix.strip_prefix(self.prefix.as_str());
            if extra.is_some_and(is_filler) || (is_filler(&name.prefix) && is_filler(&self.prefix)) {
                // Another client id may be nearer to it.
                let is_owned = self
                    .owners
                    .iter()
                    .any(|(owner, _)| owner.len() > self.prefix.len() && name.prefix.starts_with(owner.as_str()));
                return (!is_owned).then_some(later + 20);
            }
            let says_itself = matches!(meaning, Meaning::OrgId | Meaning::TechnicalAccountId | Meaning::Sandbox);
            return (self.owners.len() <= 1 && says_itself).then_some(later + 40);
        }
        if !(name.prefix == self.prefix || is_filler(&name.prefix)) {
            return None;
        }
        let above = |group: usize| {
            std::iter::successors(self.groups[group].parent, |above| self.groups[*above].parent).collect::<Vec<_>>()
        };
        if let Some(steps) = above(group).iter().position(|above| *above == self.group) {
            let is_another =
                std::iter::once(group).chain(above(group)).take(steps + 1).any(|at| self.taken.contains(&at));
            return (!is_another).then_some(60 + steps);
        }
        let steps = above(self.group).iter().position(|above| *above == group)?;
        (!is_secret && !self.taken.contains(&group)).then_some(80 + steps)
    }

    /// The fields of a meaning that are nearest.
    fn nearest(&self, meaning: Meaning) -> Vec<&'a Field> {
        let mut nearest = Vec::new();
        let mut shortest = usize::MAX;
        for (index, group) in self.groups.iter().enumerate() {
            for field in group.fields.iter().filter(|field| field.meaning == Some(meaning)) {
                let Some(distance) = self.distance(index, field, meaning) else { continue };
                if distance < shortest {
                    shortest = distance;
                    nearest.clear();
                }
                if distance == shortest {
                    nearest.push(field);
                }
            }
        }
        nearest
    }

    /// The values of a meaning that are no placeholder, the one that counts last: the last one of those whose names say
    /// it, and not their values alone.
    fn texts(&self, meaning: Meaning) -> Vec<&'a str> {
        let mut fields = self.nearest(meaning);
        fields.sort_by_key(|field| field.name.as_ref().map(|name| name.meaning) == Some(meaning));
        let texts = fields.into_iter().flat_map(|field| field.value.texts().iter().rev());
        let is_one = |text: &str| if meaning == Meaning::Sandbox { fields::is_sandbox(text) } else { is_real(text) };
        let texts = texts.flat_map(|text| {
            if meaning == Meaning::Sandbox { text.split(',').rev().collect() } else { vec![text.as_str()] }
        });
        texts.map(str::trim).filter(|text| is_one(text)).collect()
    }

    fn text(&self, meaning: Meaning) -> Option<String> {
        self.texts(meaning).last().map(|text| (*text).to_owned())
    }

    fn list(&self, meaning: Meaning) -> Vec<String> {
        let mut items: Vec<String> = Vec::new();
        for field in self.nearest(meaning) {
            let texts: Vec<&str> = match &field.value {
                // The claim of an assertion: `https://…/s/ent_x_sdk` is true.
                _ if field.written.contains("/s/") => vec![&field.written],
                Value::Set => Vec::new(),
                Value::Texts(texts) => texts.iter().map(String::as_str).collect(),
            };
            for item in texts.into_iter().filter(|text| is_real(text)).flat_map(split_list) {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        items
    }

    /// The fields of client secrets; of one name that stands twice in a map the last counts, as in a shell, and the
    /// others come apart.
    fn secret_fields(&self) -> (Vec<&'a Field>, Vec<&'a Field>) {
        let mut fields = self.nearest(Meaning::ClientSecret);
        if fields.is_empty() {
            fields = self.nearest(Meaning::Secret);
        }
        let own = &self.groups[self.group].fields;
        let is_repeated = |field: &&Field| {
            let at = own.iter().position(|one| std::ptr::eq(one, *field));
            let real = |later: &Field| later.value.text().is_some_and(is_real);
            at.is_some_and(|at| own[at + 1..].iter().any(|later| later.written == field.written && real(later)))
        };
        fields.into_iter().partition(|field| !is_repeated(field))
    }

    /// The client secrets; a comma parts them, which none of Adobe's holds.
    fn secrets(&self) -> Vec<Secret> {
        let fields = self.secret_fields().0.into_iter();
        let mut secrets: Vec<Secret> = Vec::new();
        let texts = fields.flat_map(|field| field.value.texts()).filter(|text| is_real(text) && !text.contains("://"));
        for text in texts.flat_map(|text| text.split(',')).map(str::trim) {
            if is_real(text) && secrets.iter().all(|secret| secret.expose() != text) {
                secrets.push(Secret::new(text.to_owned()));
            }
        }
        secrets
    }

    fn private_key(&self) -> Option<Secret> {
        let fields = self.nearest(Meaning::PrivateKey);
        let found = fields.iter().rev().find_map(|field| key::read(&field.value.texts().join("\n")))?;
        // Its certificate tells when it ends.
        let certificate = self.nearest(Meaning::Certificate).into_iter().find_map(|field| field.value.text());
        Some(match certificate.filter(|text| text.starts_with("-----BEGIN CERTIFICATE-----")) {
            Some(text) => Secret::new(format!("{}{}\n", found.expose(), text.replace('\r', "").trim())),
            None => found,
        })
    }

    fn candidate(&self, id: Option<&Field>) -> Option<Candidate> {
        let written_id = id.and_then(|field| field.value.text()).unwrap_or_default();
        let is_id = |text: &&str| is_real(text) && !secret::is_adobes(text);
        let client_id = Some(written_id).filter(is_id).unwrap_or_default().to_owned();
        let scopes = self.list(Meaning::Scopes);
        let mut candidate = Candidate {
            found_in: self.shape.title(),
            name: self.name(),
            client_secrets: self.secrets(),
            org_id: self.text(Meaning::OrgId),
            technical_account_id: self.text(Meaning::TechnicalAccountId),
            private_key: self.private_key(),
            private_key_path: self.text(Meaning::KeyPath),
            passphrase: self.text(Meaning::Passphrase).map(Secret::new),
            sandbox: self.text(Meaning::Sandbox),
            ims_url: self.text(Meaning::ImsUrl).map(|url| base(&url)),
            platform_url: self.text(Meaning::PlatformUrl).map(|url| base(&url)),
            is_aem: self.shape == Shape::Aem || client_id.starts_with("cm-p"),
            meta_scopes: self.list(Meaning::MetaScopes),
            client_id,
            ..Candidate::default()
        };
        // Adobe names a scope of OAuth `campaign_sdk`; a list without any other is one of metascopes.
        if scopes.iter().all(|scope| is_meta_scope(scope)) {
            candidate.meta_scopes.extend(scopes);
        } else {
            candidate.scopes = scopes;
        }
        // Adobe's own pages name scopes of OAuth so: `ADOBE_IMS_META_SCOPES=openid,AdobeID,…`.
        if candidate.scopes.is_empty()
            && candidate.meta_scopes.iter().any(|scope| scope == "openid" || scope == "AdobeID")
        {
            candidate.scopes = std::mem::take(&mut candidate.meta_scopes);
        }
        for scope in &mut candidate.meta_scopes {
            if let Some((host, name)) = scope.split_once("/s/").filter(|(host, _)| !host.is_empty()) {
                candidate.ims_url.get_or_insert_with(|| base(host));
                *scope = name.to_owned();
            }
        }
        candidate.kind = self.kind(&candidate, id);
        let has_key = candidate.private_key.is_some() || candidate.private_key_path.is_some();
        candidate.lacks_key = candidate.is_aem && !has_key;
        candidate.is_sure = self.ownership(&candidate, id)? == Ownership::Sure;
        self.note_unfilled(&mut candidate, id);
        self.note_environment(&mut candidate);
        self.note_what_is_left(&mut candidate);
        Some(candidate)
    }

    /// The key under which it lies, or the prefix that tells it from its neighbours.
    fn name(&self) -> Option<String> {
        const COMMON: [&str; 10] = [
            "env",
            "environment",
            "enterprise",
            "credentials",
            "config",
            "integration",
            "technicalAccount",
            "values",
            "oauth",
            "jwt",
        ];
        if self.owners.len() > 1 {
            let environment = self.environment.unwrap_or_default();
            let name =
                [self.prefix.as_str(), environment].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
            return Some(name.join("-")).filter(|name| !name.is_empty());
        }
        self.groups[self.group].path.iter().rev().find(|key| !COMMON.contains(&key.as_str())).cloned()
    }
}

fn shown(name: &str) -> String {
    terminal::clean_within(name, 60)
}

/// Whether a scope is one of a service account's.
fn is_meta_scope(scope: &str) -> bool {
    scope.ends_with("_sdk") || scope.contains("/s/") || scope.starts_with("ent_")
}
