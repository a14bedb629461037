//! Writes the wheel: the Python module, every program, and what an installer must know of them.
//!
//! The same input gives the same bytes on any machine, in any folder and for any user. It builds nothing; what cannot be
//! packed is an error before a file is written. The form is that of the "Binary distribution format" of PyPA's
//! specifications.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;

use crate::dist::archive::{File, Files, zip};
use crate::dist::contents::{self, Package, below, read};

/// The distribution's name, as file names have it.
const NAME: &str = "aep_auth";

/// What goes into a wheel.
pub struct Wheel<'a> {
    /// The tree, for the Python module and its metadata.
    pub root: &'a Path,
    /// The version of all of it.
    pub version: &'a str,
    /// What it holds besides the module, as below a prefix.
    pub parts: &'a Files,
    /// The platform's tag, or several with dots between them.
    pub platform: &'a str,
}

/// The parts of a wheel from programs that are built already, and from a folder that stands for `share`.
///
/// # Errors
/// A program or a licence is not there.
pub fn parts(root: &Path, programs: &Path, share: Option<&Path>, platform: &str) -> Result<Files> {
    let mut parts = contents::programs(programs, if platform.starts_with("win") { ".exe" } else { "" })?;
    parts.extend(contents::licences(root)?);
    if let Some(share) = share {
        parts.extend(contents::share(share)?);
    }
    Ok(parts)
}

impl Wheel<'_> {
    /// Writes the wheel into a folder and gives its path.
    ///
    /// # Errors
    /// The tag is none, something is not there, or the folder cannot be written.
    pub fn write(&self, out: &Path) -> Result<PathBuf> {
        let (name, bytes) = self.pack()?;
        std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// The wheel's file name and content.
    ///
    /// # Errors
    /// The tag is none, or something is not there.
    pub fn pack(&self) -> Result<(String, Vec<u8>)> {
        let is_tag = |tag: &str| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        ensure!(
            self.platform.split('.').all(is_tag),
            "--tag is no platform tag; expected letters, digits and `_`, as in manylinux_2_28_x86_64: {:?}",
            self.platform
        );
        let bytes = pack(&self.files()?, &self.info("RECORD"))?;
        Ok((format!("{NAME}-{}-py3-none-{}.whl", self.version, self.platform), bytes))
    }

    fn files(&self) -> Result<Files> {
        let mut files = Files::new();
        for (place, file) in Package::Wheel.take(self.parts)? {
            let (folder, rest) = place.split_once('/').context("a place in no folder")?;
            files.insert(format!("{NAME}-{}.{folder}/{rest}", self.version), file);
        }
        for (name, file) in below(&self.root.join("python/src").join(NAME), &format!("{NAME}/"))? {
            // An interpreter leaves its own files beside the sources.
            if name.ends_with(".py") || name.ends_with("/py.typed") {
                files.insert(name, file);
            }
        }
        let licences = self.info("licenses/");
        let licences: Vec<&str> = files.keys().filter_map(|name| name.strip_prefix(&licences)).collect();
        let readme = String::from_utf8(read(&self.root.join("python/README.md"))?)?;
        let project = String::from_utf8(read(&self.root.join("python/pyproject.toml"))?)?;
        let metadata = metadata(&project, self.version, &readme, &licences)?;
        files.insert(self.info("METADATA"), File::data(metadata));
        files.insert(self.info("WHEEL"), File::data(self.wheel()));
        Ok(files)
    }

    fn wheel(&self) -> String {
        let mut text = format!("Wheel-Version: 1.0\nGenerator: xtask {}\nRoot-Is-Purelib: false\n", self.version);
        for platform in self.platform.split('.') {
            text.push_str(&format!("Tag: py3-none-{platform}\n"));
        }
        text
    }

    fn info(&self, file: &str) -> String {
        format!("{NAME}-{}.dist-info/{file}", self.version)
    }
}

