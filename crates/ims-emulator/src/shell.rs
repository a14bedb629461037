//! The lines that set variables, in the words of each shell.

use crate::cli::Shell;

impl Shell {
    /// One that the system has for certain; on Windows `sh` where a Unix shell, as Git's, started this program.
    pub(crate) fn usual(in_unix_shell: bool) -> Self {
        if cfg!(windows) && !in_unix_shell { Self::Powershell } else { Self::Sh }
    }

    pub(crate) fn comment(self) -> &'static str {
        match self {
            Self::Sh | Self::Fish | Self::Powershell => "#",
            Self::Cmd => "REM",
        }
    }

    /// The line that sets a variable for what is started from this shell.
    pub(crate) fn assignment(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}={}", self.quoted(value)),
            Self::Fish => format!("set -gx {name} {}", self.quoted(value)),
            Self::Powershell => format!("$env:{name} = {}", self.quoted(value)),
            Self::Cmd => format!("set \"{name}={value}\""),
        }
    }

    /// A value as one word, whatever is in it.
    pub(crate) fn quoted(self, value: &str) -> String {
        match self {
            Self::Sh => format!("'{}'", value.replace('\'', r"'\''")),
            Self::Fish => format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Powershell => {
                // PowerShell takes typographic quotes for plain ones.
                let is_quote = |c: char| matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}');
                let doubled: String =
                    value.chars().flat_map(|c| std::iter::repeat_n(c, if is_quote(c) { 2 } else { 1 })).collect();
                format!("'{doubled}'")
            }
            // A path holds no quotes there; a percent sign cannot be escaped at the prompt.
            Self::Cmd => format!("\"{value}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_gets_its_own_words() {
        for (shell, line, note) in [
            (Shell::Sh, r"export A='it'\''s'", "#"),
            (Shell::Fish, r"set -gx A 'it\'s'", "#"),
            (Shell::Powershell, "$env:A = 'it''s'", "#"),
            (Shell::Cmd, "set \"A=it's\"", "REM"),
        ] {
            assert_eq!((shell.assignment("A", "it's").as_str(), shell.comment()), (line, note), "{shell:?}");
        }
        assert_eq!(Shell::Powershell.quoted("a\u{2019}b"), "'a\u{2019}\u{2019}b'");
        assert_eq!(Shell::Fish.quoted(r"a\b"), r"'a\\b'");
    }
}
