//! The commands a person types, a file each.

pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod exec;
pub(crate) mod forget;
pub(crate) mod headers;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod jwt;
pub(crate) mod pages;
pub(crate) mod profile;
pub(crate) mod secret;
pub(crate) mod status;
pub(crate) mod token;

use aep_core::profile::Choice;
use aep_core::token::{Obtained, Wish};
use aep_core::{Context, Profile, Result};
use aep_fleet::Fleet;

/// The name under which this tool asks IMS.
pub(crate) const TOOL: &str = "aep-auth";

/// A profile and a token for it: what most commands begin with.
fn obtain(context: &Context, choice: &Choice) -> Result<(Profile, Obtained)> {
    obtain_for(context, aep_core::profile::resolve(context, choice)?)
}

/// A token for this profile, handed back with it.
fn obtain_for(context: &Context, profile: Profile) -> Result<(Profile, Obtained)> {
    let obtained = aep_core::token::obtain(context, &profile, &Wish::default(), &Fleet::asked_by(TOOL))?;
    Ok((profile, obtained))
}
