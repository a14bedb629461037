//! The quick start, as a terminal shows it.

use anyhow::Result;

use super::svg::Picture;
use crate::quickstart::{Line, walk, wrap};

const COLUMNS: usize = 92;
const LINE: usize = 18;
const LEFT: usize = 20;
const TOP: usize = 32;

pub(super) fn draw() -> Result<String> {
    let mut lines = Vec::new();
    walk(&mut |line| {
        lines.push(line);
        Ok(())
    })?;
    // What follows the last step says what to do with an account; the README says that itself.
    let end = lines.iter().rposition(|line| matches!(line, Line::Answer(_))).map_or(0, |last| last + 1);
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in &lines[..end] {
        let (class, text) = match line {
            Line::Plain(text) => ("muted", text),
            Line::Title(text) => ("bold", text),
            Line::Command(text) => ("accent", text),
            Line::Answer(text) => ("", text),
        };
        rows.extend(wrap(&settled(text), COLUMNS).into_iter().map(|text| (class, text)));
    }
    let mut picture = Picture::new(
        2 * LEFT + COLUMNS * 8,
        TOP + LINE * rows.len(),
        "The quick start in a terminal",
        "cargo xtask quickstart imports a credential file, fetches a token, prints the headers of a call and lists the \
         standard XDM classes, against a stand-in on this machine. Port, times and the token's end are set to one value.",
    );
    for (index, (class, text)) in rows.iter().enumerate().filter(|(_, (_, text))| !text.is_empty()) {
        picture.spans((LEFT, TOP + LINE * index), &[(class, text)]);
    }
    Ok(picture.finish())
}

/// A line without what differs from run to run: the port, times, and the end and length of a token.
fn settled(line: &str) -> String {
    line.split(' ')
        .map(settled_word)
        .collect::<Vec<_>>()
        .join(" ")
        .replace("(1498 ", "(1499 ")
        .replace("(1500 ", "(1499 ")
}

fn settled_word(word: &str) -> String {
    if let Some((start, _)) = word.split_once('…').filter(|_| word.starts_with("eyJ")) {
        return format!("{start}…");
    }
    if let Some((host, port)) = word.split_once("//127.0.0.1:") {
        let rest = port.trim_start_matches(|c: char| c.is_ascii_digit());
        return format!("{host}//127.0.0.1:8080{rest}");
    }
    let is_time = word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
    if is_time { "2026-11-26T09:00:00Z".to_owned() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_set_to_one_value() {
        for (line, expected) in [
            ("Bearer eyJhbGciOiJS…r6HrGw (1498 characters)", "Bearer eyJhbGciOiJS… (1499 characters)"),
            ("may call http://127.0.0.1:35001: 4 classes", "may call http://127.0.0.1:8080: 4 classes"),
            ("24h00m left, until 2026-11-26T08:22:50Z", "24h00m left, until 2026-11-26T09:00:00Z"),
            ("$ aep-auth status", "$ aep-auth status"),
        ] {
            assert_eq!(settled(line), expected);
        }
    }
}