/// The core metadata, from the `project` table of `pyproject.toml`; a key that it does not know is an error.
fn metadata(project: &str, version: &str, readme: &str, licences: &[&str]) -> Result<String> {
    let table: toml::Table = project.parse().context("python/pyproject.toml")?;
    let project = table.get("project").and_then(toml::Value::as_table).context("pyproject.toml has no [project]")?;
    let mut text = format!("Metadata-Version: 2.4\nName: aep-auth\nVersion: {version}\n");
    for (key, value) in project {
        match (key.as_str(), value) {
            // The version is the workspace's, the read-me goes last.
            ("name" | "dynamic" | "readme", _) => {}
            ("description", toml::Value::String(line)) => field(&mut text, "Summary", line)?,
            ("requires-python", toml::Value::String(line)) => field(&mut text, "Requires-Python", line)?,
            ("license", toml::Value::String(line)) => field(&mut text, "License-Expression", line)?,
            ("license-files", toml::Value::Array(_)) => {
                for licence in licences {
                    field(&mut text, "License-File", licence)?;
                }
            }
            ("keywords", toml::Value::Array(words)) => {
                let words: Option<Vec<&str>> = words.iter().map(toml::Value::as_str).collect();
                field(&mut text, "Keywords", &words.context("project.keywords: expected texts")?.join(","))?;
            }
            ("classifiers", toml::Value::Array(lines)) => {
                for line in lines {
                    field(&mut text, "Classifier", line.as_str().context("project.classifiers: expected texts")?)?;
                }
            }
            ("urls", toml::Value::Table(urls)) => {
                for (name, url) in urls {
                    let url = url.as_str().context("project.urls: expected texts")?;
                    field(&mut text, "Project-URL", &format!("{name}, {url}"))?;
                }
            }
            _ => bail!("pyproject.toml: project.{key} is not known to the wheel's writer"),
        }
    }
    field(&mut text, "Description-Content-Type", "text/markdown; charset=UTF-8")?;
    text.push('\n');
    text.push_str(readme);
    Ok(text)
}

fn field(text: &mut String, name: &str, value: &str) -> Result<()> {
    ensure!(!value.contains(['\n', '\r']), "{name} must be one line: {value:?}");
    text.push_str(&format!("{name}: {value}\n"));
    Ok(())
}

