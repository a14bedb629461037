//! Which of Adobe's environments a credential is of. Another than production has another IMS, so that a mark that is
//! passed over would send the secret to the wrong one.

use super::{Place, Shape, shown};
use crate::import::Candidate;
use crate::import::fields::{self, Meaning, host_and_path};
use crate::import::groups::{Field, Group};

const STAGE_IMS: &str = "https://ims-na1-stg1.adobelogin.com";
const STAGE_PLATFORM: &str = "https://platform-stage.adobe.io";

impl Place<'_> {
    /// Takes the hosts of the environment that the file names, and says so.
    pub(super) fn note_environment(&self, candidate: &mut Candidate) {
        match self.said() {
            Some(Said { environment, .. }) if fields::is_production(&environment) => {}
            Some(said) if fields::is_stage(&said.environment) => take_stage(candidate, &said.words),
            Some(said) => self.take_another(candidate, &said),
            None => self.note_marks(candidate),
        }
        complete_hosts(candidate);
    }

    fn said(&self) -> Option<Said> {
        if let Some(environment) = self.environment {
            return Some(Said { words: format!("the name is {environment}"), environment: environment.to_owned() });
        }
        let nearest = self.nearest(Meaning::Environment);
        // `stage_uploads: true` may switch anything.
        let is_clear = |field: &&Field| {
            let is_switch = field.value.text().is_none_or(fields::is_switched_on);
            !is_switch || fields::words(&field.written).last().is_some_and(|last| fields::is_stage(last))
        };
        nearest.into_iter().rev().chain(self.of_aio()).filter(is_clear).find_map(Said::by)
    }

    /// `aio`'s own setting, which holds for every context without one: `AIO_cli_env`, `cli: { env: … }`.
    pub(super) fn of_aio(&self) -> Option<&Field> {
        let fields = self.groups.iter().flat_map(|group| group.fields.iter().map(move |field| (group, field)));
        let is_setting = |group: &Group, field: &Field| {
            let path = group.path.iter().chain([&field.written]).flat_map(|key| fields::words(key)).collect::<String>();
            field.meaning == Some(Meaning::Environment) && ["clienv", "aioclienv"].contains(&path.as_str())
        };
        fields.filter(|(group, field)| is_setting(group, field)).map(|(_, field)| field).next_back()
    }

    /// Neither production nor stage.
    fn take_another(&self, candidate: &mut Candidate, said: &Said) {
        let Said { words, environment } = said;
        let is_label = environment.len() <= 20
            && environment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if self.shape == Shape::Aepp && is_label && candidate.ims_url.is_none() && candidate.platform_url.is_none() {
            // Source: `configure` of aepp.
            candidate.ims_url = Some(STAGE_IMS.to_owned());
            candidate.platform_url = Some(format!("https://platform-{environment}.adobe.io"));
            candidate.notes.push(format!(
                "the file says {words}, so the hosts are taken that aepp has for it; --ims-url and \
                 --platform-url name others"
            ));
            return;
        }
        let hosts = if candidate.ims_url.is_some() { "the file's" } else { "production's" };
        candidate.notes.push(format!(
            "the file says {words}, for which no hosts are known; {hosts} are taken, and --ims-url and \
             --platform-url name others"
        ));
    }

    /// Marks that may be meant for something else: another program's variable, the section's or the prefix's name.
    fn note_marks(&self, candidate: &mut Candidate) {
        let own = &self.groups[self.group];
        // What lies with another credential is that one's.
        let is_anothers = |index: usize| {
            let above = std::iter::successors(Some(index), |at| self.groups[*at].parent);
            index != self.group && above.into_iter().any(|at| at != self.group && self.taken.contains(&at))
        };
        let fields = self.groups.iter().enumerate().filter(|(index, _)| !is_anothers(*index));
        let fields = fields.flat_map(|(_, group)| &group.fields);
        let mut marks: Vec<String> = fields
            .filter(|field| field.meaning == Some(Meaning::Environment))
            .filter_map(Said::by)
            .filter(|said| fields::is_stage(&said.environment))
            .map(|said| said.words)
            .collect();
        let section = own.path.iter().rev().chain(candidate.name.as_ref());
        let is_stage = |key: &&String| fields::words(key).iter().any(|word| fields::is_stage(word));
        if let Some(section) = section.into_iter().find(is_stage) {
            marks.push(format!("it lies in {}", shown(section)));
        }
        if !marks.is_empty() && candidate.ims_url.is_none() {
            candidate.notes.push(format!(
                "the file says {}; production is taken, and Adobe's own stage is \
                 --ims-url {STAGE_IMS} --platform-url {STAGE_PLATFORM}",
                marks.join(", ")
            ));
        }
    }
}

/// What a file says of the environment.
struct Said {
    /// As it is told: `AIO_cli_env is stage`.
    words: String,
    environment: String,
}

impl Said {
    /// A switch says what it is called.
    fn by(field: &Field) -> Option<Self> {
        let text = field.value.text().map_or("true", str::trim);
        let is_switch = fields::is_switched_on(text);
        let switch = || fields::words(&field.written).into_iter().rev().find(|word| fields::is_stage(word));
        let environment = if is_switch { switch()? } else { text.to_owned() };
        let words = format!("{} is {}", shown(&field.written), shown(text));
        super::is_real(&environment).then_some(Self { words, environment })
    }
}

fn take_stage(candidate: &mut Candidate, words: &str) {
    let named = candidate.ims_url.clone().filter(|url| host_and_path(url).0 != host_and_path(STAGE_IMS).0);
    if let Some(named) = named {
        candidate.notes.push(format!(
            "the file says {words} and names {}, which is taken; --ims-url {STAGE_IMS} is Adobe's stage",
            shown(&named)
        ));
        return;
    }
    candidate.ims_url = Some(STAGE_IMS.to_owned());
    candidate.platform_url.get_or_insert_with(|| STAGE_PLATFORM.to_owned());
    candidate.notes.push(format!(
        "the file says {words}, so Adobe's stage hosts are taken; --ims-url and --platform-url name others"
    ));
}

/// A token of one environment is none for the other.
pub(super) fn complete_hosts(candidate: &mut Candidate) {
    let is_stage = |url: &Option<String>, mark: &str| url.as_ref().is_some_and(|url| url.contains(mark));
    if candidate.is_aem {
        return;
    }
    if is_stage(&candidate.ims_url, "-stg1.adobelogin.com") && candidate.platform_url.is_none() {
        candidate.platform_url = Some(STAGE_PLATFORM.to_owned());
        candidate
            .notes
            .push("the IMS is Adobe's stage, so its platform is taken too; --platform-url names another".to_owned());
    } else if is_stage(&candidate.platform_url, "platform-stage") && candidate.ims_url.is_none() {
        candidate.ims_url = Some(STAGE_IMS.to_owned());
        candidate
            .notes
            .push("the platform is Adobe's stage, so its IMS is taken too; --ims-url names another".to_owned());
    }
}
