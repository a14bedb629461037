//! `cargo xtask pictures`: the pictures of the pages, below docs/pictures.
//!
//! What they show is run (the quick start, the prompt) or read (docs/figures.md) when they are made, and what differs from
//! run to run is set to one value, so that a picture which is not up to date is one that differs.

mod crowd;
mod figures;
mod prompt;
mod quickstart;
mod road;
mod svg;

use std::path::Path;

use anyhow::{Context as _, Result};

/// Writes every picture into a folder; the figures are those of the page `figures`.
///
/// # Errors
/// What cannot be built, run, read or written.
pub fn write(figures: &Path, folder: &Path) -> Result<()> {
    let page = std::fs::read_to_string(figures).with_context(|| format!("cannot read {}", figures.display()))?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, picture) in [
        ("quickstart.svg", quickstart::draw()?),
        ("prompt.svg", prompt::draw()?),
        ("road.svg", road::draw()),
        ("crowd.svg", crowd::draw(&page)?),
        ("figures.svg", figures::draw(&page)?),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, picture).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
