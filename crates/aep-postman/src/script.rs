//! The pre-request scripts: what a flow has of its own, and what both share, joined into one text that needs nothing else.
//!
//! Each part is a `.js` file; the tests run and lint what is printed.

use aep_core::profile::Flow;

/// How each script begins; by it an event is known to be ours.
pub(crate) const MARK: &str = "// aep-postman: ";

/// How each script ends; what a user writes below it is the user's.
pub(crate) const END: &str = "// aep-postman: end";

// The names stay inside a function: a user's own script may stand in the same editor.
macro_rules! script {
    ($flow:literal, $file:literal) => {
        concat!(
            "// aep-postman: a live access token for each request (",
            $flow,
            ").\n(() => {\n'use strict';\n\n",
            include_str!($file),
            include_str!("../scripts/common.js"),
            "})();\n// aep-postman: end\n",
        )
    };
}

/// The script of a flow.
pub(crate) fn of(flow: Flow) -> &'static str {
    match flow {
        Flow::Oauth => script!("OAuth Server-to-Server", "../scripts/oauth.js"),
        Flow::Jwt => script!("Service Account, JWT", "../scripts/jwt.js"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_begins_and_ends_with_a_mark() {
        for flow in [Flow::Oauth, Flow::Jwt] {
            assert!(of(flow).starts_with(MARK));
            assert_eq!(of(flow).lines().last(), Some(END));
        }
    }

    #[test]
    fn no_script_loads_evaluates_or_prints_anything_nor_uses_what_is_deprecated() {
        let words =
            ["eval(", "new Function", "console.", "http://kjur", "https://kjur", "pm.require", "atob(", "btoa("];
        for flow in [Flow::Oauth, Flow::Jwt] {
            for word in words.iter().chain(&["CryptoJS", "postman."]) {
                assert!(!of(flow).contains(word), "{word}");
            }
        }
    }
}
