#![no_main]
//! What a service answered: a page of a list, and where Query Service is.

use aep_core::url::{Address, BaseUrl};
use aep_ims::QueryParameters;

const SERVICE: &str = "https://platform.adobe.io";

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let asked = Address::parse(&format!("{SERVICE}/list?limit=2&start=a")).unwrap();
    if let Ok((_, Some(query))) = aep_auth::page_in(body, &asked) {
        assert!(query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
        // Wherever it leads, it is the page that was asked, of the host that was asked.
        let next = Address::parse(&format!("{SERVICE}{}?{query}", asked.path())).unwrap();
        assert!(next.base == asked.base && next.path() == asked.path());
    }
    if let Ok(value) = serde_json::from_slice(body) {
        let platform = BaseUrl::parse("url", SERVICE).unwrap();
        if let Ok(parameters) = QueryParameters::from_json(&value, &platform) {
            assert!([".adobe.io", ".adobe.net"].iter().any(|end| parameters.host.ends_with(end)));
            assert!(!parameters.user.chars().any(char::is_control) && parameters.port != 0);
            assert_eq!(QueryParameters::from_json(&parameters.to_json(), &platform).unwrap(), parameters);
        }
    }
});
