//! `JSONTestSuite`: `n_` must be refused, `y_` accepted, `i_` is either, and nothing may panic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossgate_token::json::{self, JsonFault};
use serde_json::Value;

use crate::vectors;

/// Valid JSON that a token may not be.
const STRICTER: [(&str, JsonFault); 2] = [
    ("y_object_duplicated_key.json", JsonFault::DuplicateMember),
    (
        "y_object_duplicated_key_and_value.json",
        JsonFault::DuplicateMember,
    ),
];

#[test]
fn the_strict_reader_agrees_with_the_json_test_suite() {
    let Some(lines) = vectors::bytes("json/jsontestsuite.jsonl") else {
        return;
    };
    let mut stricter = 0;
    for line in lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let case: Value = serde_json::from_slice(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let text = STANDARD.decode(case["b64"].as_str().unwrap()).unwrap();
        let read = json::read(&text);
        if let Some((_, fault)) = STRICTER.iter().find(|(stricter, _)| *stricter == name) {
            assert_eq!(read, Err(*fault), "{name}");
            stricter += 1;
            continue;
        }
        match name.get(..2).unwrap() {
            "y_" => assert!(read.is_ok(), "{name}: {read:?}"),
            "n_" => assert!(read.is_err(), "{name}"),
            "i_" => {}
            _ => unreachable!("{name}"),
        }
    }
    assert_eq!(stricter, STRICTER.len());
}
