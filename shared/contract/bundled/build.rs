//! Reads every file of `contracts/` as Hooklane reads it at run time. A mistake stops the build with
//! its file, its line and what was expected.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use hooklane_contract::Contracts;

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its folders this way")]
fn folder(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

fn main() -> Result<(), Box<dyn Error>> {
    let contracts =
        Path::new(&folder("CARGO_MANIFEST_DIR")?).join("../../../contracts").canonicalize()?;
    println!("cargo::rerun-if-changed={}", contracts.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&contracts)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    files.sort();
    let loaded = Contracts::load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    if let Err(mistake) = loaded {
        println!("cargo::error=contracts/{mistake}");
        return Ok(());
    }
    let mut code = String::from("pub(crate) const FILES: &[(&str, &str)] = &[\n");
    for (name, text) in &files {
        writeln!(code, "    ({name:?}, {text:?}),")?;
    }
    code.push_str("];\n");
    fs::write(Path::new(&folder("OUT_DIR")?).join("files.rs"), code)?;
    Ok(())
}
