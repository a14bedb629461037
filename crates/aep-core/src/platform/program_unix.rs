//! Unix: programs that others cannot have put where they are.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::Access;

/// Whether this user can run the file.
pub(crate) fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

/// Checks a program, each link that leads to it, and the folders above all of them; says what others can do.
pub(crate) fn check_program(path: &Path) -> Result<(), String> {
    const MOST_LINKS: usize = 40;
    let unreadable = |error: io::Error| format!("it cannot be looked at: {error}");
    let mut path = std::path::absolute(path).map_err(unreadable)?;
    for _ in 0..MOST_LINKS {
        let folder = path.parent().unwrap_or(Path::new("/")).canonicalize().map_err(unreadable)?;
        for above in folder.ancestors() {
            check_folder(&above.metadata().map_err(unreadable)?, &above.display().to_string())?;
        }
        let metadata = path.symlink_metadata().map_err(unreadable)?;
        check_owner(&metadata)?;
        if !metadata.is_symlink() {
            return check_rights(&metadata, "it", OTHERS | GROUP);
        }
        // Nobody can write a link, whatever its mode says.
        path = folder.join(std::fs::read_link(&path).map_err(unreadable)?);
    }
    Err("it is a circle of links".to_owned())
}

const OTHERS: u32 = 0o002;
const GROUP: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// Whether others can put files into a folder. Whose it is does not matter, since what its owner puts there is not ours or
/// root's: a runner of CI has a home that is another account's.
fn check_folder(metadata: &Metadata, name: &str) -> Result<(), String> {
    let is_sticky = metadata.mode() & STICKY != 0;
    // Root says who may install programs (`/usr/local/bin` belongs to `staff` on Debian); they cannot make root's files.
    let is_for_installing = metadata.uid() == 0;
    match (is_sticky, is_for_installing) {
        (true, _) => Ok(()),
        (false, true) => check_rights(metadata, name, OTHERS),
        (false, false) => check_rights(metadata, name, OTHERS | GROUP),
    }
}

fn check_owner(metadata: &Metadata) -> Result<(), String> {
    let own = rustix::process::geteuid().as_raw();
    if [0, own].contains(&metadata.uid()) { Ok(()) } else { Err("it belongs to another user".to_owned()) }
}

fn check_rights(metadata: &Metadata, name: &str, rights: u32) -> Result<(), String> {
    let found = metadata.mode() & rights;
    if found & OTHERS != 0 || found & GROUP != 0 && !is_group_of_nobody_else(metadata.gid()) {
        return Err(format!("others can write to {name}, mode {:03o}", metadata.mode() & 0o777));
    }
    Ok(())
}

/// Whether the group is the user's own: the primary one, of the user's name, without further members. On macOS the
/// administrators too, who can become root and to whom Homebrew's folders belong.
fn is_group_of_nobody_else(group: u32) -> bool {
    const MACOS_ADMIN: u32 = 80;
    if cfg!(target_os = "macos") && group == MACOS_ADMIN {
        return true;
    }
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let own = rustix::process::geteuid().as_raw();
    is_own_group(&read("/etc/passwd"), &read("/etc/group"), own, group)
}

fn is_own_group(users: &str, groups: &str, user: u32, group: u32) -> bool {
    let account = users.lines().find_map(|line| match *line.split(':').collect::<Vec<_>>() {
        [name, _, uid, gid, ..] if uid.parse() == Ok(user) && gid.parse() == Ok(group) => Some(name),
        _ => None,
    });
    account.is_some_and(|account| {
        groups.lines().any(|line| match *line.split(':').collect::<Vec<_>>() {
            [name, _, gid, members] if gid.parse() == Ok(group) => {
                name == account && members.split(',').all(|member| member.is_empty() || member == account)
            }
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_ones_own_where_nobody_else_is_in_it() {
        let users =
            "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\n";
        let own = |groups: &str, user, group| is_own_group(users, groups, user, group);
        assert!(own("ann:x:1000:\n", 1000, 1000));
        assert!(own("ann:x:1000:ann\n", 1000, 1000));
        assert!(!own("ann:x:1000:bob\n", 1000, 1000));
        assert!(!own("ann:x:1000:ann,bob\n", 1000, 1000));
        assert!(!own("users:x:100:\n", 1001, 100));
        assert!(!own("dev:x:200:\n", 1000, 200));
        assert!(!own("ann:x:1000:\n", 1001, 1000));
        assert!(!own("", 1000, 1000));
    }
}
