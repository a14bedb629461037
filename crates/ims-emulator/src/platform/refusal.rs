//! Why a service says no. Each gives it a shape of its own.

use crate::tokens::Verdict;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TokenMissing,
    Token(Verdict),
    KeyMissing,
    KeyInvalid,
    HeaderMissing(&'static str),
    OrganizationWrong,
    /// The account may not do this.
    NotEntitled,
    SandboxUnknown,
    /// `Accept` is missing or admits nothing that there is; with what would.
    Accept(&'static str),
    ContentType,
    Body(String),
    NotFound,
    AddressTooLong,
    Method,
    TooMany,
    Broken(u16),
}

impl Refusal {
    /// The status that most services give it.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Token(_) => 401,
            Self::TokenMissing | Self::KeyMissing | Self::KeyInvalid | Self::OrganizationWrong | Self::NotEntitled => {
                403
            }
            Self::HeaderMissing(_) | Self::Accept(_) | Self::ContentType | Self::Body(_) => 400,
            Self::SandboxUnknown | Self::NotFound => 404,
            Self::Method => 405,
            Self::AddressTooLong => 414,
            Self::TooMany => 429,
            Self::Broken(status) => *status,
        }
    }

    /// What it says.
    pub(super) fn words(&self) -> String {
        match self {
            Self::TokenMissing => "Oauth token is missing.".to_owned(),
            Self::Token(_) => "Oauth token is not valid".to_owned(),
            Self::KeyMissing => "Api Key is required".to_owned(),
            Self::KeyInvalid => "Api Key is invalid".to_owned(),
            Self::HeaderMissing(name) => format!("Missing header: {name}"),
            Self::OrganizationWrong => "User region is missing".to_owned(),
            Self::NotEntitled => "Profile is not valid".to_owned(),
            Self::SandboxUnknown => "The sandbox does not exist in this organization.".to_owned(),
            Self::Accept(wanted) => format!("A valid Accept value should look like {wanted}"),
            Self::ContentType => "A valid content-type must be specified".to_owned(),
            Self::Body(why) => why.clone(),
            Self::NotFound => "Resource not found".to_owned(),
            Self::AddressTooLong => "The URL length exceeds the allowed 2000 characters.".to_owned(),
            Self::Method => "Method not allowed".to_owned(),
            Self::TooMany => "Too many requests".to_owned(),
            Self::Broken(_) => "Internal server error".to_owned(),
        }
    }
}
