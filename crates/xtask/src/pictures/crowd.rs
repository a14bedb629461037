//! A crowd with and without the cache, from what the benchmark printed into docs/figures.md.

use anyhow::{Result, bail};

use super::svg::Picture;

const BAR: usize = 400;
const LEFT: usize = 280;

pub(super) fn draw(page: &str) -> Result<String> {
    let crowd = read(page);
    let Some((size, requests)) = crowd.requests else {
        bail!("docs/figures.md has no crowd: cargo run --release -p xtask -- bench crowd");
    };
    let times = crowd.times;
    let mut picture = Picture::new(
        776,
        168 + 34 * times.len(),
        "A crowd with and without the cache",
        &format!(
            "{size} processes that start at once make {requests} token requests where each asks for itself, and one with the \
             cache. {}.",
            times.iter().map(|(name, time)| format!("{name}: {time} ms for all")).collect::<Vec<_>>().join("; ")
        ),
    );
    picture.text("bold", (20, 30), &format!("{size} processes at once: token requests at Adobe IMS"));
    row(&mut picture, 46, "other", "each asks for itself", requests, requests, &requests.to_string());
    row(&mut picture, 80, "bar", "with the cache, empty", 1, requests, "1");
    picture.text("bold", (20, 140), "until the last of them has its token");
    let most = times.iter().map(|(_, time)| *time).max().unwrap_or(1);
    for (index, (name, time)) in times.iter().enumerate() {
        let class = if name.contains("off") { "other" } else { "bar" };
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

/// What the benchmark said of its crowd.
#[derive(Debug, Default, PartialEq, Eq)]
struct Crowd {
    /// Processes, and the token requests that they made without the cache.
    requests: Option<(usize, usize)>,
    /// Each of its rows, in milliseconds.
    times: Vec<(String, usize)>,
}

fn read(page: &str) -> Crowd {
    let mut lines = page.lines().skip_while(|line| !line.contains(" processes at once, wall time"));
    let size = lines.next().and_then(|line| line.split(' ').next()?.parse().ok());
    let mut crowd = Crowd::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        let Some((name, rest)) = line.split_once("  ") else { continue };
        let Some((time, note)) = rest.trim_start().split_once(" ms") else { continue };
        let Ok(time) = time.trim().parse() else { continue };
        if name != "difference" {
            crowd.times.push((name.to_owned(), time));
        }
        if let Some(requests) = note.trim().strip_suffix(" token requests").and_then(|count| count.parse().ok()) {
            crowd.requests = size.map(|size| (size, requests));
        }
    }
    crowd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmarks_rows_are_read() {
        let page = "x\n200 processes at once, wall time, medians of 7\nempty cache, over TLS        105 ms\n\
                    warm cache     99 ms\ndifference     5 ms   limit: a round trip + 500 ms\n\
                    AEP_CACHE=off, each for itself    640 ms   201 token requests\n\nprompt piece   470 ms\n";
        let times = [("empty cache, over TLS", 105), ("warm cache", 99), ("AEP_CACHE=off, each for itself", 640)];
        let times = times.map(|(name, time)| (name.to_owned(), time)).to_vec();
        assert_eq!(read(page), Crowd { requests: Some((200, 201)), times });
        assert_eq!(read("nothing"), Crowd::default());
    }
}
