//! The pre-request scripts; each is a file of its own, tested by running it.

use aep_core::profile::Flow;

/// How each script begins; by it an event is known to be ours.
pub(crate) const MARK: &str = "// aep-postman: ";

/// How each script ends; what a user writes below it is the user's.
pub(crate) const END: &str = "// aep-postman: end";

/// The script of a flow.
pub(crate) fn of(flow: Flow) -> &'static str {
    match flow {
        Flow::Oauth => include_str!("../scripts/oauth.js"),
        Flow::Jwt => include_str!("../scripts/jwt.js"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scripts_carry_the_mark_and_share_their_common_part() {
        let common = |flow| {
            let text = of(flow);
            assert!(text.starts_with(MARK));
            assert_eq!(text.lines().last(), Some(END));
            text.split_once("// ---- from here on").unwrap().1
        };
        assert_eq!(common(Flow::Oauth), common(Flow::Jwt));
    }

    #[test]
    fn no_script_loads_or_evaluates_anything() {
        for flow in [Flow::Oauth, Flow::Jwt] {
            for word in ["eval(", "new Function", "console.", "https://kjur", "pm.require"] {
                assert!(!of(flow).contains(word), "{word}");
            }
        }
    }
}
