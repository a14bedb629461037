//! What was sent in confidence, taken out of what a server answered: whoever repeats a secret or a token shows it to
//! nobody by that, and it goes into no note and no log.

use aep_core::secret::Secret;
use aep_core::token::AccessToken;
use zeroize::Zeroizing;

const NOT_SHOWN: &str = "(not shown)";
/// A shorter piece gives nothing away, and may be a word; a shorter secret counts as a whole word alone.
const SHORTEST_PIECE: usize = 12;

/// What a request held and nobody may read.
#[derive(Default)]
pub struct Hidden<'a>(Vec<&'a str>);

impl<'a> Hidden<'a> {
    /// These secrets.
    pub(crate) fn of(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self(secrets.into_iter().map(Secret::expose).filter(|secret| !secret.is_empty()).collect())
    }

    /// The tokens that calls were made with.
    pub fn tokens(tokens: impl IntoIterator<Item = &'a AccessToken>) -> Self {
        Self(tokens.into_iter().map(AccessToken::expose).collect())
    }

    /// This one too.
    #[must_use]
    pub(crate) fn and(mut self, token: &'a AccessToken) -> Self {
        self.0.push(token.expose());
        self
    }

    /// The token in these headers.
    pub(crate) fn in_headers<'h: 'a>(headers: impl IntoIterator<Item = (&'h str, &'h str)>) -> Self {
        let of = headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        Self(of.map(|(_, value)| value.split_once(' ').map_or(value, |(_, token)| token)).collect())
    }

    /// A server's text without them: neither as they are, nor as a form has them, nor a longer piece of them.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            let mut encoded = Zeroizing::new(String::new());
            crate::form::push_encoded(&mut encoded, secret);
            // A short one, as people have for trying out, may be a part of a word that is needed.
            if secret.len() >= SHORTEST_PIECE {
                text = text.replace(secret, NOT_SHOWN).replace(encoded.as_str(), NOT_SHOWN);
            }
            text = without_pieces(&text, secret);
        }
        text
    }
}

/// Takes out each word that stands somewhere in the secret, as a server has it that shortens what it repeats.
fn without_pieces(text: &str, secret: &str) -> String {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.~+/=".contains(c);
    let (mut rest, mut kept) = (text, String::with_capacity(text.len()));
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_inner(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        let core = word.trim_matches('.');
        if core == secret || core.len() >= SHORTEST_PIECE && secret.contains(core) {
            kept.push_str(&word.replacen(core, NOT_SHOWN, 1));
        } else {
            kept.push_str(word);
        }
        let next = tail.chars().next();
        kept.extend(next);
        rest = &tail[next.map_or(0, char::len_utf8)..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_taken_out_however_it_is_repeated() {
        let secret = Secret::new("p8e-Yw7vZq_dK3sR+9uT2/xLm".to_owned());
        let token = AccessToken::parse("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl".to_owned()).unwrap();
        let hidden = Hidden::of([&secret]).and(&token);
        for (text, shown) in [
            ("no p8e-Yw7vZq_dK3sR+9uT2/xLm here", "no (not shown) here"),
            ("client_secret=p8e-Yw7vZq_dK3sR%2B9uT2%2FxLm&x", "client_secret=(not shown)&x"),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl!", "Bearer (not shown)!"),
            ("`eyJhbGciOiJSUzI1NiJ9.eyJz...` ended", "`(not shown)...` ended"),
            ("\"p8e-Yw7vZq_dK3sR\"", "\"(not shown)\""),
            // What a person needs to read stays.
            ("eyJ, p8e-Yw7 and c2lnbm: invalid_token", "eyJ, p8e-Yw7 and c2lnbm: invalid_token"),
            ("é https://ims-na1.adobelogin.com/x", "é https://ims-na1.adobelogin.com/x"),
            ("", ""),
        ] {
            assert_eq!(hidden.text(text), shown, "{text}");
        }
        assert_eq!(Hidden::tokens([&token]).text(&format!("Bearer {}", token.expose())), "Bearer (not shown)");
        let short = Secret::new("token".to_owned());
        assert_eq!(Hidden::of([&short]).text("oauth-token-invalid: `token`"), "oauth-token-invalid: `(not shown)`");
        assert_eq!(Hidden::default().text("p8e"), "p8e");
        let headers = [("Accept", "a/b"), ("authorization", "Bearer abcdefabcdef")];
        assert_eq!(Hidden::in_headers(headers).text("abcdefabcdef a/b"), "(not shown) a/b");
    }
}
