//! Takes out of a report what tells whose it is: home folders, account names in paths, what variables hold that is no
//! word of ours, most of the client id and of the organization.
//!
//! A name is replaced only where it is a whole part of a path, so that a user called `f` leaves the other words whole.

use aep_core::{Context, Profile, terminal};

use super::settings;

/// The folders in which homes usually are: what follows is somebody's name.
const HOMES: [&str; 3] = ["home", "Users", "Documents and Settings"];

/// What is replaced; nothing by default.
#[derive(Debug, Default)]
pub(super) struct Mask {
    homes: Vec<String>,
    names: Vec<String>,
    /// An identifier, and its shortened form.
    identifiers: Vec<(String, String)>,
    /// The value of a variable, and its name.
    values: Vec<(String, &'static str)>,
    is_on: bool,
}

impl Mask {
    /// What would tell who runs this.
    pub(super) fn of_account(context: &Context, profile: Option<&Profile>) -> Self {
        let variable = |name: &str| context.environment.text(name).ok().flatten();
        // Git for Windows sets the first beside the second, and the two need not be the same.
        let homes = ["HOME", "USERPROFILE"].into_iter().filter_map(variable);
        let homes =
            homes.map(|home| home.trim_end_matches(is_slash).to_owned()).chain(accounts(|account| account.home));
        let mut homes: Vec<String> = homes.filter(|home| home.len() > 1).collect();
        let last = |home: &String| home.rsplit(is_slash).next().map(str::to_owned);
        let names = ["USER", "LOGNAME", "USERNAME", "SUDO_USER"].into_iter().filter_map(variable);
        let names = names.chain(homes.iter().filter_map(last)).chain(accounts(|account| account.name)).collect();
        // The longer first: one home may be in another.
        homes.sort_by_key(|home| std::cmp::Reverse(home.len()));
        let identifiers = profile.map(identifiers).unwrap_or_default();
        let mut values = settings::values_to_hide(context, profile);
        for (value, name) in &mut values {
            if *name == "AEP_SANDBOX" && value.len() <= SHORTEST_VALUE {
                // Where it is named as one, it is no part of a word.
                *value = format!("sandbox {value}");
            }
        }
        values.retain(|(value, _)| value.len() > SHORTEST_VALUE);
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self { homes, names, identifiers, values, is_on: true }
    }

    pub(super) fn apply(&self, text: &str) -> String {
        if !self.is_on {
            return terminal::clean(text);
        }
        let mut text = text.to_owned();
        for (whole, short) in &self.identifiers {
            text = text.replace(whole, short);
        }
        for (value, name) in &self.values {
            text = without_value(&text, value, name);
        }
        for home in &self.homes {
            text = without_home(&text, home);
        }
        terminal::clean(&self.without_names(&text))
    }

    /// Each part of a path that is a name, or that stands where homes are.
    fn without_names(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let (mut rest, mut before) = (text, "");
        while let Some(at) = rest.find(is_slash) {
            let (head, tail) = rest.split_at(at + 1);
            masked.push_str(head);
            // The part before this slash, when it was a part of a path too.
            before = if before.is_empty() { "" } else { &head[..at] };
            let end = tail.find(|c: char| is_slash(c) || is_end(c)).unwrap_or(tail.len());
            let part = &tail[..end];
            let is_name = self.names.iter().any(|name| is_same(name, part));
            let is_home = HOMES.iter().any(|homes| is_same(homes, before)) && part != "~";
            if !part.is_empty() && (is_name || is_home) {
                masked.push_str("USER");
                rest = &tail[end..];
                before = "USER";
            } else {
                rest = tail;
                before = "path";
            }
        }
        masked.push_str(rest);
        masked
    }
}

fn identifiers(profile: &Profile) -> Vec<(String, String)> {
    let shortened = |whole: &str| -> Option<(String, String)> {
        let (id, authority) = whole.split_at(whole.find('@').unwrap_or(whole.len()));
        let start: String = id.chars().take(4).collect();
        (id.chars().count() > 8).then(|| (whole.to_owned(), format!("{start}…{authority}")))
    };
    [Some(profile.client_id.as_str()), profile.org_id.as_deref()].into_iter().flatten().filter_map(shortened).collect()
}

fn is_slash(c: char) -> bool {
    c == '/' || c == '\\'
}

/// What ends a path within a sentence.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | ':' | ')' | ']')
}

