//! The bar of a long download: one line on standard error, drawn over itself and gone at the end.
//!
//! A library's bar forecasts with floating point, and so makes every call of `aep-auth`, bar or not, load `libm.so.6`: a
//! tenth of a cached call (`docs/figures.md`).

use std::time::Duration;

use aep_core::Context;

/// What is short needs no bar.
const SHORT: Duration = Duration::from_secs(1);
/// From one drawing to the next: often enough for an eye, and nothing against the bytes.
const PACE: Duration = Duration::from_millis(100);
/// Characters within the brackets.
const WIDTH: u64 = 24;

/// How far a file is.
pub(super) struct Progress<'a> {
    context: &'a Context,
    /// What a bar needs to be wanted: standard error is a terminal, and the result a file.
    is_wanted: bool,
    /// In bytes, where the service told.
    length: Option<u64>,
    began: Duration,
    drawn: Duration,
    done: u64,
    /// Characters of the line that stands, which the next one covers.
    shown: usize,
}

impl<'a> Progress<'a> {
    pub(super) fn new(context: &'a Context, is_wanted: bool, length: Option<u64>) -> Self {
        let began = context.clock.monotonic();
        Self { context, is_wanted, length, began, drawn: began, done: 0, shown: 0 }
    }

    /// More of it is there.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        if !self.is_wanted {
            return;
        }
        let now = self.context.clock.monotonic();
        let taken = now.saturating_sub(self.began);
        if taken >= SHORT && (self.shown == 0 || now.saturating_sub(self.drawn) >= PACE) {
            self.drawn = now;
            self.draw(&line(self.done, self.length, taken));
        }
    }

    fn draw(&mut self, line: &str) {
        self.context.log.raw(&format!("\r{line:<width$}", width = self.shown));
        self.shown = line.len();
    }

    /// Leaves the line as it was before.
    pub(super) fn finish(&mut self) {
        if self.shown > 0 {
            self.draw("");
            self.context.log.raw("\r");
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}

fn line(done: u64, length: Option<u64>, taken: Duration) -> String {
    let pace = share(done, 1000, u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1));
    let far = match length.filter(|length| *length > 0) {
        Some(length) => {
            let part = share(done.min(length), WIDTH, length);
            let bar: String = (0..WIDTH).map(|place| if place < part { '=' } else { ' ' }).collect();
            format!("[{bar}] {} of {}", amount(done), amount(length))
        }
        None => amount(done),
    };
    format!("{far}, {}/s", amount(pace))
}

/// `amount * times / of`, which is not nothing.
fn share(amount: u64, times: u64, of: u64) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(times) / u128::from(of)).unwrap_or(u64::MAX)
}

/// Bytes, to one decimal of the largest unit that fits.
fn amount(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::io::{self, Write};
    use std::rc::Rc;

    use aep_core::clock::Clock;
    use aep_core::{Environment, Folders, Log, log};

    /// A stop-watch that the test moves.
    #[derive(Clone, Default)]
    struct Watch(Rc<Cell<Duration>>);

    impl Clock for Watch {
        fn unix_millis(&self) -> i64 {
            0
        }
        fn monotonic(&self) -> Duration {
            self.0.get()
        }
        fn sleep(&self, _duration: Duration) {}
    }

    #[derive(Clone, Default)]
    struct Terminal(Rc<RefCell<Vec<u8>>>);

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is drawn at each of these times (in milliseconds, with the bytes that are new), and at the end.
    fn drawn(is_wanted: bool, is_finished: bool, steps: &[(u64, u64)]) -> Vec<String> {
        let (watch, terminal) = (Watch::default(), Terminal::default());
        let context = Context {
            environment: Environment::from_pairs([("X", "")]),
            clock: Box::new(watch.clone()),
            folders: Folders::default(),
            log: Log::new(log::Level::Error, terminal.clone()),
            keyring: Default::default(),
        };
        let taken = || String::from_utf8(terminal.0.take()).unwrap();
        let began = Duration::from_secs(5);
        watch.0.set(began);
        let mut progress = Progress::new(&context, is_wanted, None);
        let mut all = Vec::new();
        for (at, bytes) in steps {
            watch.0.set(began + Duration::from_millis(*at));
            progress.advance(*bytes);
            all.push(taken());
        }
        if is_finished {
            progress.finish();
        }
        drop(progress);
        all.push(taken());
        all
    }

    #[test]
    fn a_bar_comes_after_a_second_is_drawn_ten_times_a_second_and_goes() {
        let steps = [(999, 1), (1000, 1023), (1099, 1), (1100, 1), (1199, 0)];
        let one = "\r1.0 KiB, 1.0 KiB/s";
        // What it covers is two characters longer.
        let two = "\r1.0 KiB, 932 B/s  ";
        let gone = format!("\r{:16}\r", "");
        for is_finished in [true, false] {
            assert_eq!(drawn(true, is_finished, &steps), ["", one, "", two, "", &gone]);
            assert_eq!(drawn(true, is_finished, &steps[..1]), ["", ""], "what is short needs none");
            assert_eq!(drawn(false, is_finished, &steps), [""; 6], "nobody looks");
        }
    }

    #[test]
    fn a_line_tells_how_far_it_is_and_how_fast() {
        let seconds = Duration::from_secs;
        let cases = [
            (0, Some(2048), 1, "[                        ] 0 B of 2.0 KiB, 0 B/s"),
            (1536, Some(2048), 3, "[==================      ] 1.5 KiB of 2.0 KiB, 512 B/s"),
            // More than was told, and a length of nothing.
            (4096, Some(2048), 2, "[========================] 4.0 KiB of 2.0 KiB, 2.0 KiB/s"),
            (1, Some(0), 1, "1 B, 1 B/s"),
            (3 << 29, None, 2, "1.5 GiB, 768.0 MiB/s"),
            (
                u64::MAX,
                Some(u64::MAX),
                0,
                "[========================] 17179869183.9 GiB of 17179869183.9 GiB, 17179869183.9 GiB/s",
            ),
        ];
        for (done, length, taken, expected) in cases {
            assert_eq!(line(done, length, seconds(taken)), expected);
        }
    }
}
