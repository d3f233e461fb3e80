//! Reads every file of `catalog/` and packs it for the binaries. A mistake stops the build with its
//! file, its line and what was expected.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use hooklane_catalog::Catalogs;

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its folders this way")]
fn folder(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

fn main() -> Result<(), Box<dyn Error>> {
    let catalogs =
        Path::new(&folder("CARGO_MANIFEST_DIR")?).join("../../../catalog").canonicalize()?;
    println!("cargo::rerun-if-changed={}", catalogs.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&catalogs)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    files.sort();
    match Catalogs::load(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))) {
        Ok(catalogs) => {
            let code = packed(&catalogs)?;
            fs::write(Path::new(&folder("OUT_DIR")?).join("packed.rs"), code)?;
        }
        Err(mistake) => println!("cargo::error=catalog/{mistake}"),
    }
    Ok(())
}

/// The catalogs as Rust code.
fn packed(catalogs: &Catalogs) -> Result<String, std::fmt::Error> {
    let mut code = String::from("pub(crate) const PACKED: &[PackedCatalog<'_>] = &[\n");
    for catalog in catalogs.iter() {
        let (name, description) = (catalog.name().as_str(), catalog.description());
        let contracts: Vec<String> = catalog.contracts().map(ToString::to_string).collect();
        writeln!(
            code,
            "PackedCatalog {{ name: {name:?}, description: {description:?}, contracts: &{contracts:?}, types: &["
        )?;
        for (name, definition) in catalog.types() {
            writeln!(
                code,
                "PackedType {{ name: {:?}, category: {:?}, description: {:?}, sample: {:?}, schema: {:?} }},",
                name.as_str(),
                definition.category,
                definition.description,
                definition.sample.as_str(),
                definition.schema.text().as_str(),
            )?;
        }
        code.push_str("] },\n");
    }
    code.push_str("];\n");
    Ok(code)
}
