//! The completion for bash 3.2 and newer: one table by the path of subcommands.

use clap::{Arg, Command, ValueHint};

use super::{NAMES, PLACES, SANDBOXES, is_place, is_profile, is_sandbox};

/// One command on its path, `` for the program itself, `profile show` below.
struct Node<'a> {
    path: String,
    command: &'a Command,
}

pub(super) fn script(command: &Command) -> String {
    let mut nodes = Vec::new();
    collect(command, "", &mut nodes);
    let name = command.get_name();
    let function = format!("_{}", name.replace('-', "_"));
    TEMPLATE
        .replace("@function@", &function)
        .replace("@name@", name)
        .replace("@steps@", &steps(&nodes))
        .replace("@values@", &values(&nodes))
        .replace("@options@", &options(&nodes))
        .replace("@words@", &words(&nodes))
}

const TEMPLATE: &str = r#"# Completion of @name@ for bash; made by `aep-auth completions bash` and the like.
@function@() {
    local cur prev word path= passed=0 value= words= i
    COMPREPLY=()
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD - 1]}
    # bash takes `--option=value` for three words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $value ]]; then
            [[ $word == = ]] || value=
            continue
        fi
        case "$path $word" in
@steps@            *" -"* | *" =") ;;
            *) passed=$((passed + 1)) ;;
        esac
    done
    case "$path $prev" in
@values@        *)
            if [[ $cur == -* ]]; then
                case $path in
@options@                esac
            else
                case "$path:$passed" in
@words@                esac
            fi
            ;;
    esac
    case $words in
        "<files>")
            COMPREPLY=($(compgen -f -- "$cur"))
            compopt -o filenames 2>/dev/null
            ;;
        "<commands>") COMPREPLY=($(compgen -c -- "$cur")) ;;
        *) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    esac
}
complete -F @function@ @name@
"#;

fn collect<'a>(command: &'a Command, path: &str, nodes: &mut Vec<Node<'a>>) {
    nodes.push(Node { path: path.to_owned(), command });
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        let path = if path.is_empty() { inner.get_name().to_owned() } else { format!("{path} {}", inner.get_name()) };
        collect(inner, &path, nodes);
    }
}

/// From a word to the next path, or to the value that an option takes.
fn steps(nodes: &[Node<'_>]) -> String {
    let mut steps = String::new();
    for Node { path, command } in nodes {
        let patterns: Vec<String> = own_value_options(path, command).map(|option| patterns(path, option)).collect();
        if !patterns.is_empty() {
            steps.push_str(&format!("            {}) value=1 ;;\n", patterns.join(" | ")));
        }
    }
    for Node { path, .. } in nodes.iter().filter(|node| !node.path.is_empty()) {
        let pattern = if path.contains(' ') { path.clone() } else { format!(" {path}") };
        steps.push_str(&format!("            \"{pattern}\") path=\"{path}\" ;;\n"));
    }
    steps
}

/// What may stand behind an option that takes a value.
fn values(nodes: &[Node<'_>]) -> String {
    let mut values = String::new();
    for Node { path, command } in nodes {
        for option in own_value_options(path, command) {
            values.push_str(&format!("        {}) words={} ;;\n", patterns(path, option), words_of(option)));
        }
    }
    values
}

fn options(nodes: &[Node<'_>]) -> String {
    let line = |Node { path, command }: &Node<'_>| {
        let options: Vec<String> = command
            .get_opts()
            .chain(command.get_arguments().filter(|argument| !argument.is_positional() && !takes_value(argument)))
            .filter(|argument| !argument.is_hide_set())
            .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
            .collect();
        format!("                    \"{path}\") words=\"{}\" ;;\n", options.join(" "))
    };
    nodes.iter().map(line).collect()
}

/// What may stand in the place of each argument without an option.
fn words(nodes: &[Node<'_>]) -> String {
    let mut words = String::new();
    for Node { path, command } in nodes {
        let inner: Vec<&str> = command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
            .map(Command::get_name)
            .collect();
        if !inner.is_empty() {
            words.push_str(&format!("                    \"{path}:0\") words=\"{}\" ;;\n", inner.join(" ")));
        }
        for (number, argument) in command.get_positionals().enumerate() {
            words.push_str(&format!("                    \"{path}:{number}\") words={} ;;\n", words_of(argument)));
            if argument.is_trailing_var_arg_set() || argument.is_last_set() {
                words.push_str(&format!("                    \"{path}:\"*) words=\"<files>\" ;;\n"));
            }
        }
    }
    words
}

fn words_of(argument: &Arg) -> String {
    let known: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    if !known.is_empty() {
        return format!("\"{}\"", known.join(" "));
    }
    if is_profile(argument) {
        return format!("\"$({NAMES})\"");
    }
    if is_sandbox(argument) {
        return format!("\"$({SANDBOXES})\"");
    }
    if is_place(argument) {
        return format!("\"{PLACES}\"");
    }
    match argument.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => "\"<files>\"".to_owned(),
        ValueHint::CommandName | ValueHint::CommandString | ValueHint::CommandWithArguments => {
            "\"<commands>\"".to_owned()
        }
        _ => "\"\"".to_owned(),
    }
}

/// Those that take a value; a global one at the program alone.
fn own_value_options<'a>(path: &'a str, command: &'a Command) -> impl Iterator<Item = &'a Arg> {
    let is_own = move |option: &&Arg| path.is_empty() || !option.is_global_set();
    command.get_opts().filter(|option| !option.is_hide_set() && takes_value(option)).filter(is_own)
}

/// An option behind its path, in all spellings; a global one behind any.
fn patterns(path: &str, option: &Arg) -> String {
    let path = if option.is_global_set() { "*\"".to_owned() } else { format!("\"{path}") };
    let long = option.get_long().map(|long| format!("--{long}"));
    let short = option.get_short().map(|short| format!("-{short}"));
    let patterns: Vec<String> = long.into_iter().chain(short).map(|option| format!("{path} {option}\"")).collect();
    patterns.join(" | ")
}

fn takes_value(argument: &Arg) -> bool {
    argument.get_action().takes_values()
}
