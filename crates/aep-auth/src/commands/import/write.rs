//! The one place where `import` writes: secrets, then the profile, then the pointer to the default one, all or none.
//!
//! All is checked and written beside its place before the first file changes, and put back if one cannot be replaced. A
//! new secret lies under its own IMS host and client id, so that a kill between two renames leaves the old profile with
//! the old secret, or the new one with the new.

use aep_cli::Invocation;
use aep_core::profile::{DEFAULT_IMS_URL, Name, file};
use aep_core::secret::store::{self, StoreKey};
use aep_core::url::BaseUrl;
use aep_core::write_file::{self, Transaction};
use aep_core::{Context, Result};

use super::plan::Plan;
use crate::{profile_store, road};

/// Writes the plan.
pub(super) fn write(invocation: &Invocation<'_>, plan: &Plan, name: &Name, is_default: bool) -> Result<()> {
    let context: &Context = invocation.context;
    let folders = &context.folders;
    // What the replaced profile earned was earned with other secrets.
    road::disown_named(context, name)?;
    let ims_url = match &plan.ims_url {
        Some(url) => url.clone(),
        None => BaseUrl::parse("ims_url", DEFAULT_IMS_URL)?,
    };
    let key = StoreKey::new(name, &ims_url, &plan.taken.client_id);
    if plan.secrets().next().is_some() {
        store::prepare(folders)?;
    }
    let profile = file::path(folders, name)?;
    write_file::create_folders(&file::folder(folders)?, folders.home())
        .map_err(|error| profile_store::refused(&error))?;
    let mut stored = Vec::new();
    let mut all = Transaction::new(folders.home());
    let refused = |error| profile_store::refused(&error);
    let mut stage = || -> Result<()> {
        for (kind, secret) in plan.secrets() {
            if let Ok(path) = store::path(folders, &key, kind) {
                all.stage_own(&path, secret.expose().as_bytes()).map_err(refused)?;
                stored.push(path);
            }
        }
        all.stage(&profile, plan.to_toml().as_bytes()).map_err(refused)?;
        if let (true, Ok(pointer)) = (is_default, profile_store::pointer(folders)) {
            all.stage(&pointer, format!("{name}\n").as_bytes()).map_err(refused)?;
        }
        // What the replaced profile stored and this one does not use.
        store::remove_but(folders, name, &stored, &mut all).map(drop)
    };
    stage()?;
    all.commit().map_err(refused)
}
