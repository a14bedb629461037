//! The Homebrew formula, with the addresses and checksums of what was packed.

use super::target::{Cpu, System, Target};

/// An archive that the formula names.
pub struct Download {
    /// Its file name, which is that of the release.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// The formula. A system whose programs were not packed gets the source, and builds it.
pub fn formula(version: &str, archives: &[(&Target, Download)], source: &Download) -> String {
    let address = |file: &Download| {
        format!(
            "url \"{}/releases/download/v{version}/{}\"\n    sha256 \"{}\"\n",
            env!("CARGO_PKG_REPOSITORY"),
            file.name,
            file.sha256
        )
    };
    let mut choice = String::new();
    for (target, archive) in archives {
        let system = match target.system {
            System::MacOs => "mac",
            System::Gnu => "linux",
            System::Musl | System::Windows => continue,
        };
        let cpu = match target.cpu {
            Cpu::X86_64 => "intel",
            Cpu::Aarch64 => "arm",
        };
        let word = if choice.is_empty() { "if" } else { "elsif" };
        choice.push_str(&format!("  {word} OS.{system}? && Hardware::CPU.{cpu}?\n    {}", address(archive)));
    }
    let source = format!("{}    depends_on \"rust\" => :build\n", address(source));
    let stable =
        if choice.is_empty() { format!("    {source}") } else { format!("{choice}  else\n    {source}  end\n") };
    // Without a choice the lines stand by themselves.
    let stable = if choice.is_empty() { stable.replace("\n    ", "\n  ").replacen("    ", "  ", 1) } else { stable };
    format!(
        r##"# Made by `cargo xtask dist`; for a tap.
class AepAuth < Formula
  desc "Access tokens for Adobe Experience Platform"
  homepage "{homepage}"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]

{stable}
  def install
    if File.exist?("install.sh")
      ENV["PREFIX"] = prefix
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
        for words in [
            "  if OS.linux? && Hardware::CPU.intel?\n    url \"https://",
            "/releases/download/v1.2.3/linux\"\n    sha256 \"sum-of-linux\"\n",
            "  elsif OS.mac? && Hardware::CPU.arm?\n    url \"",
            "  else\n    url \"",
            "sha256 \"sum-of-source\"\n    depends_on \"rust\" => :build\n  end\n",
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(!text.contains("windows"));
        let text = formula("1.2.3", &[], &file("source"));
        assert!(text.contains("\n\n  url \"https"), "{text}");
        assert!(text.contains("\n  sha256 \"sum-of-source\"\n  depends_on"), "{text}");
        assert!(!text.contains("else\n    url"), "{text}");
    }
}
