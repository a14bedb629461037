//! Whether a caller repeats itself. Some clients give no sign that a token was refused: they only ask again, from the same
//! process, before the expiry that they were given.
//!
//! A repeat makes us ask IMS about the token, at most once a minute for a token, since several clients in one process
//! ask repeatedly too. What was answered to whom stands in one small note of fixed size, overwritten in place.

use super::Note;
use crate::digest::sha256;
use crate::token::Token;
use crate::token::identity::hexadecimal;
use crate::{Context, Log};

/// Callers that are remembered; the oldest gives way.
const ROWS: usize = 16;

/// Between two questions about one token.
const A_MINUTE: i64 = 60;

/// Where nobody can tell who asks, a question this soon after our last answer may be another's.
const TOGETHER: i64 = 2;

/// An answer that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    /// Digest of the caller's mark and of what it asks for.
    caller: String,
    /// Digest of the token.
    token: String,
    answered_at: i64,
    /// The expiry that the caller was told; zero for none.
    expiry: i64,
    /// When IMS was asked about the token; zero for never.
    asked_at: i64,
}

/// What was answered to whom.
#[derive(Debug)]
pub struct Repeats {
    note: Note,
    rows: Vec<Row>,
    caller: String,
    /// For how long after an answer a question is no repeat.
    silence: i64,
}

impl Repeats {
    /// Reads the note of this name; `None` where there is no folder to remember in. `caller` is a mark of the process that
    /// asks, where one can be told; `subject` is what it asks for.
    pub fn open(context: &Context, name: &str, caller: Option<&str>, subject: &str) -> Option<Self> {
        let note = Note::at(context.folders.cache().ok()?, name.to_owned());
        let text = note.read().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        Some(Self {
            note,
            rows: text.lines().filter_map(Row::parse).take(ROWS).collect(),
            caller: digest(&format!("{} {subject}", caller.unwrap_or("anybody"))),
            silence: if caller.is_some() { 0 } else { TOGETHER + 1 },
        })
    }

    /// Whether this caller was given this token before and comes back before the expiry it was told, and IMS was not
    /// asked about the token within a minute. Counts as asked from now on.
    pub fn is_question_due(&mut self, token: &Token, now: i64, log: &Log) -> bool {
        let token = digest(token.value.expose());
        let is_repeat = self.rows.iter().any(|row| {
            let early = row.answered_at + self.silence..row.expiry;
            row.caller == self.caller && row.token == token && early.contains(&now)
        });
        let was_asked = |row: &Row| row.token == token && (row.asked_at..row.asked_at + A_MINUTE).contains(&now);
        if !is_repeat {
            return false;
        }
        if self.rows.iter().any(was_asked) {
            log.debug(
                "the caller asks again; IMS was asked about this token less than a minute ago and is not asked now",
            );
            return false;
        }
        self.rows.iter_mut().filter(|row| row.token == token).for_each(|row| row.asked_at = now);
        // At once, so that a second client in the same process does not ask as well.
        self.write();
        true
    }

    /// Remembers an answer.
    pub fn answered(&mut self, token: &Token, expiry: Option<i64>, now: i64) {
        let token = digest(token.value.expose());
        let asked_at = self.rows.iter().filter(|row| row.token == token).map(|row| row.asked_at).max().unwrap_or(0);
        self.rows.retain(|row| row.caller != self.caller || row.token != token);
        if self.rows.len() >= ROWS
            && let Some(oldest) = (0..self.rows.len()).min_by_key(|index| self.rows[*index].answered_at)
        {
            self.rows.remove(oldest);
        }
        let expiry = expiry.unwrap_or(0);
        self.rows.push(Row { caller: self.caller.clone(), token, answered_at: now, expiry, asked_at });
        self.write();
    }

    fn write(&self) {
        let mut text: String = self.rows.iter().map(Row::render).collect();
        // Always the same size, so that what is overwritten in place is overwritten whole.
        for _ in self.rows.len()..ROWS {
            text.push_str(&Row::default().render());
        }
        self.note.overwrite(text.as_bytes());
    }
}

impl Row {
    fn render(&self) -> String {
        let Self { caller, token, answered_at, expiry, asked_at } = self;
        format!("{caller:16} {token:16} {answered_at:<12} {expiry:<12} {asked_at:<12}\n")
    }

    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [caller, token, answered_at, expiry, asked_at] = words.as_slice() else { return None };
        Some(Self {
            caller: (*caller).to_owned(),
            token: (*token).to_owned(),
            answered_at: answered_at.parse().ok()?,
            expiry: expiry.parse().ok()?,
            asked_at: asked_at.parse().ok()?,
        })
    }
}

