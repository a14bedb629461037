//! `query`: Query Service for psql and all that speaks Postgres, with the access token as the password.
//!
//! Printed for a shell, a program or a service file; put into a password file; or lent to one command.

use std::path::{Path, PathBuf};

use aep_cli::Invocation;
use aep_core::profile::{self, ProfileSelection};
use aep_core::{Context, Error, Profile, Result, headers};
use aep_ims::QueryParameters;
use serde_json::json;
use zeroize::Zeroizing;

use super::env;
use crate::cli::{EnvShell, QueryArguments, QueryFormat};

mod parameters;
mod pgpass;
mod roots;
mod run;

pub(crate) use parameters::{forget, kept};

/// The folder of ours for certificates, locks and the password files of commands that run.
pub(crate) const FOLDER: &str = "query";
/// libpq reads no longer line of a service file.
const LONGEST_SERVICE_LINE: usize = 1000;

/// All that a client needs.
struct Connection {
    parameters: QueryParameters,
    password: Zeroizing<String>,
    /// The certificates that the server is judged by.
    roots: PathBuf,
}

/// Where the password is.
enum Password<'a> {
    /// In what is printed.
    Shown(&'a str),
    /// In this file.
    In(&'a Path),
}

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &QueryArguments,
) -> Result<u8> {
    let context = invocation.context;
    let profile = profile::resolve(context, selection)?;
    // Before anything is fetched: without them there is no answer.
    headers::organization(&profile)?;
    let sandbox = sandbox(&profile)?;
    let connection = connect(context, &profile, arguments)?;
    sweep(context);
    if !arguments.command.is_empty() {
        return run::run(context, &profile, &connection, &arguments.command);
    }
    let file = match &arguments.pgpass {
        None => None,
        Some(named) => {
            let file = pgpass::path(context, named.as_deref())?;
            pgpass::put(context, &file, &connection)?;
            Some(file)
        }
    };
    let (format, password) = match (arguments.format, &file) {
        // Nothing was asked for but the file.
        (None, Some(_)) => return Ok(0),
        (format, Some(file)) => (format.unwrap_or_default(), Password::In(file)),
        (format, None) => (format.unwrap_or_default(), Password::Shown(&connection.password)),
    };
    match format {
        QueryFormat::Env => {
            let shell = arguments.shell.unwrap_or_else(|| env::usual_shell(&invocation.context.environment));
            print_variables(invocation, shell, &connection, &password)?;
        }
        QueryFormat::Json => print_json(invocation, &connection, &password)?,
        QueryFormat::Service => {
            let name = format!("{}-{sandbox}", profile.name());
            print_service(invocation, &name, &connection, &password)?;
        }
    }
    Ok(0)
}

/// Without one there is no database to name.
fn sandbox(profile: &Profile) -> Result<&str> {
    profile.sandbox.as_deref().ok_or_else(|| {
        let error = Error::configuration(format!("no sandbox is named in {}; Query Service needs one", profile.origin));
        match profile.file_name() {
            Some(name) => error.with_hint(format!(
                "aep-auth query --sandbox prod, or once for all: aep-auth profile set {name} sandbox=prod"
            )),
            None => error.with_hint("aep-auth query --sandbox prod, or set AEP_SANDBOX"),
        }
    })
}

fn connect(context: &Context, profile: &Profile, arguments: &QueryArguments) -> Result<Connection> {
    let access = parameters::find(context, profile, arguments)?;
    let roots = roots::file(context, profile.ca_file.as_deref())?;
    Ok(Connection { parameters: access.parameters, password: access.password, roots })
}

/// Our folder in the cache folder, made if it is missing.
fn folder(context: &Context) -> Result<PathBuf> {
    let folder = context.folders.cache()?.join(FOLDER);
    if !folder.is_dir() {
        aep_core::write_file::create_folders(&folder, context.folders.home()).map_err(|error| cannot_keep(&error))?;
    }
    Ok(folder)
}

