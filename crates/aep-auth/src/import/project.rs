//! The Developer Console's project or workspace file, as App Builder projects download it.
//!
//! Source: `schema/config.schema.json` of adobe/aio-cli-plugin-app.

use super::candidates::{Reading, Shape};
use super::tree::Tree;
use super::{Candidate, groups};

/// Reads every credential; a migrated one is offered in both flows. `None` where it is no such file.
pub(super) fn read(tree: &Tree) -> Option<Vec<Candidate>> {
    let credentials = tree.find(&["project", "workspace", "details", "credentials"])?.items();
    let org_id = tree.find(&["project", "org", "ims_org_id"]).cloned();
    let mut found = Vec::new();
    for credential in credentials {
        for (key, inner) in credential.entries().iter().filter(|(_, inner)| matches!(inner, Tree::Map(_))) {
            let kind = match key.as_str() {
                "oauth_server_to_server" => "oauthservertoserver",
                "jwt" => "jwt",
                // The other kinds differ by this field alone.
                _ => credential.get("integration_type").and_then(Tree::text).unwrap_or(key),
            };
            let mut entries = inner.entries().to_vec();
            entries.push(("integration_type".to_owned(), Tree::Text(kind.to_owned())));
            if let Some(org_id) = &org_id {
                entries.push(("ims_org_id".to_owned(), org_id.clone()));
            }
            let groups = groups::of(&Tree::Map(entries)).unwrap_or_default();
            let mut candidates = Reading { groups: &groups, shape: Shape::Project }.candidates();
            for candidate in &mut candidates {
                candidate.name = credential.get("name").and_then(Tree::text).map(str::to_owned);
            }
            found.extend(candidates);
        }
    }
    let runtime = tree.find(&["project", "workspace", "details", "runtime", "namespaces"]);
    if runtime.is_some_and(|namespaces| namespaces.items().iter().any(|one| one.get("auth").is_some())) {
        for candidate in &mut found {
            candidate.notes.push("a profile has no place for runtime.namespaces; not taken".to_owned());
        }
    }
    Some(found)
}
