//! The manual pages: a page for the program, and one for each of its commands.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// A page and the name of its file.
#[derive(Debug)]
pub struct ManualPage {
    /// Such as `aep-auth-token.1`.
    pub file: String,
    /// In roff.
    pub text: Vec<u8>,
}

/// The pages of a program: its own, and one for each command.
///
/// # Errors
/// None in practice: the text is written to memory.
pub fn manual_pages(command: &Command) -> io::Result<Vec<ManualPage>> {
    let mut command = without_help(command.clone());
    command.build();
    let mut pages = Vec::new();
    collect(&command, true, &mut pages)?;
    Ok(pages)
}

/// The program's own page.
pub(crate) fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut command = without_help(command);
    command.build();
    text(&command, true)
}

/// `help` has no page, so none may point to it.
fn without_help(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| command.mut_subcommand(name, without_help));
    command.disable_help_subcommand(true)
}

fn collect(command: &Command, is_program: bool, pages: &mut Vec<ManualPage>) -> io::Result<()> {
    pages.push(ManualPage { file: Man::new(command.clone()).get_filename(), text: text(command, is_program)? });
    command.get_subcommands().filter(|inner| !inner.is_hide_set()).try_for_each(|inner| collect(inner, false, pages))
}

fn text(command: &Command, is_program: bool) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.extend_from_slice(synopsis(&man, command)?.as_bytes());
    man.render_description_section(&mut page)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut page)?;
    }
    if command.get_subcommands().any(|inner| !inner.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    let knows_profiles = command.get_arguments().any(|argument| argument.get_id() == "profile");
    let mut sections = String::new();
    if is_program && command.get_name() == "aep-auth" {
        list(&mut sections, "ENVIRONMENT", ENVIRONMENT);
        list(&mut sections, "FILES", FILES);
    } else if knows_profiles {
        paragraph(&mut sections, "ENVIRONMENT", "The variables of aep-auth(1).");
        paragraph(&mut sections, "FILES", "Those of aep-auth(1).");
    }
    let after = command.get_after_help().or(command.get_after_long_help()).map(ToString::to_string).unwrap_or_default();
    let exit_codes = after.split_once("Exit codes: ").map(|(_, codes)| codes.replace('\n', " "));
    match exit_codes {
        Some(codes) => paragraph(&mut sections, "EXIT STATUS", &capital(codes.trim())),
        None if knows_profiles => paragraph(&mut sections, "EXIT STATUS", "As aep-auth(1) has it."),
        None => paragraph(&mut sections, "EXIT STATUS", "0 done, 2 command line, else a failure."),
    }
    if let Some((_, examples)) = after.split_once("Examples:\n") {
        let examples = examples.split("\n\n").next().unwrap_or_default();
        sections.push_str(".SH EXAMPLES\n.nf\n");
        for line in examples.lines() {
            sections.push_str(&format!("{}\n", escaped(line.strip_prefix("  ").unwrap_or(line))));
        }
        sections.push_str(".fi\n");
    }
    page.extend_from_slice(sections.as_bytes());
    let Some(version) = command.get_version() else { return Ok(page) };
    let mut section = String::new();
    paragraph(&mut section, "VERSION", &format!("v{version}"));
    page.extend_from_slice(section.as_bytes());
    // How it was built is for the program to say, which may be of another build than the pages.
    let Some((_, built)) = version.rsplit_once(", ") else { return Ok(page) };
    Ok(String::from_utf8_lossy(&page).replace(&format!(", {built}"), ")").into_bytes())
}

/// With the value that each option takes, which `clap_mangen` leaves out.
fn synopsis(man: &Man, command: &Command) -> io::Result<String> {
    let mut section = Vec::new();
    man.render_synopsis_section(&mut section)?;
    let mut section = String::from_utf8_lossy(&section).into_owned();
    for option in command.get_opts() {
        if let (Some(long), Some([value, ..])) = (option.get_long(), option.get_value_names()) {
            let written = format!("\\fB{}\\fR", escaped(&format!("--{long}")));
            section = section.replace(&written, &format!("{written} \\fI<{}>\\fR", escaped(value)));
        }
    }
    Ok(section)
}

/// The variables, as docs/settings.md has them.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("AEP_PROFILE", "Profile to use (default: the one that aep-auth profile use set)."),
    ("AEP_SANDBOX", "Sandbox for x-sandbox-name (default: the profile's)."),
    ("AEP_SANDBOX_NAME", "The same for an identity from the variables below, where AEP_SANDBOX is not set."),
    (
        "AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID, AEP_SCOPES",
        "An OAuth Server-to-Server credential without a profile.",
    ),
    (
        "AEP_TECHNICAL_ACCOUNT_ID, AEP_META_SCOPES, AEP_PRIVATE_KEY, AEP_PRIVATE_KEY_PASSPHRASE",
        "A service account (JWT) without a profile; the key is a path or a PEM.",
    ),
    (
        "IMS_OAUTH_S2S_CLIENT_ID, IMS_OAUTH_S2S_CLIENT_SECRET, IMS_OAUTH_S2S_ORG_ID, IMS_OAUTH_S2S_SCOPES",
        "The same by the names of Adobe App Builder, where AEP_CLIENT_ID is not set.",
    ),
    ("AEP_IMS_URL, AEP_PLATFORM_URL", "The hosts of Adobe IMS and of the platform."),
    ("AEP_CONFIG_DIR, AEP_DATA_DIR, AEP_CACHE_DIR", "The folders of profiles, of stored secrets and of cached tokens."),
    ("AEP_CA_FILE", "Certificates in PEM that are trusted beside the system's."),
    ("AEP_TIMEOUT", "Seconds for one whole fetch, repetitions included (8)."),
    ("AEP_LOCK_TIMEOUT", "Seconds to wait for another process's fetch (AEP_TIMEOUT and one)."),
    ("AEP_CACHE", "off: neither read nor write the cache."),
    ("AEP_SHARED_CACHE, AEP_SHARED_CACHE_PASSWORD", "A Redis or Valkey that machines share, and its password."),
    ("AEP_LOG", "error, warn, info or debug: what standard error tells; never a secret."),
    ("HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, NO_COLOR", "As curl, OpenSSL and terminals have them."),
];

/// Where things lie on Linux; `aep-auth doctor` tells the folders of this machine.
const FILES: &[(&str, &str)] = &[
    ("~/.config/aep/profiles/NAME.toml", "A profile; it holds no secret."),
    ("~/.config/aep/default-profile", "The name of the default profile."),
    ("~/.local/share/aep/secrets/", "Stored secrets, readable by you alone."),
    ("~/.cache/aep/", "Cached tokens, readable by you alone."),
];

fn list(page: &mut String, title: &str, items: &[(&str, &str)]) {
    page.push_str(&format!(".SH \"{title}\"\n"));
    for (term, text) in items {
        page.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", escaped(term), escaped(text)));
    }
}

fn paragraph(page: &mut String, title: &str, text: &str) {
    page.push_str(&format!(".SH \"{title}\"\n{}\n", escaped(text)));
}

/// Nothing of a text is taken for a request or an escape.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
