//! The one place where `import` writes: secrets first, then the profile, then the pointer to the default one.

use aep_cli::Invocation;
use aep_core::Result;
use aep_core::profile::{Name, file};
use aep_core::secret::store::{self, SecretKind};

use super::plan::Plan;
use crate::profile_store;

/// Writes the plan; a new profile that cannot be written whole is taken back.
pub(super) fn write(
    invocation: &Invocation<'_>,
    plan: &Plan,
    name: &Name,
    is_default: bool,
    is_replaced: bool,
) -> Result<()> {
    let folders = &invocation.context.folders;
    let written = plan
        .secrets()
        .try_for_each(|(item, secret)| store::write(folders, name, item, secret))
        .and_then(|()| profile_store::write(folders, name, &plan.to_toml()))
        .and_then(|_| if is_default { profile_store::make_default(folders, name) } else { Ok(()) });
    if written.is_err() && !is_replaced {
        let _ = file::path(folders, name).map(std::fs::remove_file);
        for item in SecretKind::ALL {
            let _ = store::remove(folders, name, item);
        }
    }
    if written.is_ok() && is_replaced {
        // What the replaced profile stored and this one does not use.
        for item in SecretKind::ALL.into_iter().filter(|item| plan.secrets().all(|(own, _)| own != *item)) {
            store::remove(folders, name, item)?;
        }
    }
    written
}
