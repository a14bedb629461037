//! The text of the prompt: a template with names in braces.

/// What is used where the user gives none.
pub(crate) const DEFAULT: &str = "{name} {remaining}";

/// Replaces each `{name}` by what `value` gives for it; a name that it does not know stays as it was written.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let filled = rest.find('}').and_then(|close| Some((close, value(&rest[1..close])?)));
        match filled {
            Some((close, value)) => {
                text.push_str(&value);
                rest = &rest[close + 1..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn known_names_are_filled_and_others_stay() {
        let value = |name: &str| (name == "a").then(|| "1".to_owned());
        for (template, filled) in
            [("{a}", "1"), ("x{a}{a}y", "x11y"), ("{b} {a", "{b} {a"), ("{{a}}", "{1}"), ("", ""), ("é{a}é", "é1é")]
        {
            assert_eq!(fill(template, value), filled);
        }
    }
}
