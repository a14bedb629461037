//! Who asks: the parent process, told from a later one with the same number by its start.

/// A mark of the parent process; `None` where the system does not tell.
#[cfg(unix)]
pub(crate) fn mark() -> Option<String> {
    let parent = rustix::process::getppid()?.as_raw_nonzero();
    // Field 22 of proc(5)'s stat, after the name in brackets, which may hold blanks.
    let started = std::fs::read_to_string(format!("/proc/{parent}/stat"))
        .ok()
        .and_then(|stat| Some(stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.to_owned()));
    Some(format!("{parent}-{}", started.unwrap_or_default()))
}

/// Windows tells it only by calls that are not safe; every call counts as the first there.
#[cfg(not(unix))]
pub(crate) fn mark() -> Option<String> {
    None
}
