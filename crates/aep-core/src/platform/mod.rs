//! What differs between operating systems about private files; one small file for each kind.
//!
//! On Unix, modes and owners are checked on the open file, never by name. On Windows the profile folder's own access
//! list protects the files; that side has been written but not run.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::*;
