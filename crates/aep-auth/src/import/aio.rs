//! App Builder's `AIO_…` variables, which spell a path in a tree: one `_` goes a level down, two are one.
//!
//! Source: `src/Config.js` of adobe/aio-lib-core-config, and the fixtures of adobe/aio-cli-plugin-app.

use super::tree::Tree;

/// The keys under which credentials lie, in today's form and the older one.
const TOPS: [&str; 3] = ["ims", "$ims", "jwt-auth"];

/// Moves what the variables spell into the tree; `None` where there is none.
pub(super) fn unfold(tree: &Tree) -> Option<Tree> {
    let mut unfolded = Tree::Map(Vec::new());
    let mut rest = Vec::new();
    for (name, value) in tree.entries() {
        match path(name) {
            Some(path) => put(&mut unfolded, &path, value.clone()),
            None => rest.push((name.clone(), value.clone())),
        }
    }
    let Tree::Map(mut entries) = unfolded else { return None };
    if entries.is_empty() {
        return None;
    }
    entries.extend(rest);
    Some(Tree::Map(entries))
}

/// `AIO_ims_contexts_My__Ctx_client__id` → `ims`, `contexts`, `My_Ctx`, `client_id`.
fn path(name: &str) -> Option<Vec<String>> {
    let rest = name.get(..4).filter(|start| start.eq_ignore_ascii_case("aio_")).map(|_| &name[4..])?;
    // What cannot stand in a file of text marks the underscores that stay.
    let path: Vec<String> = rest.replace("__", "\0").split('_').map(|key| key.replace('\0', "_")).collect();
    let top = path.first()?.to_lowercase().replace('_', "-");
    // `aio_ims_org_id` of adobe/aio-lib-java spells no path.
    let is_path = TOPS.contains(&top.as_str())
        && path.len() >= if top == "jwt-auth" { 2 } else { 3 }
        && path.iter().all(|key| !key.is_empty())
        && (top != "ims"
            || path.get(1).is_some_and(|key| ["contexts", "config"].contains(&key.to_lowercase().as_str())));
    is_path.then(|| std::iter::once(top).chain(path.into_iter().skip(1)).collect())
}

fn put(tree: &mut Tree, path: &[String], value: Tree) {
    let (Tree::Map(entries), Some((key, below))) = (tree, path.split_first()) else { return };
    if below.is_empty() {
        entries.push((key.clone(), value));
        return;
    }
    let index = entries.iter().position(|(name, inner)| name == key && matches!(inner, Tree::Map(_)));
    let index = index.unwrap_or_else(|| {
        entries.push((key.clone(), Tree::Map(Vec::new())));
        entries.len() - 1
    });
    // As deep as there are underscores in a name.
    if path.len() <= super::tree::MOST_LEVELS {
        put(&mut entries[index].1, below, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_other_names() {
        for (name, expected) in [
            ("AIO_ims_contexts_Pröject__A_client__id", "ims/contexts/Pröject_A/client_id"),
            ("AIO_IMS_CONTEXTS_X_CLIENT__ID", "ims/CONTEXTS/X/CLIENT_ID"),
            ("AIO_$ims_ProjectB_ims__org__id", "$ims/ProjectB/ims_org_id"),
            ("AIO_jwt-auth_client__id", "jwt-auth/client_id"),
            ("AIO_jwt__auth_client__id", "jwt-auth/client_id"),
            ("aio_ims_org_id", ""),
            ("AIO_COMMERCE_AUTH_IMS_CLIENT_ID", ""),
            ("AIO_runtime_auth", ""),
            ("aio", ""),
            ("éio_ims_contexts_x_y", ""),
        ] {
            assert_eq!(path(name).unwrap_or_default().join("/"), expected, "{name}");
        }
    }
}