/// The archive, with the list of its files as the last of them.
fn pack(files: &Files, record: &str) -> Result<Vec<u8>> {
    let mut list = String::new();
    for (name, file) in files {
        // A comma or a quote would have to be quoted in the list; none of our names has one.
        ensure!(!name.contains([',', '"', '\n']), "a name that the list of files cannot hold: {name}");
        let digest = ring::digest::digest(&ring::digest::SHA256, &file.bytes);
        let digest = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
        list.push_str(&format!("{name},sha256={digest},{}\n", file.bytes.len()));
    }
    list.push_str(&format!("{record},,\n"));
    let list = File::data(list);
    // The format asks for the metadata at the end, so that it can be replaced without writing the rest again.
    let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| name.contains(".dist-info/"));
    let files = first.into_iter().chain(last).map(|(name, file)| (name.as_str(), file));
    zip(files.chain([(record, &list)]))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::dist::contents::PROGRAMS;

    /// A tree with the least that a wheel needs.
    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(suffix: &str) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            tree.add("python/src/aep_auth/__init__.py", "");
            tree.add("python/src/aep_auth/py.typed", "");
            tree.add("python/src/aep_auth/__pycache__/x.pyc", "of one machine");
            tree.add("python/pyproject.toml", "[project]\nname = \"aep-auth\"\nrequires-python = \">=3.9\"\n");
            tree.add("python/README.md", "# Words\n");
            tree.add("LICENSE-MIT", "MIT");
            tree.add("LICENSE-APACHE", "Apache");
            tree.add("share/man/man1/aep-auth.1", ".TH");
            // The order of making is another than that of the names.
            for program in PROGRAMS.iter().rev() {
                tree.add(&format!("bin/{}{suffix}", program.name), program.name);
            }
            tree.add("bin/other.d", "what a build leaves");
            tree
        }

        fn add(&self, name: &str, content: &str) {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }

        fn write(&self, platform: &str) -> Result<PathBuf> {
            let root = self.0.path();
            let (programs, share) = (root.join("bin"), root.join("share"));
            let parts = parts(root, &programs, Some(&share), platform)?;
            Wheel { root, version: "1.2.3", parts: &parts, platform }.write(&root.join("out"))
        }
    }

    fn open(path: &Path) -> zip::ZipArchive<std::fs::File> {
        zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap()
    }

    fn text(path: &Path, name: &str) -> String {
        let mut text = String::new();
        open(path).by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_in_any_folder() {
        let [one, other] =
            [Tree::new(""), Tree::new("")].map(|tree| std::fs::read(tree.write("linux_x86_64").unwrap()).unwrap());
        assert!(one == other);
    }

    #[test]
    fn it_holds_the_module_the_programs_and_nothing_of_the_machine() {
        let tree = Tree::new("");
        let wheel = tree.write("linux_x86_64").unwrap();
        assert_eq!(wheel.file_name().unwrap(), "aep_auth-1.2.3-py3-none-linux_x86_64.whl");
        let mut archive = open(&wheel);
        let mut held = Vec::new();
        for index in 0..archive.len() {
            let file = archive.by_index(index).unwrap();
            assert_eq!(file.last_modified(), Some(zip::DateTime::default()));
            held.push(format!("{:o} {}", file.unix_mode().unwrap(), file.name().unwrap()));
        }
        assert_eq!(
            held,
            [
                "100644 aep_auth-1.2.3.data/data/share/man/man1/aep-auth.1",
                "100755 aep_auth-1.2.3.data/scripts/aep-auth",
                "100755 aep_auth-1.2.3.data/scripts/aep-postman",
                "100755 aep_auth-1.2.3.data/scripts/aep-prompt",
                "100755 aep_auth-1.2.3.data/scripts/bazel-credential-aep",
                "100755 aep_auth-1.2.3.data/scripts/git-credential-aep",
                "100755 aep_auth-1.2.3.data/scripts/ims-emulator",
                "100755 aep_auth-1.2.3.data/scripts/kube-credential-aep",
                "100644 aep_auth/__init__.py",
                "100644 aep_auth/py.typed",
                "100644 aep_auth-1.2.3.dist-info/METADATA",
                "100644 aep_auth-1.2.3.dist-info/WHEEL",
                "100644 aep_auth-1.2.3.dist-info/licenses/LICENSE-APACHE",
                "100644 aep_auth-1.2.3.dist-info/licenses/LICENSE-MIT",
                "100644 aep_auth-1.2.3.dist-info/RECORD",
            ]
        );
    }

    #[test]
    fn the_list_names_every_file_with_its_digest() {
        let tree = Tree::new("");
        let wheel = tree.write("linux_x86_64").unwrap();
        let record = text(&wheel, "aep_auth-1.2.3.dist-info/RECORD");
        // printf MIT | openssl dgst -sha256 -binary | basenc --base64url
        let line = "LICENSE-MIT,sha256=5dz_6Da27IpY5JJBm1UOZfuMvcMIUDl55drLM6x-o7c,3\n";
        assert!(record.contains(&format!("aep_auth-1.2.3.dist-info/licenses/{line}")), "{record}");
        assert!(record.ends_with("aep_auth-1.2.3.dist-info/RECORD,,\n"), "{record}");
        assert_eq!(record.lines().count(), open(&wheel).len());
    }

    #[test]
    fn each_platform_of_the_name_is_a_tag() {
        let tree = Tree::new("");
        let wheel = tree.write("manylinux_2_28_x86_64.musllinux_1_2_x86_64").unwrap();
        let words = text(&wheel, "aep_auth-1.2.3.dist-info/WHEEL");
        for tag in ["manylinux_2_28_x86_64", "musllinux_1_2_x86_64"] {
            assert!(words.contains(&format!("Tag: py3-none-{tag}\n")), "{words}");
        }
        assert!(words.contains("Root-Is-Purelib: false\n"));
    }

    #[test]
    fn windows_has_programs_with_their_suffix() {
        let tree = Tree::new(".exe");
        let wheel = tree.write("win_amd64").unwrap();
        assert_eq!(text(&wheel, "aep_auth-1.2.3.data/scripts/aep-auth.exe"), "aep-auth");
    }

    #[test]
    fn the_metadata_is_that_of_the_project() {
        let project = "[project]\nname = \"aep-auth\"\ndynamic = [\"version\"]\ndescription = \"Words\"\n\
                       readme = \"README.md\"\nrequires-python = \">=3.9\"\nkeywords = [\"a\", \"b\"]\n\
                       classifiers = [\"Typing :: Typed\"]\n[project.urls]\nSource = \"https://example.com\"\n";
        let mut lines =
            metadata(project, "1.2.3", "# Page\n", &[]).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        lines.sort();
        let mut expected = [
            "Metadata-Version: 2.4",
            "Name: aep-auth",
            "Version: 1.2.3",
            "Summary: Words",
            "Requires-Python: >=3.9",
            "Keywords: a,b",
            "Classifier: Typing :: Typed",
            "Project-URL: Source, https://example.com",
            "Description-Content-Type: text/markdown; charset=UTF-8",
            "",
            "# Page",
        ];
        expected.sort_unstable();
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_cannot_be_packed_is_refused() {
        let refused = |change: &dyn Fn(&Tree), platform: &str, word: &str| {
            let tree = Tree::new("");
            change(&tree);
            let error = format!("{:#}", tree.write(platform).unwrap_err());
            assert!(error.contains(word), "{error}");
            assert!(!tree.0.path().join("out").exists(), "{word}");
        };
        let nothing = |_: &Tree| {};
        refused(&nothing, "linux x86", "no platform tag");
        refused(&nothing, "a..b", "no platform tag");
        refused(&nothing, "../../x", "no platform tag");
        refused(&nothing, "win_amd64", "aep-auth.exe");
        refused(&|tree| std::fs::remove_file(tree.0.path().join("bin/aep-prompt")).unwrap(), "any", "aep-prompt");
        refused(&|tree| tree.add("python/pyproject.toml", "[project]\nscripts = \"x\"\n"), "any", "project.scripts");
        refused(&|tree| tree.add("python/pyproject.toml", "[project]\ndescription = \"a\\nb\"\n"), "any", "one line");
        refused(&|tree| tree.add("share/a,b", ""), "any", "a,b");
    }
}
