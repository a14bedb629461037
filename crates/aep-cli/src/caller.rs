//! Who asks: the nearest ancestor that is not merely in between, told from a later process of the same number by its start.
//!
//! A kubeconfig often names a wrapper that forks (`op run --`, `aws-vault exec --`, a shell script), which is a new
//! process at each question; the one that asks stands above it. Where no such one can be told there is no mark, and time
//! serves instead.

/// A mark of the caller; `None` where none can be told.
#[cfg(target_os = "linux")]
pub fn mark() -> Option<String> {
    let parent = rustix::process::getppid()?.as_raw_nonzero().get();
    caller(parent.try_into().ok()?, look_at)
}

/// Other systems tell it only by calls that are not safe.
#[cfg(not(target_os = "linux"))]
pub fn mark() -> Option<String> {
    None
}

/// More ancestors than this stand above nobody.
#[cfg(any(target_os = "linux", test))]
const MOST_ANCESTORS: usize = 64;

/// What runs another program and waits, and asks for nothing itself: shells, and what hands on secrets or another user.
#[cfg(any(target_os = "linux", test))]
const IN_BETWEEN: [&str; 69] = [
    "ash",
    "bash",
    "busybox",
    "csh",
    "dash",
    "elvish",
    "fish",
    "ksh",
    "lksh",
    "mksh",
    "nu",
    "oksh",
    "pdksh",
    "pwsh",
    "rbash",
    "sh",
    "tcsh",
    "toybox",
    "xonsh",
    "yash",
    "zsh", //
    "chroot",
    "doas",
    "env",
    "nice",
    "ionice",
    "nohup",
    "nsenter",
    "pkexec",
    "runuser",
    "script",
    "setpriv",
    "setsid",
    "stdbuf",
    "su",
    "sudo",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "unshare",
    "strace",
    "ltrace",
    "unbuffer", //
    "aws-vault",
    "berglas",
    "bws",
    "chamber",
    "direnv",
    "doppler",
    "dotenv",
    "dotenvx",
    "envchain",
    "envconsul",
    "fnox",
    "gopass",
    "granted",
    "infisical",
    "mise",
    "op",
    "saml2aws",
    "secretspec",
    "sops",
    "summon",
    "teller",
    "vals",
    "vault",
    "assume",
    "aws-sso",
];

/// Whoever adopts what lost its parent: the caller is gone then, or was never there.
#[cfg(any(target_os = "linux", test))]
const ADOPTERS: [&str; 6] = ["systemd", "init", "tini", "dumb-init", "catatonit", "docker-init"];

/// A process, as the system tells it.
#[cfg(any(target_os = "linux", test))]
#[derive(Clone, Debug)]
struct Process {
    /// Its own name for itself and, where it may be seen, that of its program: a script is its interpreter too.
    names: Vec<String>,
    parent: u32,
    started: String,
}

#[cfg(any(target_os = "linux", test))]
fn caller(parent: u32, look_at: impl Fn(u32) -> Option<Process>) -> Option<String> {
    let mut number = parent;
    for _ in 0..MOST_ANCESTORS {
        let process = look_at(number).filter(|_| number != 0)?;
        if process.names.iter().any(|name| ADOPTERS.contains(&name.as_str())) {
            return None;
        }
        if !process.names.iter().any(|name| is_in_between(name)) {
            return Some(format!("{number}-{}", process.started));
        }
        number = process.parent;
    }
    None
}

/// `bash-5.2` and `ksh93` are shells as well.
#[cfg(any(target_os = "linux", test))]
fn is_in_between(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    IN_BETWEEN.contains(&name) || IN_BETWEEN.contains(&bare)
}

/// By proc(5).
#[cfg(target_os = "linux")]
fn look_at(number: u32) -> Option<Process> {
    let stat = std::fs::read(format!("/proc/{number}/stat")).ok()?;
    let program = std::fs::read_link(format!("/proc/{number}/exe")).ok();
    let program = program.as_deref().and_then(|path| path.file_name()?.to_str());
    read(&String::from_utf8_lossy(&stat), program)
}

/// The fields of `stat`: the name in brackets, which may hold blanks and brackets, then state, parent, and as the 22nd
/// the start.
#[cfg(any(target_os = "linux", test))]
fn read(stat: &str, program: Option<&str>) -> Option<Process> {
    let (head, fields) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // A program that was replaced by a newer one while it runs.
    let program = program.map(|name| name.strip_suffix(" (deleted)").unwrap_or(name));
    Some(Process {
        names: std::iter::once(name).chain(program).map(str::to_owned).collect(),
        parent: fields.get(1)?.parse().ok()?,
        started: (*fields.get(19)?).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ancestors from the helper's parent upwards; the last one's parent is the first process.
    fn told(ancestors: &[(&str, &str)], first: &str) -> Option<String> {
        caller(100, |number| {
            let index = usize::try_from(number).unwrap().checked_sub(100);
            let (name, program) = match (number, index.and_then(|index| ancestors.get(index))) {
                (_, Some(both)) => *both,
                (1, None) => (first, first),
                _ => return None,
            };
            let is_last = index.is_none_or(|index| index + 1 >= ancestors.len());
            let parent = if number == 1 {
                0
            } else if is_last {
                1
            } else {
                number + 1
            };
            Some(Process { names: vec![name.to_owned(), program.to_owned()], parent, started: "7".to_owned() })
        })
    }

    #[test]
    fn the_nearest_that_is_not_merely_in_between() {
        for (ancestors, expected) in [
            (&[("kubectl", "kubectl"), ("bash", "bash")][..], Some("100-7")),
            (&[("op", "op"), ("kubectl", "kubectl")], Some("101-7")),
            (&[("sh", "dash"), ("aws-vault", "aws-vault"), ("k9s", "k9s")], Some("102-7")),
            // A script carries its own name, and its interpreter's program.
            (&[("with-secrets", "bash"), ("helm", "helm")], Some("101-7")),
            (
                &[("sudo", ""), ("env", "env"), ("zsh", "zsh-5.9"), ("ksh93", "ksh93"), ("python3", "python3.11")],
                Some("104-7"),
            ),
            // Nobody asks again from these.
            (&[("sh", "dash")], None),
            (&[("op", "op"), ("bash", "bash")], None),
        ] {
            assert_eq!(told(ancestors, "systemd").as_deref(), expected, "{ancestors:?}");
        }
        assert_eq!(told(&[("sh", "dash")], "kubectl").as_deref(), Some("1-7"), "the only program of a container");
        assert_eq!(told(&[("sh", "dash")], "sh"), None, "a shell that is the first process");
    }

    #[test]
    fn no_number_of_ancestors_and_no_ring_of_them_keeps_it_busy() {
        let shell = |parent| Process { names: vec!["sh".to_owned()], parent, started: String::new() };
        assert_eq!(caller(5, |_| Some(shell(5))), None);
        assert_eq!(caller(5, |number| Some(shell(number + 1))), None);
    }

    #[test]
    fn a_name_may_hold_anything() {
        let fields: Vec<String> = (3..60).map(|number| number.to_string()).collect();
        let stat = format!("9 (a) (b c) {}", fields.join(" "));
        let process = read(&stat, Some("kubectl (deleted)")).unwrap();
        assert_eq!(
            (process.names, process.parent, process.started),
            (vec!["a) (b c".to_owned(), "kubectl".to_owned()], 4, "22".to_owned())
        );
        for damaged in ["", "9 (a", "9 a) 1 2", "9 (a) S 1"] {
            assert!(read(damaged, None).is_none(), "{damaged}");
        }
    }
}
