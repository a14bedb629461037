//! The way to fetch an access token from Adobe IMS, and to try it at the platform's gateway.
//!
//! This crate knows Adobe's two requests ([`Ims`]), its answers and its refusals ([`refusal`]); it knows neither the
//! cache nor any tool. Sources for what IMS does stand beside each rule.

mod answer;
mod assertion;
pub mod call;
mod certificate;
mod classes;
mod form;
mod gateway;
mod hide;
mod http;
mod ims;
pub mod key;
mod proxy;
mod query;
mod reach;
pub mod refusal;
mod resolver;
mod retry;
mod roots;
mod tls;
mod validity;

pub use answer::{claims, token_in};
pub use assertion::sign as sign_assertion;
pub use certificate::Certificate;
pub use classes::{Class, list_classes};
pub use hide::Hidden;
pub use http::{Http, user_agent};
pub use ims::Ims;
pub use query::{Answered as QueryAnswer, QueryParameters, query_parameters};
pub use reach::{Reached, proxy_for, reach};
pub use roots::{root_certificates, stamp_of_roots};
pub use tls::tls_config;
pub use validity::{is_valid, revoke};
