//! The written cases, asked of the by-the-book implementation: both are read from the decision page, by hand and by code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: a panic is a failed test"
)]

use std::path::Path;

use crossgate_testkit::by_the_book::program::Stage;
use crossgate_testkit::by_the_book::{Book, cases};

#[test]
fn the_book_answers_every_written_case_as_expected() {
    let mut faults = Vec::new();
    let cases = cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/tests/cases"));
    for case in &cases {
        let dir = tempfile::tempdir().unwrap();
        let stage = Stage::set(dir.path(), &case.policy, &case.config);
        let answer = Book::read(&stage.policy(), &stage.config()).decide(&case.line);
        for (field, expected, found) in case.differences(&answer) {
            faults.push(format!(
                "{}: {}: {field}: expected {expected}, got {found}",
                case.file, case.name
            ));
        }
    }
    assert!(cases.len() > 200, "only {} cases were found", cases.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_two_written_cases_of_a_file_bear_the_same_name() {
    let cases = cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/tests/cases"));
    let mut seen = std::collections::BTreeSet::new();
    for case in cases {
        assert!(
            seen.insert((case.file.clone(), case.name.clone())),
            "{}: {} twice",
            case.file,
            case.name
        );
    }
}
