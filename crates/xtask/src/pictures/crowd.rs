//! A crowd with and without the cache, from what the benchmark printed into docs/figures.md.

use anyhow::{Result, ensure};

use super::svg::Picture;

const BAR: usize = 470;
const LEFT: usize = 210;

pub(super) fn draw(page: &str) -> Result<String> {
    let (size, times) = read(page);
    ensure!(!times.is_empty(), "docs/figures.md has no crowd: cargo run --release -p xtask -- bench crowd");
    let mut picture = Picture::new(
        776,
        168 + 34 * times.len(),
        "A crowd with and without the cache",
        &format!(
            "{size} processes that start at once make {size} token requests where each asks for itself, and one with the \
             cache. {}.",
            times.iter().map(|(name, time)| format!("{name}: {time} ms for all")).collect::<Vec<_>>().join("; ")
        ),
    );
    picture.text("bold", (20, 30), &format!("{size} processes at once: token requests at Adobe IMS"));
    row(&mut picture, 46, "other", "each asks for itself", size, size, &size.to_string());
    row(&mut picture, 80, "bar", "with the cache, empty", 1, size, "1");
    picture.text("bold", (20, 140), "until the last of them has its token");
    let most = times.iter().map(|(_, time)| *time).max().unwrap_or(1);
    for (index, (name, time)) in times.iter().enumerate() {
        let class = if name.contains("without") { "other" } else { "bar" };
        row(&mut picture, 156 + 34 * index, class, name, *time, most, &format!("{time} ms"));
    }
    Ok(picture.finish())
}

fn row(picture: &mut Picture, y: usize, class: &str, name: &str, value: usize, most: usize, shown: &str) {
    let width = (value * BAR / most.max(1)).max(2);
    picture.text("", (20, y + 16), name);
    picture.rect(class, (LEFT, y), (width, 22));
    picture.text("", (LEFT + width + 8, y + 16), shown);
}

/// The crowd's size, and each of its rows in milliseconds.
fn read(page: &str) -> (usize, Vec<(String, usize)>) {
    let mut lines = page.lines().skip_while(|line| !line.contains(" processes at once, wall time"));
    let size = lines.next().and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or(0);
    let rows = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (name, rest) = line.split_once("  ")?;
        let time = rest
            .trim_start()
            .strip_suffix(" ms")
            .or_else(|| rest.trim_start().split_once(" ms ").map(|(time, _)| time))?;
        Some((name.to_owned(), time.trim().parse().ok()?))
    });
    (size, rows.filter(|(name, _)| name != "difference").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmarks_rows_are_read() {
        let page = "x\n200 processes at once, wall time, medians of 7\nempty cache, over TLS        105 ms\n\
                    warm cache     99 ms\nwithout a cache    640 ms   200 token requests\n\
                    difference     5 ms   limit: a round trip + 500 ms\n\nprompt piece   470 ms\n";
        let rows = [("empty cache, over TLS", 105), ("warm cache", 99), ("without a cache", 640)];
        assert_eq!(read(page), (200, rows.map(|(name, time)| (name.to_owned(), time)).to_vec()));
        assert!(read("nothing").1.is_empty());
    }
}
