//! What git is told: lines of `key=value`.

use aep_core::{Error, Result};

/// Lines of an answer.
#[derive(Debug, Default)]
pub(crate) struct Answer(Vec<u8>);

impl Answer {
    /// Adds a line.
    ///
    /// # Errors
    /// A fault of ours, for a value that would break the line: git would read what follows as another attribute.
    pub(crate) fn line(&mut self, key: &str, value: &[u8]) -> Result<()> {
        if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(Error::fault(format!(
                "the value of {key} holds a line end, which git's protocol cannot carry"
            )));
        }
        self.0.extend_from_slice(key.as_bytes());
        self.0.push(b'=');
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
        Ok(())
    }

    /// The whole answer.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn a_value_that_would_break_the_line_is_refused() {
        for value in ["a\nhost=evil", "a\r", "a\0b"] {
            assert!(Answer::default().line("credential", value.as_bytes()).is_err(), "{value:?}");
        }
        let mut answer = Answer::default();
        answer.line("credential", b"a=b c").unwrap();
        assert_eq!(answer.into_bytes(), b"credential=a=b c\n");
    }
}
