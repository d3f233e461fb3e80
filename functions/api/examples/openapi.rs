//! Prints the OpenAPI document: `make openapi` writes it to `docs/openapi.json`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use hooklane_api::{Api, openapi_json};
use hooklane_app::fakes::{FakeSystem, MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_aws::secrets::RotatingKeys;
use hooklane_sender::Sender;

type AnyApi = Api<MemoryLedger, MemoryRegistry, MemoryQueues, Sender, RotatingKeys, FakeSystem>;

fn main() -> Result<(), serde_json::Error> {
    println!("{}", openapi_json::<AnyApi>()?);
    Ok(())
}
