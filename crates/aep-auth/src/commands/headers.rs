//! `headers`: the four headers, for curl or as JSON.

use aep_cli::Invocation;
use aep_core::Result;
use aep_core::acquire::TokenRequest;
use aep_core::headers;
use aep_core::profile::ProfileSelection;
use serde_json::{Map, Value};

use crate::cli::HeaderFormat;
use crate::{quote, road};

pub(crate) fn run(invocation: &mut Invocation<'_>, selection: &ProfileSelection, format: HeaderFormat) -> Result<()> {
    let profile = aep_core::profile::resolve(invocation.context, selection)?;
    // Before anything is fetched: without it there are no headers.
    headers::organization(&profile)?;
    let fetched = road::acquire_for(invocation.context, &profile, &TokenRequest::default())?;
    let headers = headers::of(&profile, &fetched.token.value)?;
    match format {
        HeaderFormat::Http => {
            for header in &headers {
                invocation.line(format_args!("{}: {}", header.name, header.value));
            }
        }
        HeaderFormat::Curl => {
            for header in &headers {
                let text = format!("{}: {}", header.name, header.value);
                invocation.line(format_args!("header = {}", quote::curl(&text)));
            }
        }
        HeaderFormat::Json => {
            let map: Map<String, Value> =
                headers.into_iter().map(|header| (header.name.to_owned(), header.value.into())).collect();
            invocation.line(format_args!("{:#}", Value::Object(map)));
        }
    }
    Ok(())
}