fn digest(text: &str) -> String {
    hexadecimal(&sha256(text.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::token::AccessToken;
    use crate::{Environment, Folders, Log};

    fn context(folder: &std::path::Path) -> Context {
        Context {
            environment: Environment::from_pairs::<String, String>([]),
            clock: Box::new(SystemClock::start()),
            folders: Folders::at(folder, folder, folder),
            log: Log::silent(),
            keyring: Default::default(),
        }
    }

    fn token(text: &str) -> Token {
        let value = AccessToken::parse(text.to_owned()).unwrap();
        Token { value, fetched_at: 0, life: Some(1000), stale_secret: None }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("kube").tempdir().unwrap()
    }

    /// As a process does it: reads, decides, answers.
    fn asks(folder: &std::path::Path, caller: &str, token: &Token, expiry: i64, now: i64) -> bool {
        asks_for(folder, Some(caller), "", token, now, expiry)
    }

    fn asks_for(
        folder: &std::path::Path,
        caller: Option<&str>,
        subject: &str,
        token: &Token,
        now: i64,
        expiry: i64,
    ) -> bool {
        let mut repeats = Repeats::open(&context(folder), "callers", caller, subject).unwrap();
        let is_due = repeats.is_question_due(token, now, &Log::silent());
        repeats.answered(token, Some(expiry), now);
        is_due
    }

    #[test]
    fn the_same_process_that_comes_back_early_repeats_itself() {
        let folder = folder();
        let token = token("a");
        assert!(!asks(folder.path(), "7", &token, 900, 100));
        assert!(asks(folder.path(), "7", &token, 900, 100));
    }

    #[test]
    fn another_process_and_one_that_comes_after_the_expiry_do_not() {
        let folder = folder();
        let token = token("a");
        assert!(!asks(folder.path(), "7", &token, 900, 100));
        assert!(!asks(folder.path(), "8", &token, 900, 101));
        assert!(!asks(folder.path(), "7", &token, 930, 900));
    }

    #[test]
    fn the_same_process_that_asks_for_something_else_does_not() {
        let folder = folder();
        let token = token("a");
        assert!(!asks_for(folder.path(), Some("7"), "https://a.example", &token, 100, 900));
        assert!(!asks_for(folder.path(), Some("7"), "https://b.example", &token, 101, 900));
        assert!(asks_for(folder.path(), Some("7"), "https://a.example", &token, 102, 900));
    }

    #[test]
    fn an_answer_with_one_token_leaves_what_is_known_of_another() {
        let folder = folder();
        let (one, other) = (token("a"), token("b"));
        assert!(!asks(folder.path(), "7", &one, 900, 100));
        assert!(!asks(folder.path(), "7", &other, 900, 101));
        assert!(asks(folder.path(), "7", &one, 900, 102));
        // Of one token the latest answer alone counts.
        assert!(!asks(folder.path(), "9", &one, 900, 300));
        assert!(asks(folder.path(), "9", &one, 310, 301));
        assert!(!asks(folder.path(), "9", &one, 900, 400));
    }

    #[test]
    fn a_caller_that_nobody_can_tell_repeats_itself_after_more_than_two_seconds() {
        let folder = folder();
        let token = token("a");
        assert!(!asks_for(folder.path(), None, "", &token, 100, 900));
        assert!(!asks_for(folder.path(), None, "", &token, 102, 900));
        assert!(asks_for(folder.path(), None, "", &token, 105, 900));
    }

    #[test]
    fn one_question_a_minute_for_a_token_and_a_new_token_starts_anew() {
        let folder = folder();
        let first = token("a");
        asks(folder.path(), "7", &first, 900, 100);
        assert!(asks(folder.path(), "7", &first, 900, 101));
        // Several clients in one process, and in others, ask at once.
        assert!(!asks(folder.path(), "7", &first, 900, 102));
        asks(folder.path(), "8", &first, 900, 103);
        assert!(!asks(folder.path(), "8", &first, 900, 104));
        assert!(!asks(folder.path(), "7", &first, 900, 160));
        assert!(asks(folder.path(), "7", &first, 900, 161));
        let second = token("b");
        assert!(!asks(folder.path(), "7", &second, 900, 162));
        assert!(asks(folder.path(), "7", &second, 900, 163));
    }

    #[test]
    fn the_note_keeps_its_size_and_the_latest_callers() {
        let folder = folder();
        let token = token("a");
        let path = folder.path().join("callers");
        let mut size = None;
        for number in 0..40 {
            asks(folder.path(), &number.to_string(), &token, 900, 100 + number);
            let now = std::fs::metadata(&path).unwrap().len();
            assert_eq!(*size.get_or_insert(now), now);
        }
        assert!(asks(folder.path(), "39", &token, 900, 200));
        assert!(!asks(folder.path(), "0", &token, 900, 300));
    }

    #[test]
    fn a_damaged_note_is_no_note() {
        let folder = folder();
        for bytes in [b"garbage".as_slice(), b"\xff\xfe", b"a b c d e\n", &[0; 5000]] {
            std::fs::write(folder.path().join("callers"), bytes).unwrap();
            assert!(!asks(folder.path(), "7", &token("a"), 900, 100));
            std::fs::remove_file(folder.path().join("callers")).unwrap();
        }
    }
}
