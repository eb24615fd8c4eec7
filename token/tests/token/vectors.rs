//! Third-party vectors, which stand beside the project where there are any.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests read their vectors, and say which they did not find"
)]

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

/// The bytes of a vector file; `None`, and a line that says so, where it is absent.
pub(crate) fn bytes(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/vectors")
        .join(name);
    if !path.exists() {
        println!("skipped: no vectors `{name}`");
        return None;
    }
    let bytes = std::fs::read(path).unwrap();
    if !name.ends_with(".gz") {
        return Some(bytes);
    }
    let mut plain = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    Some(plain)
}

/// A vector file that is one JSON document.
pub(crate) fn document(name: &str) -> Option<Value> {
    bytes(name).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}
