//! A body of `application/x-www-form-urlencoded`; wiped when dropped, since it holds secrets.

use zeroize::Zeroizing;

/// The encoded fields.
pub(crate) struct Form(Zeroizing<String>);

impl Form {
    pub(crate) const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    /// Encodes the fields in their order.
    pub(crate) fn of(fields: &[(&str, &str)]) -> Self {
        let mut body = Zeroizing::new(String::with_capacity(4096));
        for (name, value) in fields {
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            push_encoded(&mut body, value);
        }
        Self(body)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The body, for a request that is kept.
    pub(crate) fn into_body(self) -> Zeroizing<String> {
        self.0
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986, which every form decoder reads alike.
pub(crate) fn push_encoded(out: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_encoded_for_every_decoder() {
        let form = Form::of(&[("a", "p8e-A_b.c~d&e c+r=t/ü%"), ("b", "")]);
        assert_eq!(form.as_bytes(), b"a=p8e-A_b.c~d%26e%20c%2Br%3Dt%2F%C3%BC%25&b=");
    }
}
