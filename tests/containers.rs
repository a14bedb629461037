//! A pod without an engine: its files as the kubelet lays them out, and our programs as its user, who is in no list of
//! users. What the Job of the page says is what is laid out.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use stories::{World, assert_clean, assert_refused, not_here, pages, text};

/// The folders of a pod, as seen by its user.
struct Pod {
    world: World,
    root: tempfile::TempDir,
    job: String,
    user: u32,
    group: u32,
    variables: Vec<(String, String)>,
}

impl Pod {
    /// `None` where this is not root, who alone can be another user.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            not_here("only root can run as a pod's user");
            return None;
        }
        let job = pages::read("fleet/job.yaml");
        let number = |key: &str| {
            let line = job.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap_or_else(|| panic!("{key}"));
            line.trim().parse::<u32>().unwrap()
        };
        let [user, group, fs_group] = ["runAsUser:", "runAsGroup:", "fsGroup:"].map(number);
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        assert!(!users.contains(&format!(":{user}:")), "{user} is somebody here");
        let root = tempfile::tempdir().unwrap();
        mode(root.path(), 0o755);
        let world = World::empty();
        let mut pod = Self { world, root, user, group, variables: Vec::new(), job };
        pod.lay_out(fs_group);
        pod.variables = pod.of_job();
        Some(pod)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// The paths of the Job, in this pod, and its addresses, at the emulator.
    fn here(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for folder in ["/run/secrets/aep", "/etc/aep", "/tmp/aep"] {
            text = text.replace(folder, self.path(folder).to_str().unwrap());
        }
        text
    }

    /// What the kubelet makes of the volumes.
    fn lay_out(&self, fs_group: u32) {
        // subPath: folders made by the runtime, files bound there.
        let profile = self.job.split("default.toml: |\n").nth(1).unwrap().split("\n---").next().unwrap();
        let profile: String = profile.lines().map(|line| format!("{}\n", line.trim())).collect();
        let known: serde_json::Value =
            serde_json::from_str(&self.world.emulator.credential_file(ims_emulator::Flow::Oauth)).unwrap();
        let own = |key: &str| known[key].as_str().unwrap().to_owned();
        let url = self.world.emulator.url();
        let profile = self
            .here(&profile)
            .replace("YOUR_CLIENT_ID", &own("CLIENT_ID"))
            .replace("YOUR_ORG@AdobeOrg", &own("ORG_ID"))
            // Nobody listens there: the engine is as if it were not there.
            .replace("valkey.aep.svc:6379", "127.0.0.1:1");
        let profile = format!("{profile}ims_url = \"{url}\"\nplatform_url = \"{url}\"\n");
        folder(&self.path("etc/aep/profiles"), 0o755);
        file(&self.path("etc/aep/default-profile"), "default", 0o644);
        file(&self.path("etc/aep/profiles/default.toml"), &profile, 0o644);
        // A Secret: a folder of the day behind two links, on a file system in memory.
        let secrets = self.path("run/secrets/aep");
        let mode_of_files = self.job.split("defaultMode: ").nth(1).unwrap();
        let mode_of_files = u32::from_str_radix(mode_of_files.split('}').next().unwrap(), 8).unwrap();
        let ca = rcgen::generate_simple_self_signed(vec!["engine".to_owned()]).unwrap().cert.pem();
        volume(
            &secrets,
            fs_group,
            &[
                ("client-secret", known["CLIENT_SECRETS"][0].as_str().unwrap()),
                ("engine-password", "word"),
                ("ca.pem", &ca),
            ],
            mode_of_files,
            0o3777,
        );
        // An emptyDir.
        folder(&self.path("tmp"), 0o777);
        chown(self.path("tmp"), Some(0), Some(fs_group)).unwrap();
        mode(&self.path("tmp"), 0o2777);
    }

    /// The variables of the Job.
    fn of_job(&self) -> Vec<(String, String)> {
        let entries = self.job.lines().filter_map(|line| line.trim().strip_prefix("- {name: AEP_")?.strip_suffix('}'));
        let pairs = entries.map(|entry| entry.split_once(", value: ").unwrap());
        pairs.map(|(name, value)| (format!("AEP_{name}"), self.here(value))).collect()
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.retain(|(own, _)| own != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.world.command(program);
        command
            .env_clear()
            .env("PATH", stories::binary("aep-auth").parent().unwrap())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .uid(self.user)
            .gid(self.group);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn folder(path: &Path, bits: u32) {
    std::fs::create_dir_all(path).unwrap();
    mode(path, bits);
}

fn file(path: &Path, content: &str, bits: u32) {
    std::fs::write(path, content).unwrap();
    mode(path, bits);
}

/// `name -> ..data/name`, `..data -> ..2026_11_25`, as the kubelet replaces all files at once.
fn volume(path: &Path, group: u32, files: &[(&str, &str)], bits: u32, of_folder: u32) {
    let day = path.join("..2026_11_25_04_00_00.1");
    folder(&day, 0o755);
    symlink("..2026_11_25_04_00_00.1", path.join("..data")).unwrap();
    for (name, content) in files {
        file(&day.join(name), content, bits);
        chown(day.join(name), Some(0), Some(group)).unwrap();
        mode(&day.join(name), bits);
        symlink(format!("..data/{name}"), path.join(name)).unwrap();
    }
    chown(&day, Some(0), Some(group)).unwrap();
    chown(path, Some(0), Some(group)).unwrap();
    mode(path, of_folder);
}

#[test]
fn the_job_of_the_page_gets_its_token_and_shares_it_in_the_pod() {
    let Some(pod) = Pod::new() else { return };
    let output = pod.run("aep-auth", &["token"]);
    assert_clean(&output);
    let token = text(&output.stdout);
    let again = pod.run("aep-auth", &["token", "--json"]);
    assert_clean(&again);
    assert!(text(&again.stdout).contains("\"cache\"") && text(&again.stdout).contains(token.trim()));
    assert_eq!(pod.world.emulator.token_requests(), 1);
    // The Job's own command, and the helpers.
    let ran = pod.run("aep-auth", &["exec", "--", "/bin/sh", "-c", "echo $AEP_ACCESS_TOKEN"]);
    assert_eq!(text(&ran.stdout), token, "{}", text(&ran.stderr));
    assert_clean(&pod.run("kube-credential-aep", &[]));
    assert!(text(&pod.run("aep-prompt", &[]).stdout).starts_with("default "));
    let told = pod.run("aep-auth", &["doctor"]);
    let told = text(&told.stdout);
    assert!(told.contains("an access token, from the cache"), "{told}");
    assert!(
        told.contains("note  no secret can be stored: ") && !told.contains("wrong there is no data folder"),
        "{told}"
    );
}

/// `envFrom` of the page: the credential's variables by a Secret's keys, and no file.
#[test]
fn a_pod_that_has_the_credential_as_variables() {
    let Some(mut pod) = Pod::new() else { return };
    let block = pages::blocks("fleet/README.md", "Set up", "yaml").concat();
    assert_eq!(block, "envFrom:\n- secretRef: {name: aep-client}\n");
    let page = pages::read("fleet/README.md");
    let keys = page.split("Secret whose keys are named so (").nth(1).unwrap().split(')').next().unwrap();
    let known: serde_json::Value =
        serde_json::from_str(&pod.world.emulator.credential_file(ims_emulator::Flow::Oauth)).unwrap();
    let url = pod.world.emulator.url();
    pod.variables.retain(|(name, _)| name == "AEP_CACHE_DIR");
    assert_eq!(pod.variables.len(), 1);
    pod.set("AEP_IMS_URL", &url).set("AEP_PLATFORM_URL", &url);
    let names: Vec<&str> = keys.split(", ").map(|key| key.trim_matches('`')).collect();
    assert_eq!(names, ["AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ORG_ID"]);
    for name in names {
        let field = name.trim_start_matches("AEP_");
        let value = known[field].as_str().or_else(|| known["CLIENT_SECRETS"][0].as_str()).unwrap().to_owned();
        pod.set(name, &value);
    }
    for _ in 0..2 {
        assert_clean(&pod.run("aep-auth", &["token"]));
    }
    assert_eq!(pod.world.emulator.token_requests(), 1);
}

#[test]
fn a_secret_that_the_group_may_not_read_is_told_with_a_cure() {
    let Some(pod) = Pod::new() else { return };
    // As the Job had it: 0400, and root's.
    mode(&pod.path("run/secrets/aep/client-secret"), 0o400);
    let told = assert_refused(&pod.run("aep-auth", &["token"]), 3);
    assert!(told.contains("client-secret") && told.contains("hint: "), "{told}");
    assert!(!told.contains("chmod"), "it is root's: {told}");
}

#[test]
fn a_volume_as_the_cache_itself_costs_a_warning_whose_cure_works() {
    let Some(mut pod) = Pod::new() else { return };
    let volume = pod.path("cache");
    folder(&volume, 0o777);
    pod.set("AEP_CACHE_DIR", volume.to_str().unwrap());
    let output = pod.run("aep-auth", &["token"]);
    assert!(output.status.success());
    let told = text(&output.stderr);
    assert_eq!(told.lines().filter(|line| line.starts_with("warning: ")).count(), 1, "{told}");
    assert!(!told.contains("chmod") && !told.contains("rm -r"), "it is root's: {told}");
    let cure = told.split("AEP_CACHE_DIR=").nth(1).unwrap_or_else(|| panic!("{told}"));
    let cure = cure.split_whitespace().next().unwrap().to_owned();
    pod.set("AEP_CACHE_DIR", &cure);
    assert_clean(&pod.run("aep-auth", &["token"]));
    let doctor = text(&pod.set("AEP_CACHE_DIR", volume.to_str().unwrap()).run("aep-auth", &["doctor"]).stdout);
    assert!(doctor.contains(&format!("AEP_CACHE_DIR={cure}")) && !doctor.contains("chmod"), "{doctor}");
}

#[test]
fn a_home_that_is_none() {
    let Some(mut pod) = Pod::new() else { return };
    let others = pod.path("home");
    folder(&others, 0o700);
    for home in ["/", "/dev/null", "/nonexistent", others.to_str().unwrap(), ""] {
        pod.set("HOME", home);
        assert_clean(&pod.run("aep-auth", &["token"]));
    }
    // Without the Job's folders: an identity from the environment alone, where nothing can be kept.
    let known: serde_json::Value =
        serde_json::from_str(&pod.world.emulator.credential_file(ims_emulator::Flow::Oauth)).unwrap();
    let url = pod.world.emulator.url();
    pod.variables.clear();
    pod.set("AEP_CLIENT_ID", known["CLIENT_ID"].as_str().unwrap())
        .set("AEP_CLIENT_SECRET", known["CLIENT_SECRETS"][0].as_str().unwrap())
        .set("AEP_ORG_ID", known["ORG_ID"].as_str().unwrap())
        .set("AEP_IMS_URL", &url)
        .set("AEP_PLATFORM_URL", &url);
    let mut run = |home: Option<&str>| {
        match home {
            Some(home) => pod.set("HOME", home),
            None => &mut pod,
        };
        let output = pod.run("aep-auth", &["token"]);
        let told = text(&output.stderr);
        assert!(output.status.success(), "{home:?}: {told}");
        assert_eq!(told.lines().filter(|line| line.starts_with("warning: ")).count(), 1, "{home:?}: {told}");
        assert!(told.contains("AEP_CACHE_DIR"), "{home:?}: {told}");
        // With a cure that can be carried out, or none; off is one.
        pod.set("AEP_CACHE", "off");
        assert_clean(&pod.run("aep-auth", &["token"]));
        pod.variables.retain(|(name, _)| name != "AEP_CACHE");
    };
    for home in [None, Some("/"), Some("/dev/null"), Some("/nonexistent"), Some(others.to_str().unwrap())] {
        run(home);
    }
}

#[test]
fn a_config_map_as_a_folder_is_not_trusted_and_its_day_behind_links_is() {
    let Some(mut pod) = Pod::new() else { return };
    let profile = std::fs::read_to_string(pod.path("etc/aep/profiles/default.toml")).unwrap();
    let config = pod.path("config");
    folder(&config, 0o755);
    let fs_group = pod.group;
    volume(&config.join("profiles"), fs_group, &[("default.toml", &profile)], 0o644, 0o777);
    pod.set("AEP_CONFIG_DIR", config.to_str().unwrap()).set("AEP_PROFILE", "default");
    let told = assert_refused(&pod.run("aep-auth", &["token"]), 3);
    assert!(told.contains("profiles") && !told.contains("hint: chmod"), "{told}");
    // As a projected volume in memory has it: sticky.
    mode(&config.join("profiles"), 0o1777);
    assert_clean(&pod.run("aep-auth", &["token"]));
}

/// What can be told of the image without an engine: what it copies is there, every program is in it, nobody is root.
#[test]
fn the_image_holds_every_program_and_runs_as_nobody_in_particular() {
    let dockerfile = pages::read("packaging/Dockerfile");
    let manifest = pages::read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    let bases: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    let [build, last] = bases.as_slice() else { panic!("{bases:?}") };
    assert!(build.contains(&format!("rust:{version}-bookworm AS build")) && last.contains("cc-debian12"), "{bases:?}");
    for program in xtask::program_names() {
        assert!(
            dockerfile.contains(&format!(" {program} ")) || dockerfile.contains(&format!(" {program};")),
            "{program}"
        );
    }
    let user = dockerfile.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|part| part.parse::<u32>().is_ok_and(|number| number > 0)), "{user}");
    assert!(!dockerfile.contains("latest") && !dockerfile.contains("SECRET"));
}
