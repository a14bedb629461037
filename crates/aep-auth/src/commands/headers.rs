//! `headers`: the four headers, for curl or as JSON.

use aep_core::headers;
use aep_core::process::Call;
use aep_core::profile::Choice;
use aep_core::{Result, token::Obtained};
use serde_json::{Map, Value};

use crate::cli::HeaderFormat;
use crate::{quote, run};

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice, format: HeaderFormat) -> Result<()> {
    let profile = aep_core::profile::resolve(call.context, choice)?;
    // Before anything is fetched: without it there are no headers.
    headers::organization(&profile)?;
    let (profile, Obtained { token, .. }) = super::obtain_for(call.context, profile)?;
    let headers = headers::of(&profile, &token.value)?;
    match format {
        HeaderFormat::Http => {
            for header in &headers {
                run::line(call.output, format_args!("{}: {}", header.name, header.value));
            }
        }
        HeaderFormat::Curl => {
            for header in &headers {
                let text = format!("{}: {}", header.name, header.value);
                run::line(call.output, format_args!("header = {}", quote::curl(&text)));
            }
        }
        HeaderFormat::Json => {
            let map: Map<String, Value> =
                headers.into_iter().map(|header| (header.name.to_owned(), header.value.into())).collect();
            run::line(call.output, format_args!("{:#}", Value::Object(map)));
        }
    }
    Ok(())
}
