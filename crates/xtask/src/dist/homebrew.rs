//! The Homebrew formula, with the addresses and checksums of what was packed.

use super::target::{Cpu, System, Target};

/// An archive that the formula names.
pub struct Download {
    /// Its file name, which is that of the release.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// What Homebrew runs on, as its own words for a system and a processor have it.
const SYSTEMS: [(&str, &str, System, Cpu); 4] = [
    ("macos", "arm", System::MacOs, Cpu::Aarch64),
    ("macos", "intel", System::MacOs, Cpu::X86_64),
    ("linux", "arm", System::Gnu, Cpu::Aarch64),
    ("linux", "intel", System::Gnu, Cpu::X86_64),
];

/// The formula. A system whose programs were not packed gets the source, and builds it.
pub fn formula(version: &str, archives: &[(&Target, Download)], source: &Download) -> String {
    let mut choice = String::new();
    let mut before = "";
    for (name, processor, system, cpu) in SYSTEMS {
        if name != before {
            let end = if before.is_empty() { "" } else { "  end\n" };
            choice.push_str(&format!("{end}  on_{name} do\n"));
            before = name;
        }
        let packed = archives.iter().find(|(target, _)| (target.system, target.cpu) == (system, cpu));
        let file = packed.map_or(source, |(_, archive)| archive);
        let needs = if packed.is_some() { "" } else { "\n      depends_on \"rust\" => :build\n" };
        choice.push_str(&format!(
            "    on_{processor} do\n      url \"{}/releases/download/v{version}/{}\"\n      sha256 \"{}\"\n{needs}    end\n",
            env!("CARGO_PKG_REPOSITORY"),
            file.name,
            file.sha256
        ));
    }
    choice.push_str("  end\n");
    format!(
        r##"# Made by `cargo xtask dist`; for a tap.
class AepAuth < Formula
  desc "Access tokens for Adobe Experience Platform"
  homepage "{homepage}"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]

{choice}
  def install
    if File.exist?("install.sh")
      ENV["PREFIX"] = prefix.to_s
      system "./install.sh"
    else
      prefix.install "bin", "share"
      (share/"aep-auth").install "integrations"
    end
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/aep-auth --version")
  end
end
"##,
        homepage = env!("CARGO_PKG_REPOSITORY"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Download {
        Download { name: name.to_owned(), sha256: format!("sum-of-{name}") }
    }

    #[test]
    fn each_packed_system_has_its_archive_and_the_rest_the_source() {
        let targets = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"]
            .map(|triple| Target::new(triple).unwrap());
        let archives: Vec<_> =
            targets.iter().zip(["linux", "windows", "mac"]).map(|(target, name)| (target, file(name))).collect();
        let text = formula("1.2.3", &archives, &file("source"));
        let mac = text.split_once("  on_macos do\n").unwrap().1.split_once("  end\n  on_linux do\n").unwrap();
        let part = |text: &str, cpu: &str| {
            text.split_once(&format!("    on_{cpu} do\n")).unwrap().1.split_once("    end\n").unwrap().0.to_owned()
        };
        for (system, cpu, name) in
            [(mac.0, "arm", "mac"), (mac.0, "intel", "source"), (mac.1, "arm", "source"), (mac.1, "intel", "linux")]
        {
            let words = part(system, cpu);
            assert!(
                words.contains(&format!("/releases/download/v1.2.3/{name}\"\n      sha256 \"sum-of-{name}\"")),
                "{words}"
            );
            assert_eq!(words.contains("depends_on \"rust\" => :build"), name == "source", "{words}");
        }
        assert!(!text.contains("windows"));
        assert_eq!(formula("1.2.3", &[], &file("source")).matches("sum-of-source").count(), 4);
    }
}
