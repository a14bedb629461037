//! What differs between systems, in the stories that run on each of them: text as Windows' editors write it, a crowd on one
//! cache, and `exec`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeSet;

use stories::{World, assert_clean, text};

/// As Notepad and PowerShell's redirection write it.
fn wide(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

#[test]
fn text_with_a_mark_is_read_wherever_text_is_read() {
    let mut world = World::oauth();
    let secret = world.variable("AEP_CLIENT_SECRET").to_owned();
    let (client, url) = (world.variable("AEP_CLIENT_ID").to_owned(), world.emulator.url());
    for name in ["AEP_CLIENT_ID", "AEP_CLIENT_SECRET"] {
        world.unset(name);
    }
    let profile = format!(
        "client_id = \"{client}\"\nims_url = \"{url}\"\nplatform_url = \"{url}\"\n\
         client_secrets = [{{ file = \"secret\" }}]\n"
    );
    for encode in [wide as fn(&str) -> Vec<u8>, |text| format!("\u{feff}{text}").into_bytes()] {
        for (file, content) in [
            ("config/profiles/dev.toml", profile.as_str()),
            ("config/profiles/secret", secret.as_str()),
            ("config/default-profile", "dev\r\n"),
        ] {
            world.write(file, "");
            std::fs::write(world.path(file), encode(content)).unwrap();
        }
        let before = world.emulator.token_requests();
        assert_clean(&world.run("aep-auth", &["token", "--renew"]));
        assert_eq!(world.emulator.token_requests(), before + 1);
    }
    // What is no text is said to be none.
    std::fs::write(world.path("config/profiles/secret"), b"\xff\xfe\x00").unwrap();
    let told = stories::assert_refused(&world.run("aep-auth", &["token", "--renew"]), 3);
    assert!(told.contains("it is not text in UTF-8 or UTF-16"), "{told}");
}

#[test]
fn a_crowd_makes_one_request() {
    for round in 0..3 {
        let world = World::oauth();
        let tokens: BTreeSet<_> = world
            .crowd(30, "aep-auth", &["token"])
            .iter()
            .map(|output| {
                assert_clean(output);
                text(&output.stdout)
            })
            .collect();
        assert_eq!((tokens.len(), world.emulator.token_requests()), (1, 1), "round {round}");
    }
}

#[test]
fn a_renewal_among_readers_gives_each_a_token_and_itself_a_new_one() {
    let world = World::oauth();
    let mut old = world.token();
    for round in 0..20 {
        let start = |arguments: &[&str]| {
            let mut command = world.command("aep-auth");
            command.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        };
        let readers: Vec<_> = (0..3).map(|_| start(&["token"])).collect();
        let renewed = start(&["token", "--renew"]).wait_with_output().unwrap();
        assert_clean(&renewed);
        let new = text(&renewed.stdout).trim_end().to_owned();
        assert_ne!(new, old, "round {round}");
        for reader in readers {
            let output = reader.wait_with_output().unwrap();
            assert_clean(&output);
            let token = text(&output.stdout).trim_end().to_owned();
            assert!(token == new || token == old, "round {round}");
        }
        old = new;
    }
}

#[cfg(windows)]
mod windows {
    use super::*;

    #[test]
    fn exec_gives_the_whole_exit_code() {
        let world = World::oauth();
        for code in [0, 5, 256, 0x1234_5678, -1, -1_073_741_510] {
            let output = world.run("aep-auth", &["exec", "--", "cmd", "/c", &format!("exit {code}")]);
            assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        }
        assert_eq!(world.run("aep-auth", &["exec", "--", "no-such-program"]).status.code(), Some(127));
    }

    #[test]
    fn a_batch_file_is_found_by_its_name() {
        let mut world = World::oauth();
        world.write("bin/say.cmd", "@echo secret-of-%1\r\n");
        world.write("here.cmd", "@echo here\r\n");
        let path = format!("{};{}", world.path("bin").display(), std::env::var("PATH").unwrap());
        let with_path = |world: &World, arguments: &[&str]| {
            world.command("aep-auth").args(arguments).env("PATH", &path).output().unwrap()
        };
        let output = with_path(&world, &["exec", "--", "say", "x"]);
        assert_eq!(text(&output.stdout).trim_end(), "secret-of-x", "{}", text(&output.stderr));
        // The current folder is not looked into.
        assert_eq!(with_path(&world, &["exec", "--", "here"]).status.code(), Some(127));
        // `command` finds it in the same way.
        let (client, url) = (world.variable("AEP_CLIENT_ID").to_owned(), world.emulator.url());
        world.write(
            "config/profiles/dev.toml",
            &format!(
                "client_id = \"{client}\"\nims_url = \"{url}\"\nplatform_url = \"{url}\"\nclient_secrets = [{{ command = [\"say\", \"y\"] }}]\n"
            ),
        );
        world.unset("AEP_CLIENT_ID").unset("AEP_CLIENT_SECRET").set("AEP_PROFILE", "dev");
        let output = with_path(&world, &["token", "--renew"]);
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(4) && told.contains("client_secret"), "it ran and gave a secret: {told}");
    }

    /// A world whose profile `dev` has its secret from a command, and whose `PATH` begins with the folder of such.
    fn world_of_a_command(command: &str) -> (World, String) {
        let mut world = World::oauth();
        let (client, url) = (world.variable("AEP_CLIENT_ID").to_owned(), world.emulator.url());
        world.write(
            "config/profiles/dev.toml",
            &format!(
                "client_id = \"{client}\"\nims_url = \"{url}\"\nplatform_url = \"{url}\"\nclient_secrets = [{{ command = [\"{command}\"] }}]\n"
            ),
        );
        let secret = world.variable("AEP_CLIENT_SECRET").to_owned();
        world.unset("AEP_CLIENT_ID").unset("AEP_CLIENT_SECRET").set("AEP_PROFILE", "dev");
        (world, secret)
    }

    #[test]
    fn who_waits_for_a_person_asks_nobody_else_and_waits_longer() {
        let (mut world, secret) = world_of_a_command("ask");
        let (asked, go) = (world.path("asked"), world.path("go"));
        let script = format!(
            "@echo off\r\necho x>> \"{}\"\r\n:wait\r\nif not exist \"{}\" goto wait\r\necho {secret}\r\n",
            asked.display(),
            go.display()
        );
        world.write("bin/ask.cmd", &script);
        world.set("AEP_LOG", "info");
        let path = format!("{};{}", world.path("bin").display(), std::env::var("PATH").unwrap());
        let told = |number: usize| world.path(&format!("told-{number}"));
        let children: Vec<_> = (0..4)
            .map(|number| {
                let mut command = world.command("aep-auth");
                let told = std::fs::File::create(told(number)).unwrap();
                command.arg("token").env("PATH", &path).stdout(std::process::Stdio::piped()).stderr(told);
                command.spawn().unwrap()
            })
            .collect();
        // Who does not see that a person is asked says so, and would go on alone at the end of its patience.
        let waits = |number| {
            let told = std::fs::read_to_string(told(number)).unwrap_or_default();
            told.contains("waiting for another that asks a person")
        };
        stories::wait_until(|| (0..4).filter(|number| waits(*number)).count() == 3 && asked.exists());
        std::fs::write(go, "").unwrap();
        let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
        let tokens: BTreeSet<_> = outputs.map(|output| text(&output.stdout)).collect();
        assert_eq!((tokens.len(), world.emulator.token_requests()), (1, 1));
        assert!(tokens.first().unwrap().starts_with("ey"));
        assert_eq!(std::fs::read_to_string(asked).unwrap().lines().count(), 1, "one was asked, once");
    }

    #[test]
    fn a_report_names_nobody_however_the_home_is_written() {
        let mut world = World::oauth();
        let home = world.home.path().to_str().unwrap().to_owned();
        let folder = std::path::Path::new(&home).file_name().unwrap().to_str().unwrap().to_owned();
        for (variable, written) in
            [("HOME", home.to_uppercase()), ("USERPROFILE", home.to_lowercase()), ("HOME", home.replace('\\', "/"))]
        {
            world.set(variable, &written);
            let report = text(&world.run("aep-auth", &["doctor", "--report"]).stdout);
            assert!(!report.to_lowercase().contains(&folder.to_lowercase()), "{variable}={written}: {report}");
            assert!(report.contains("AEP_CACHE_DIR is set"), "{report}");
            world.unset(variable);
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_said_to_be_none_with_a_cure() {
        let mut world = World::oauth();
        world.set("AEP_IMS_URL", "https://no-such-host.invalid");
        let told = stories::assert_refused(&world.run("aep-auth", &["token"]), 5);
        assert!(told.contains("the name no-such-host.invalid was not found"), "{told}");
        assert!(told.contains("hint: check the name and the network"), "{told}");
    }

    #[test]
    fn kubectl_is_given_no_revoked_token_for_ever() {
        let world = World::oauth();
        let ask = || {
            let output = world.run("kube-credential-aep", &[]);
            assert_clean(&output);
            let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            answer["status"]["token"].as_str().unwrap().to_owned()
        };
        let old = ask();
        world.emulator.revoke(&old);
        // Nobody can tell here who asks: a question that comes later than two seconds after an answer is a repeat.
        world.age_answers("kubernetes-callers", 4);
        assert_ne!(ask(), old);
        assert_eq!(world.emulator.counters().validate, 1);
    }

    #[test]
    fn a_hint_is_a_command_of_this_system() {
        let world = World::empty();
        let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
        assert_clean(&world.import(file.to_str().unwrap(), &[]));
        let ask = || world.run("aep-auth", &["headers", "--for", "https://other.example/x"]);
        let told = stories::assert_refused(&ask(), 4);
        let cure = told.lines().find_map(|line| line.strip_prefix("hint: if the token may go there: ")).unwrap();
        assert!(world.type_line(cure).status.success(), "{cure}");
        assert_clean(&ask());
    }

    #[test]
    fn the_command_prompt_takes_the_variables_over() {
        let mut world = World::oauth();
        world.set("AEP_SANDBOX", "dev-1");
        // The page's `for /f` is beyond Wine's cmd; the lines are the same.
        let lines = "@echo off\r\naep-auth env --shell cmd > lines.cmd\r\ncall lines.cmd\r\n";
        world.write("take.cmd", &format!("{lines}echo %AEP_SANDBOX_NAME% %AEP_ACCESS_TOKEN%\r\n"));
        let mut shell = std::process::Command::new("cmd");
        world.prepare(&mut shell);
        let output = shell.args(["/c", "take.cmd"]).output().unwrap();
        let expected = format!("dev-1 {}", world.token());
        assert_eq!(text(&output.stdout).trim_end(), expected, "{}", text(&output.stderr));
    }

    #[test]
    fn nothing_is_claimed_that_was_not_checked() {
        let world = World::empty();
        world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
        let imported = world.import("credential.json", &[]);
        assert_clean(&imported);
        let doctor = world.run("aep-auth", &["doctor"]);
        for output in [imported, doctor] {
            let told = text(&output.stdout);
            assert!(!told.contains("alone") && !told.contains("chmod"), "{told}");
        }
    }
}