fn cannot_keep(error: &aep_core::write_file::WriteError) -> Error {
    let hint = error.cure().unwrap_or_else(|| "name a folder that you can write to: AEP_CACHE_DIR".to_owned());
    Error::storage(format!("nothing can be put where the client looks for it: {error}")).with_hint(hint)
}

/// The user's password file, where there is one: a token that was put there stays there.
pub(crate) fn password_file(context: &Context) -> Option<PathBuf> {
    pgpass::existing(context)
}

/// Removes the password files that killed processes left, and the folder where nothing else is in it.
pub(crate) fn sweep(context: &Context) {
    if let Ok(cache) = context.folders.cache() {
        aep_core::write_file::sweep_passing(&cache.join(FOLDER));
        aep_core::cache::remove_if_empty(&cache.join(FOLDER));
    }
}

/// What is set, and what must not linger: libpq would take a host address or a service before the rest, and a password
/// before its file.
fn variables(connection: &Connection, password: &Password<'_>) -> Result<Vec<(&'static str, Option<String>)>> {
    let QueryParameters { host, port, database, user } = &connection.parameters;
    let mut variables = vec![
        ("PGHOST", Some(host.clone())),
        ("PGPORT", Some(port.to_string())),
        ("PGDATABASE", Some(database.clone())),
        ("PGUSER", Some(user.clone())),
        ("PGSSLMODE", Some("verify-full".to_owned())),
        ("PGSSLROOTCERT", Some(in_text(&connection.roots)?)),
        ("PGHOSTADDR", None),
        ("PGSERVICE", None),
    ];
    match password {
        Password::Shown(password) => variables.push(("PGPASSWORD", Some((*password).to_owned()))),
        Password::In(file) => variables.extend([("PGPASSFILE", Some(in_text(file)?)), ("PGPASSWORD", None)]),
    }
    Ok(variables)
}

/// A path as a line can hold it.
fn in_text(path: &Path) -> Result<String> {
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(Error::configuration(format!("{} cannot be written as a line of text", path.display()))
            .with_hint("name another folder: AEP_CACHE_DIR")),
    }
}

fn print_variables(
    invocation: &mut Invocation<'_>,
    shell: EnvShell,
    connection: &Connection,
    password: &Password<'_>,
) -> Result<()> {
    let variables = variables(connection, password)?;
    env::print(invocation, shell, &variables, &connection.password)
}

/// The names are libpq's keywords, so that `psycopg.connect(**…)` takes them as they are.
fn print_json(invocation: &mut Invocation<'_>, connection: &Connection, password: &Password<'_>) -> Result<()> {
    let QueryParameters { host, port, database, user } = &connection.parameters;
    let mut keywords = json!({
        "host": host,
        "port": port,
        "dbname": database,
        "user": user,
        "sslmode": "verify-full",
        "sslrootcert": in_text(&connection.roots)?,
    });
    match password {
        Password::Shown(password) => keywords["password"] = (*password).into(),
        Password::In(file) => keywords["passfile"] = in_text(file)?.into(),
    }
    invocation.line(format_args!("{keywords:#}"));
    Ok(())
}

/// A service file is read by line, and no line may be as long as a token: the password is left to a password file.
fn print_service(
    invocation: &mut Invocation<'_>,
    name: &str,
    connection: &Connection,
    password: &Password<'_>,
) -> Result<()> {
    let QueryParameters { host, port, database, user } = &connection.parameters;
    let roots = in_text(&connection.roots)?;
    invocation.line(format_args!("[{name}]\nhost={host}\nport={port}\ndbname={database}\nuser={user}"));
    invocation.line(format_args!("sslmode=verify-full\nsslrootcert={roots}"));
    match password {
        Password::In(file) => invocation.line(format_args!("passfile={}", in_text(file)?)),
        Password::Shown(password) if password.len() < LONGEST_SERVICE_LINE => {
            invocation.line(format_args!("password={password}"));
        }
        Password::Shown(_) => invocation.line("# the password comes from a password file: aep-auth query --pgpass"),
    }
    Ok(())
}
