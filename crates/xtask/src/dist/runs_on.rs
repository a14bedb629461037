//! What a built program needs to run, read from the program itself.
//!
//! A program of Linux names the version of each symbol that it takes from the GNU C library; the highest of them is the
//! oldest library that it runs with. One that takes none carries its C library inside.

use anyhow::{Context as _, Result, bail, ensure};
use object::read::elf::FileHeader as _;
use object::{Endianness, elf};

use super::target::{Cpu, System, Target};

/// The libraries that every Linux with the GNU C library has; PEP 600 counts the last one among them.
const SYSTEM_LIBRARIES: [&str; 8] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "ld-linux",
    "libgcc_s.so.1",
];

/// The oldest GNU C library that a program runs with; `None` where it needs none.
///
/// # Errors
/// It is no program of this target, or needs a library that is no part of every system.
pub fn glibc(program: &[u8], target: &Target) -> Result<Option<(u32, u32)>> {
    match target.system {
        System::Windows => ensure!(program.starts_with(b"MZ"), "no program of Windows"),
        System::MacOs => ensure!(program.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]), "no program of macOS"),
        System::Gnu | System::Musl => return of_elf(program, target),
    }
    Ok(None)
}

fn of_elf(program: &[u8], target: &Target) -> Result<Option<(u32, u32)>> {
    let header = elf::FileHeader64::<Endianness>::parse(program).context("no program of Linux, 64 bit")?;
    let endian = header.endian()?;
    let machine = match target.cpu {
        Cpu::X86_64 => elf::EM_X86_64,
        Cpu::Aarch64 => elf::EM_AARCH64,
    };
    ensure!(header.e_machine(endian) == machine, "a program for another processor than that of {}", target.triple);
    let sections = header.sections(endian, program)?;
    if let Some((entries, strings)) = sections.dynamic(endian, program)? {
        let strings = sections.strings(endian, program, strings)?;
        for entry in entries {
            if entry.d_tag.get(endian) == u64::from(elf::DT_NEEDED) {
                let name = strings.get(u32::try_from(entry.d_val.get(endian))?).ok().context("a name is cut off")?;
                let name = String::from_utf8_lossy(name);
                let known = SYSTEM_LIBRARIES.iter().any(|library| name.starts_with(library));
                ensure!(known, "it needs {name}, which not every Linux has");
            }
        }
    }
    let Some((mut needs, strings)) = sections.gnu_verneed(endian, program)? else { return Ok(None) };
    let strings = sections.strings(endian, program, strings)?;
    let mut highest = None;
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            let name = String::from_utf8_lossy(version.name(endian, strings)?);
            if !name.starts_with("GCC_") {
                highest = highest.max(Some(version_of(&name)?));
            }
        }
    }
    Ok(highest)
}

/// The library's version from that of a symbol.
fn version_of(name: &str) -> Result<(u32, u32)> {
    // It stands for no symbol, but for a form of relocations that is known since then.
    if name == "GLIBC_ABI_DT_RELR" {
        return Ok((2, 36));
    }
    let numbers = name.strip_prefix("GLIBC_").and_then(|version| {
        let mut numbers = version.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    let Some(numbers) = numbers else { bail!("a version that is not known: {name}") };
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Target {
        Target::new(&format!("{}-unknown-linux-gnu", std::env::consts::ARCH)).unwrap()
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn a_program_of_this_machine_names_its_library() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let version = glibc(&own, &host()).unwrap().unwrap();
        assert!(((2, 17)..(3, 0)).contains(&version), "{version:?}");
        let other = if cfg!(target_arch = "x86_64") { "aarch64" } else { "x86_64" };
        let other = Target::new(&format!("{other}-unknown-linux-gnu")).unwrap();
        assert!(glibc(&own, &other).unwrap_err().to_string().contains("another processor"));
        for system in ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"] {
            assert!(glibc(&own, &Target::new(system).unwrap()).is_err(), "{system}");
        }
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF"] {
            assert!(glibc(bytes, &host()).is_err());
        }
    }

    #[test]
    fn a_version_is_read_from_the_symbols_own() {
        for (name, version) in
            [("GLIBC_2.28", (2, 28)), ("GLIBC_2.2.5", (2, 2)), ("GLIBC_2.3.4", (2, 3)), ("GLIBC_ABI_DT_RELR", (2, 36))]
        {
            assert_eq!(version_of(name).unwrap(), version);
        }
        for unknown in ["GLIBC_PRIVATE", "GCC_3.0", "GLIBC_2"] {
            assert!(version_of(unknown).is_err(), "{unknown}");
        }
    }
}
