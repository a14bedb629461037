//! The systems that packages are made for: what each packager calls them.

use anyhow::{Result, bail};

/// A system that programs were built for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// What Rust calls it.
    pub triple: String,
    /// The processor.
    pub cpu: Cpu,
    /// The system.
    pub system: System,
}

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cpu {
    /// Intel and AMD, 64 bit
    X86_64,
    /// ARM, 64 bit
    Aarch64,
}

/// A system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// Linux with the GNU C library
    Gnu,
    /// Linux, each program with its own C library inside
    Musl,
    /// Windows
    Windows,
    /// macOS
    MacOs,
}

impl Target {
    /// The target that Rust calls so.
    ///
    /// # Errors
    /// No package is made for it.
    pub fn new(triple: &str) -> Result<Self> {
        let Some((cpu, system)) = triple.split_once('-') else { bail!("no target: {triple:?}") };
        let cpu = match cpu {
            "x86_64" => Cpu::X86_64,
            "aarch64" => Cpu::Aarch64,
            _ => bail!("no package is made for the processor of {triple:?}; expected x86_64 or aarch64"),
        };
        let system = match system {
            "unknown-linux-gnu" => System::Gnu,
            "unknown-linux-musl" => System::Musl,
            "pc-windows-gnu" | "pc-windows-msvc" => System::Windows,
            "apple-darwin" => System::MacOs,
            _ => bail!("no package is made for the system of {triple:?}; expected Linux, Windows or macOS"),
        };
        Ok(Self { triple: triple.to_owned(), cpu, system })
    }

    /// The same processor with the C library inside each program.
    pub fn with_musl(&self) -> Self {
        let triple = self.triple.replace("-linux-gnu", "-linux-musl");
        Self { triple, cpu: self.cpu, system: System::Musl }
    }

    /// What a program's file name ends with.
    pub fn suffix(&self) -> &'static str {
        if self.system == System::Windows { ".exe" } else { "" }
    }

    /// Debian's name, where it has one.
    pub fn debian(&self) -> &'static str {
        match self.cpu {
            Cpu::X86_64 => "amd64",
            Cpu::Aarch64 => "arm64",
        }
    }

    /// Node's `process.platform`, `process.arch` and, on Linux, the C library.
    pub fn node(&self) -> (&'static str, &'static str, Option<&'static str>) {
        let cpu = match self.cpu {
            Cpu::X86_64 => "x64",
            Cpu::Aarch64 => "arm64",
        };
        match self.system {
            System::Gnu => ("linux", cpu, Some("glibc")),
            System::Musl => ("linux", cpu, Some("musl")),
            System::Windows => ("win32", cpu, None),
            System::MacOs => ("darwin", cpu, None),
        }
    }

    /// The platform's tag of a wheel; `glibc` is what the programs need.
    pub fn wheel(&self, glibc: Option<(u32, u32)>) -> String {
        let cpu = match (self.cpu, self.system) {
            (Cpu::X86_64, System::Windows) => "amd64",
            (Cpu::Aarch64, System::Windows | System::MacOs) => "arm64",
            (Cpu::X86_64, _) => "x86_64",
            (Cpu::Aarch64, _) => "aarch64",
        };
        match (self.system, glibc) {
            (System::Windows, _) => format!("win_{cpu}"),
            (System::MacOs, _) => format!("macosx_12_0_{cpu}"),
            (System::Gnu, Some((major, minor))) => format!("manylinux_{major}_{minor}_{cpu}"),
            // They carry their C library along: any Linux will do.
            (System::Gnu | System::Musl, _) => format!("manylinux_2_17_{cpu}.musllinux_1_1_{cpu}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packager_has_a_name_of_its_own() {
        let cases = [
            ("x86_64-unknown-linux-gnu", "amd64 linux x64 glibc", "manylinux_2_28_x86_64"),
            ("aarch64-unknown-linux-gnu", "arm64 linux arm64 glibc", "manylinux_2_28_aarch64"),
            ("x86_64-unknown-linux-musl", "amd64 linux x64 musl", "manylinux_2_17_x86_64.musllinux_1_1_x86_64"),
            ("x86_64-pc-windows-msvc", "amd64 win32 x64 ", "win_amd64"),
            ("aarch64-apple-darwin", "arm64 darwin arm64 ", "macosx_12_0_arm64"),
        ];
        for (triple, names, wheel) in cases {
            let target = Target::new(triple).unwrap();
            let (system, cpu, library) = target.node();
            assert_eq!(format!("{} {system} {cpu} {}", target.debian(), library.unwrap_or_default()), names);
            let glibc = Some((2, 28)).filter(|_| target.system == System::Gnu);
            assert_eq!(target.wheel(glibc), wheel);
        }
        for unknown in ["x86_64", "riscv64gc-unknown-linux-gnu", "x86_64-unknown-freebsd", "../x86_64-apple-darwin"] {
            assert!(Target::new(unknown).is_err(), "{unknown}");
        }
    }
}
