//! What the lists of accounts say: an account's home, and whether a group is the user's alone.
//!
//! The lists are read as files, and only once they are needed. A lookup by the C library could ask a network, and in a
//! program that carries its own C library it loads another's modules and may end the process. What is not in the files is
//! not known.

/// The home of an account, by the text of `/etc/passwd`.
#[cfg(target_os = "linux")]
pub(super) fn home(passwd: &str, uid: u32) -> Option<&str> {
    let line = passwd.lines().find(|line| Account::parse(line).is_some_and(|account| account.uid == uid))?;
    line.split(':').nth(5).filter(|home| home.starts_with('/'))
}

/// The group that is the user's alone, if there is one, by the text of `/etc/passwd` and `/etc/group`: the primary one, of
/// the user's own name, without further members. Many systems give each account such a group and a umask of 002, so that
/// all files of the user are writable by it.
pub(super) fn own_group(passwd: &str, group: &str, uid: u32) -> Option<u32> {
    // Compatibility lines of NIS: there are accounts that are not listed here.
    let goes_on_elsewhere = |text: &str| text.lines().any(|line| line.starts_with(['+', '-']));
    if goes_on_elsewhere(passwd) || goes_on_elsewhere(group) {
        return None;
    }
    let accounts = || passwd.lines().filter_map(Account::parse);
    let user = accounts().find(|account| account.uid == uid)?;
    if accounts().any(|account| account.gid == user.gid && account.uid != uid) {
        return None;
    }
    let mut has_own_name = false;
    for (name, members) in group.lines().filter_map(|line| group_of_line(line, user.gid)) {
        has_own_name |= name == user.name;
        if members.split(',').map(str::trim).any(|member| !member.is_empty() && member != user.name) {
            return None;
        }
    }
    has_own_name.then_some(user.gid)
}

struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
}

impl<'a> Account<'a> {
    /// `name:password:uid:gid:comment:home:shell`
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }
}

/// `name:password:gid:member,member`: name and members of a line for `gid`.
fn group_of_line(line: &str, gid: u32) -> Option<(&str, &str)> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let number: u32 = fields.nth(1)?.parse().ok()?;
    (number == gid).then(|| (name, fields.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::own_group;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n\
                          bob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:100::/home/eve:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nusers:x:100:\nann:x:1000:\nbob:x:1001:bob\nstaff:x:50:ann\n";

    #[cfg(target_os = "linux")]
    #[test]
    fn an_accounts_home() {
        let passwd = format!("{PASSWD}nobody:x:7:7::relative:/bin/sh\nshort:x:8:8\nann2:x:1000:1:::/\n");
        for (uid, expected) in [(0, Some("/root")), (1000, Some("/home/ann")), (7, None), (8, None), (4711, None)] {
            assert_eq!(super::home(&passwd, uid), expected, "{uid}");
        }
    }

    #[test]
    fn a_group_of_ones_own() {
        for (uid, gid) in [(0, 0), (1000, 1000), (1001, 1001)] {
            assert_eq!(own_group(PASSWD, GROUP, uid), Some(gid), "{uid}");
        }
    }

    #[test]
    fn every_other_group_is_somebody_elses() {
        let without = |line: &str| GROUP.replace(line, "");
        let with = |text: &str, line: &str| format!("{text}{line}\n");
        for (what, passwd, group, uid, gid) in [
            ("not the primary one", PASSWD.to_owned(), GROUP.to_owned(), 1000, 50),
            ("another's", PASSWD.to_owned(), GROUP.to_owned(), 1000, 1001),
            ("the primary one of another name", PASSWD.to_owned(), GROUP.to_owned(), 1002, 100),
            ("an unknown user", PASSWD.to_owned(), GROUP.to_owned(), 4711, 1000),
            ("not listed", PASSWD.to_owned(), without("ann:x:1000:\n"), 1000, 1000),
            ("a further member", PASSWD.to_owned(), GROUP.replace("ann:x:1000:", "ann:x:1000:ann,bob"), 1000, 1000),
            ("one member, another", PASSWD.to_owned(), GROUP.replace("ann:x:1000:", "ann:x:1000:bob"), 1000, 1000),
            ("a second line with a member", PASSWD.to_owned(), with(GROUP, "dev:x:1000:bob"), 1000, 1000),
            ("another's primary one too", with(PASSWD, "zoe:x:7:1000::/:/bin/sh"), GROUP.to_owned(), 1000, 1000),
            ("accounts of NIS", with(PASSWD, "+::::::"), GROUP.to_owned(), 1000, 1000),
            ("groups of NIS", PASSWD.to_owned(), with(GROUP, "+:::"), 1000, 1000),
            ("empty lists", String::new(), String::new(), 0, 0),
        ] {
            assert_ne!(own_group(&passwd, &group, uid), Some(gid), "{what}");
        }
    }

    #[test]
    fn damaged_lines_are_skipped() {
        let passwd = format!(":x:1000:9::\nno colon\nann:x:x:1000\n{PASSWD}");
        let group = format!("ann\nann:x:y:bob\n{GROUP}");
        assert_eq!(own_group(&passwd, &group, 1000), Some(1000));
    }
}
