//! Whole processes side by side with their peers, from what the benchmark printed into docs/figures.md.

use anyhow::{Result, ensure};

use super::svg::{Anchor, Picture};

const BAR: usize = 420;
const LEFT: usize = 250;
const ROW: usize = 50;

/// A row of the benchmark: ours, theirs, in microseconds.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    ours: String,
    theirs: String,
    micros: (usize, usize),
}

pub(super) fn draw(page: &str) -> Result<String> {
    let rows = read(page);
    ensure!(!rows.is_empty(), "docs/figures.md has no rows: cargo run --release -p xtask -- bench");
    let words: Vec<String> = rows
        .iter()
        .map(|row| format!("{}: {} against {} of {}", row.ours, shown(row.micros.0), shown(row.micros.1), row.theirs))
        .collect();
    let mut picture = Picture::new(
        776,
        60 + ROW * rows.len(),
        "Whole processes beside their peers",
        &format!("Medians of whole processes. {}.", words.join("; ")),
    );
    picture.text("small muted", (20, 26), "whole processes, medians; each pair to its own scale, shorter is faster");
    for (index, row) in rows.iter().enumerate() {
        let y = 44 + ROW * index;
        let most = row.micros.0.max(row.micros.1).max(1);
        for (name, class, word, micros, y) in
            [(&row.ours, "bar", "bold", row.micros.0, y), (&row.theirs, "other", "muted", row.micros.1, y + 20)]
        {
            let width = (micros * BAR / most).max(2);
            picture.anchored(&format!("small {word}"), (LEFT - 10, y + 12), Anchor::End, name);
            picture.rect(class, (LEFT, y), (width, 16));
            picture.text("small", (LEFT + width + 8, y + 12), &shown(micros));
        }
    }
    Ok(picture.finish())
}

fn shown(micros: usize) -> String {
    match micros {
        0..10_000 => format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10),
        _ => format!("{} ms", micros / 1000),
    }
}

/// The rows that compare with another program than an empty one, and the two of what runs most.
fn read(page: &str) -> Vec<Row> {
    let rows = page.lines().filter_map(|line| {
        let (names, rest) = line.split_once("  ")?;
        let (ours, theirs) = names.split_once(" / ")?;
        let mut words = rest.split_whitespace();
        let mut micros = || -> Option<usize> {
            let number = words.next()?.parse().ok()?;
            (words.next()? == "µs").then_some(number)
        };
        Some(Row { micros: (micros()?, micros()?), ours: ours.to_owned(), theirs: theirs.to_owned() })
    });
    let is_shown = |row: &Row| match row.theirs.as_str() {
        "alone" => false,
        "empty" => ["aep-auth token", "aep-prompt"].iter().any(|name| row.ours.starts_with(name)),
        _ => true,
    };
    rows.filter(is_shown)
        .map(|row| match row.theirs.as_str() {
            "empty" => Row { theirs: "an empty Rust program".to_owned(), ..row },
            _ => row,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmarks_rows_are_read() {
        let page = "whole process, medians    ours    theirs   ratio   limit\n\
                    aep-auth token, cached / empty                          896 µs    807 µs    1.11    1.15\n\
                    aep-auth headers, cached / empty                        935 µs    837 µs    1.12    1.15\n\
                    aep-prompt / empty                                      572 µs    802 µs    0.71    0.72\n\
                    aep-auth token, cold over TLS / curl, same request     6485 µs   9240 µs    0.69    0.80\n\
                    aep-auth beside 10,000 profiles and entries / alone     894 µs    894 µs    1.00    1.05\n\
                    | `aep-prompt` | / empty   x |\n";
        let read: Vec<String> =
            read(page).iter().map(|row| format!("{} | {} | {:?}", row.ours, row.theirs, row.micros)).collect();
        assert_eq!(
            read,
            [
                "aep-auth token, cached | an empty Rust program | (896, 807)",
                "aep-prompt | an empty Rust program | (572, 802)",
                "aep-auth token, cold over TLS | curl, same request | (6485, 9240)",
            ]
        );
    }

    #[test]
    fn times_are_shown_in_milliseconds() {
        assert_eq!([896, 9240, 1_400_000].map(shown), ["0.89 ms", "9.24 ms", "1400 ms"]);
    }
}
