//! Colours, in the words of each shell, which must know what takes no room on the line.

use crate::cli::Shell;

/// A colour of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As the rest of the line.
    None,
    Yellow,
    Red,
}

impl Paint {
    /// Colours a text.
    pub(crate) fn apply(self, text: &str, shell: Shell) -> String {
        let (number, name) = match self {
            Self::None => return text.to_owned(),
            Self::Yellow => (33, "yellow"),
            Self::Red => (31, "red"),
        };
        match shell {
            Shell::Plain | Shell::Fish => format!("\u{1b}[{number}m{text}\u{1b}[0m"),
            // Readline's own marks: `\[` is not read any more where PS1 has been expanded.
            Shell::Bash => format!("\u{1}\u{1b}[{number}m\u{2}{text}\u{1}\u{1b}[0m\u{2}"),
            Shell::Zsh => format!("%{{\u{1b}[{number}m%}}{text}%{{\u{1b}[0m%}}"),
            Shell::Tmux => format!("#[fg={name}]{text}#[default]"),
        }
    }
}

/// A name as it may stand in any prompt: no character that a shell, zsh's prompt or tmux expands.
pub(crate) fn clean_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().take(64).map(|c| if is_plain(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_is_told_what_takes_no_room() {
        for (shell, painted) in [
            (Shell::Plain, "\u{1b}[33m9m\u{1b}[0m"),
            (Shell::Fish, "\u{1b}[33m9m\u{1b}[0m"),
            (Shell::Bash, "\u{1}\u{1b}[33m\u{2}9m\u{1}\u{1b}[0m\u{2}"),
            (Shell::Zsh, "%{\u{1b}[33m%}9m%{\u{1b}[0m%}"),
            (Shell::Tmux, "#[fg=yellow]9m#[default]"),
        ] {
            assert_eq!(Paint::Yellow.apply("9m", shell), painted, "{shell:?}");
            assert_eq!(Paint::None.apply("9m", shell), "9m");
        }
    }

    #[test]
    fn a_name_holds_nothing_that_expands() {
        assert_eq!(clean_name("dev-1.a_b"), "dev-1.a_b");
        let hostile = "$(id)`id`\u{1b}]0;x\u{7}%F{red}#[fg=red]\\u!\n*?~'\"&;|<>é\u{202e}";
        assert!(clean_name(hostile).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        assert_eq!(clean_name(&"x".repeat(1000)).len(), 64);
    }
}
