//! Windows: the console, by the crate that knows it. Written, not run.

use std::io::{self, BufRead, Read, Write};

use zeroize::Zeroizing;

use super::{Echo, NoAnswer};

const LONGEST_LINE: usize = 64 * 1024;

/// Asks once: a line without its end.
pub(super) fn ask(question: &str, echo: Echo) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    if echo == Echo::Off {
        let answer = rpassword::prompt_password(question).map_err(NoAnswer::Io)?;
        return Ok(Zeroizing::new(answer.into_bytes()));
    }
    let mut out = io::stderr();
    write!(out, "{question}").and_then(|()| out.flush()).map_err(NoAnswer::Io)?;
    let mut line = Zeroizing::new(Vec::new());
    let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
    match io::stdin().lock().take(limit).read_until(b'\n', &mut line) {
        Ok(0) => Err(NoAnswer::End),
        Ok(count) if count == LONGEST_LINE => Err(NoAnswer::TooLong(LONGEST_LINE)),
        Ok(_) => Ok(line),
        Err(error) => Err(NoAnswer::Io(error)),
    }
}
