//! Prints the OpenAPI document: `make openapi` writes it to `docs/openapi.json`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use hooklane_api::{Production, openapi_json};

fn main() -> Result<(), serde_json::Error> {
    println!("{}", openapi_json::<Production>()?);
    Ok(())
}
