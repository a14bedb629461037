//! The way to fetch an access token from Adobe IMS
