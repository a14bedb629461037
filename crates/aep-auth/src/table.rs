//! Rows of texts as lines whose columns stand below each other, cleaned for a terminal.

/// The lines; the last column is as wide as it is.
pub(crate) fn lines<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> impl Iterator<Item = String> {
    let rows: Vec<[String; COLUMNS]> =
        rows.iter().map(|row| row.clone().map(|cell| aep_core::terminal::clean(&cell))).collect();
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    rows.into_iter().map(move |row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a", "bbb", "c"], ["aa", "é", "\u{1b}"]].map(|row| row.map(str::to_owned));
        assert_eq!(super::lines(&rows).collect::<Vec<_>>(), ["a   bbb  c", "aa  é    \u{fffd}"]);
    }
}
