//! Two commands in turn, many times; medians.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// The argument that turns this program into the fresh parent of one command.
pub(crate) const TIME: &str = "--time-one";

/// A command as it is to be timed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timed {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) variables: Vec<(String, OsString)>,
    /// A file for standard input.
    pub(crate) input: Option<PathBuf>,
    /// Run before each round, and not timed.
    pub(crate) before: Option<Box<Timed>>,
}

impl Timed {
    pub(crate) fn new(program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        Self { program: program.into(), arguments: arguments.iter().map(OsString::from).collect(), ..Self::default() }
    }

    pub(crate) fn with(mut self, variables: &[(String, OsString)]) -> Self {
        self.variables.extend_from_slice(variables);
        self
    }

    pub(crate) fn input(mut self, file: PathBuf) -> Self {
        self.input = Some(file);
        self
    }

    pub(crate) fn after(mut self, before: Self) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    fn stdin(&self) -> Result<Stdio> {
        Ok(match &self.input {
            Some(path) => std::fs::File::open(path)?.into(),
            None => Stdio::null(),
        })
    }

    /// Runs it once, with what comes before.
    pub(crate) fn once(&self) -> Result<Duration> {
        if let Some(before) = &self.before {
            before.once()?;
        }
        // The parent is fresh each time, reads nothing and tells the nanoseconds.
        let output = Command::new(std::env::current_exe()?)
            .args(["bench", TIME])
            .arg(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(self.stdin()?)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "{} failed", self.program.display());
        let nanoseconds = String::from_utf8(output.stdout)?.trim().parse().context("no time was told")?;
        Ok(Duration::from_nanos(nanoseconds))
    }
}

/// Runs one command with this process's standard input and prints how long it took, in nanoseconds.
pub(crate) fn time_one(words: &[String]) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else { bail!("no command to time") };
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let took = start.elapsed();
    ensure!(status.success(), "{program} ended with {status}");
    println!("{}", took.as_nanos());
    Ok(())
}

/// What a pair took.
pub(crate) struct Pair {
    pub(crate) ours: Duration,
    pub(crate) theirs: Duration,
    /// The median of the rounds' own ratios.
    pub(crate) ratio: f64,
}

/// Times two commands in turn.
pub(crate) fn pair(ours: &Timed, theirs: &Timed, rounds: usize) -> Result<Pair> {
    for _ in 0..3 {
        ours.once()?;
        theirs.once()?;
    }
    let mut all = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Which one goes first changes, so that neither always finds the other's caches.
        let (own, other) = if round % 2 == 0 {
            let own = ours.once()?;
            (own, theirs.once()?)
        } else {
            let other = theirs.once()?;
            (ours.once()?, other)
        };
        all.0.push(own);
        all.1.push(other);
        all.2.push(own.as_secs_f64() / other.as_secs_f64());
    }
    all.0.sort_unstable();
    all.1.sort_unstable();
    all.2.sort_unstable_by(f64::total_cmp);
    Ok(Pair { ours: all.0[rounds / 2], theirs: all.1[rounds / 2], ratio: all.2[rounds / 2] })
}

/// The median of some runs of one command.
pub(crate) fn median(command: &Timed, rounds: usize) -> Result<Duration> {
    let mut all = (0..rounds).map(|_| command.once()).collect::<Result<Vec<_>>>()?;
    all.sort_unstable();
    Ok(all[rounds / 2])
}
