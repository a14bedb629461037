//! The commands a person types, a file each.

pub(crate) mod api;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod exec;
pub(crate) mod forget;
pub(crate) mod headers;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod jwt;
pub(crate) mod pages;
pub(crate) mod profile;
pub(crate) mod purge;
pub(crate) mod query;
pub(crate) mod secret;
pub(crate) mod status;
pub(crate) mod token;
