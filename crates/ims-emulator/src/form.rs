//! The two bodies that IMS reads: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578).

use std::collections::BTreeMap;

use crate::http::Request;

/// The fields of a form.
pub(crate) type Fields = BTreeMap<String, String>;

/// Which bodies an endpoint reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    Urlencoded,
    UrlencodedOrMultipart,
}

/// Reads the body of a request; an error says what is wrong with it.
pub(crate) fn read(request: &Request, accepts: Accepts) -> Result<Fields, &'static str> {
    let content_type = request.header("content-type").unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match (kind.as_str(), accepts) {
        ("application/x-www-form-urlencoded", _) => urlencoded(&request.body),
        ("multipart/form-data", Accepts::UrlencodedOrMultipart) => multipart(content_type, &request.body),
        _ => Err("content type not supported"),
    }
}

fn urlencoded(body: &[u8]) -> Result<Fields, &'static str> {
    let mut fields = Fields::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err("a parameter stands twice");
        }
    }
    Ok(fields)
}

fn multipart(content_type: &str, body: &[u8]) -> Result<Fields, &'static str> {
    let boundary = content_type
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"'))
        .filter(|boundary| !boundary.is_empty() && boundary.len() <= 70)
        .ok_or("the boundary is missing")?;
    let text = std::str::from_utf8(body).map_err(|_| "the body is not text")?;
    let text = text.strip_prefix(&format!("--{boundary}\r\n")).ok_or("the body does not start with the boundary")?;
    let (text, _) = text.split_once(&format!("\r\n--{boundary}--")).ok_or("the last boundary is missing")?;
    let mut fields = Fields::new();
    for part in text.split(&format!("\r\n--{boundary}\r\n")) {
        let (head, value) = part.split_once("\r\n\r\n").ok_or("a part has no head")?;
        let name = head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("content-disposition: form-data"))
            .and_then(|line| line.split("name=\"").nth(1)?.split('"').next())
            .ok_or("a part has no name")?;
        if fields.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err("a parameter stands twice");
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_body_is_read_to_the_letter() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx=y&z\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\n\r\n--b--\r\n";
        let fields = multipart("multipart/form-data; boundary=b", body.as_bytes()).unwrap();
        assert_eq!(fields, Fields::from([("a".to_owned(), "x=y&z".to_owned()), ("c".to_owned(), String::new())]));
        for broken in
            ["", "--b\r\n", &body.replace("--b--", ""), &body.replace("\r\n", "\n"), &body.replace("name", "nome")]
        {
            assert!(multipart("multipart/form-data; boundary=b", broken.as_bytes()).is_err(), "{broken:?}");
        }
        assert!(multipart("multipart/form-data", body.as_bytes()).is_err());
    }
}