/// Windows and macOS tell no capitals from small letters.
fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Replaces a folder however it is written: Windows takes either slash.
fn without_home(text: &str, home: &str) -> String {
    let is_same = |a: char, b: char| a == b || is_slash(a) && is_slash(b) || a.to_lowercase().eq(b.to_lowercase());
    let begins = |rest: &str| {
        let mut left = rest.chars();
        let is_there = home.chars().all(|wanted| left.next().is_some_and(|c| is_same(c, wanted)));
        let is_whole = left.clone().next().is_none_or(|c| is_slash(c) || is_end(c));
        (is_there && is_whole).then_some(left.as_str().len())
    };
    let (mut rest, mut replaced) = (text, String::with_capacity(text.len()));
    // A home in the middle of a path is another's.
    let mut may_begin = true;
    while let Some(first) = rest.chars().next() {
        if let Some(left) = begins(rest).filter(|_| may_begin) {
            replaced.push('~');
            rest = &rest[rest.len() - left..];
        } else {
            replaced.push(first);
            rest = &rest[first.len_utf8()..];
        }
        may_begin = !replaced.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~'));
    }
    replaced
}

/// What is shorter is a part of too many words, and neither a name's path nor a secret.
const SHORTEST_VALUE: usize = 3;

/// Replaces what a variable holds by the variable, where it is no part of a longer word.
fn without_value(text: &str, value: &str, name: &str) -> String {
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let (mut rest, mut replaced) = (text, String::with_capacity(text.len()));
    while let Some(at) = rest.find(value) {
        let (before, found) = rest.split_at(at);
        let after = &found[value.len()..];
        replaced.push_str(before);
        let is_whole = !replaced.ends_with(is_inner) && !after.starts_with(is_inner);
        if is_whole {
            replaced.push('$');
        }
        replaced.push_str(if is_whole { name } else { value });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

/// An account of the system's own list.
#[derive(Debug)]
struct Account {
    name: String,
    home: String,
}

/// People's accounts. The list of a network is not asked.
fn accounts(pick: fn(Account) -> String) -> Vec<String> {
    const MOST_BYTES: u64 = 1024 * 1024;
    let list = aep_core::trust::read_bounded(std::path::Path::new("/etc/passwd"), None, MOST_BYTES).unwrap_or_default();
    let list = String::from_utf8_lossy(&list).into_owned();
    let people = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, id, _, _, home, ..] = fields.as_slice() else { return None };
        let id: u32 = id.parse().ok()?;
        let is_person = (1000..65534).contains(&id);
        is_person.then(|| Account { name: (*name).to_owned(), home: (*home).trim_end_matches('/').to_owned() })
    };
    list.lines().filter_map(people).map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_masked_however_it_is_written() {
        for (text, home, masked) in [
            ("in C:\\Users\\Ada\\x", "C:\\Users\\Ada", "in ~\\x"),
            ("in c:/users/ADA/x", "C:\\Users\\Ada", "in ~/x"),
            ("/home/ada and /home/ada/x", "/home/ada", "~ and ~/x"),
            ("/home/ada: gone", "/home/ada", "~: gone"),
            ("/home/adb", "/home/ada", "/home/adb"),
            ("/home/adam", "/home/ada", "/home/adam"),
            ("/srv/home/ada", "/home/ada", "/srv/home/ada"),
            ("/home/ÉVE é", "/home/éve", "~ é"),
            ("/home", "/home/ada", "/home"),
        ] {
            assert_eq!(without_home(text, home), masked, "{text}");
        }
    }

    #[test]
    fn what_a_variable_holds_is_replaced_by_its_name() {
        for (text, masked) in [
            ("cache /data/x, yours alone", "cache $V, yours alone"),
            ("/data/x/profiles/dev.toml", "$V/profiles/dev.toml"),
            ("`/data/x`", "`$V`"),
            ("/data/x-y and /data/xy", "/data/x-y and /data/xy"),
            ("no /data/ at all", "no /data/ at all"),
        ] {
            assert_eq!(without_value(text, "/data/x", "V"), masked, "{text}");
        }
        assert_eq!(without_value("run aep-auth, auth!", "auth", "AEP_PROFILE"), "run aep-auth, $AEP_PROFILE!");
    }

    #[test]
    fn a_name_is_masked_as_a_part_of_a_path_alone() {
        let mask = Mask { names: vec!["f".to_owned(), "jane.doe".to_owned()], is_on: true, ..Mask::default() };
        for (text, masked) in [
            ("a file of f for /tmp/f/x", "a file of f for /tmp/USER/x"),
            ("/tmp/Jane.Doe, and /tmp/jane.doe.old", "/tmp/USER, and /tmp/jane.doe.old"),
            ("D:\\f\\cache", "D:\\USER\\cache"),
            ("/home/other/x and /Users/other", "/home/USER/x and /Users/USER"),
            ("https://platform.adobe.io/f", "https://platform.adobe.io/USER"),
            ("/home", "/home"),
        ] {
            assert_eq!(mask.apply(text), masked, "{text}");
        }
    }
}
