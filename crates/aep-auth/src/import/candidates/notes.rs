//! What is said of a candidate, so that nothing of a file is dropped in silence.

use super::{Place, STAGE_IMS, STAGE_PLATFORM, is_adobes_secret, is_real, shown};
use crate::import::fields::{self, Meaning};
use crate::import::groups::Field;
use crate::import::{Candidate, Kind};

impl Place<'_> {
    /// Which of the fields that a flow needs stand in the file without a value.
    pub(super) fn note_unfilled(&self, candidate: &mut Candidate, id: Option<&Field>) {
        if let Some(id) = id.filter(|id| id.value.text().is_some_and(is_adobes_secret)) {
            candidate.unfilled.push(format!("{} holds a client secret", shown(&id.written)));
        }
        let mut wanted: Vec<&Field> = id.into_iter().collect();
        for meaning in [Meaning::ClientSecret, Meaning::Secret, Meaning::OrgId, Meaning::TechnicalAccountId] {
            wanted.extend(self.nearest(meaning));
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
    }

    pub(super) fn note_environment(&self, candidate: &mut Candidate) {
        let fields = self.nearest(Meaning::Environment);
        let field = fields.iter().rev().find_map(|field| Some((field.written.as_str(), field.value.text()?)));
        let Some((name, said)) = self.environment.map(|environment| ("the name", environment)).or(field) else {
            return;
        };
        match said.to_lowercase().as_str() {
            "prod" | "production" | "prd" => {}
            "stage" | "stg" | "stg1" | "staging" => {
                candidate.ims_url.get_or_insert_with(|| STAGE_IMS.to_owned());
                candidate.platform_url.get_or_insert_with(|| STAGE_PLATFORM.to_owned());
                candidate.notes.push(format!(
                    "the file says {} is {}, so Adobe's stage hosts are taken; --ims-url and --platform-url name others",
                    shown(name),
                    shown(said)
                ));
            }
            _ => candidate.notes.push(format!(
                "the file says {} is {}, for which no hosts are known; --ims-url and --platform-url name them",
                shown(name),
                shown(said)
            )),
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
        if !self.shape.is_about_one_credential() {
            return;
        }
        let left: Vec<String> = self.groups[self.group]
            .fields
            .iter()
            .filter(|field| field.meaning.is_none() && !field.written.starts_with('_'))
            .filter(|field| field.value.text().is_some_and(is_real))
            .map(|field| shown(&field.written))
            .take(12)
            .collect();
        if !left.is_empty() {
            candidate.notes.push(format!("the profile has no place for {}", left.join(", ")));
        }
    }
}
