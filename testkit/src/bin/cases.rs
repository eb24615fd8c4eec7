//! Runs every written case against the built program.
//!
//! `cases --crossgate PATH --dir policy/tests/cases`; prints each failure and closes with a line `N passed, N failed`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: a panic is a failed test"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crossgate_testkit::by_the_book::Book;
use crossgate_testkit::by_the_book::cases::{self, Case};
use crossgate_testkit::by_the_book::program::Stage;
use serde_json::Value;

fn main() -> ExitCode {
    let (mut program, mut dir, mut arguments) = (None, None, std::env::args().skip(1));
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--crossgate" => program = arguments.next().map(PathBuf::from),
            "--dir" => dir = arguments.next().map(PathBuf::from),
            _ => return usage(),
        }
    }
    let Some(dir) = dir else { return usage() };
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for batch in batches(cases::read(&dir)) {
        match answers(&batch, program.as_deref()) {
            Ok(answers) => {
                for (case, answer) in batch.iter().zip(answers) {
                    if told(case, &answer) {
                        passed += 1
                    } else {
                        failed += 1
                    }
                }
            }
            Err(fault) => {
                failed += batch.len();
                for case in &batch {
                    println!(
                        "\n{}: {}\n  the program failed: {fault}",
                        case.file, case.name
                    );
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0 || passed == 0))
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: cases [--crossgate PATH] --dir policy/tests/cases\nwithout a program the by-the-book implementation is asked"
    );
    ExitCode::from(2)
}

/// Cases that share configuration and policy are decided by one run.
fn batches(cases: Vec<Case>) -> Vec<Vec<Case>> {
    let mut batches: Vec<Vec<Case>> = Vec::new();
    for case in cases {
        match batches
            .iter_mut()
            .find(|batch| batch[0].config == case.config && batch[0].policy == case.policy)
        {
            Some(batch) => batch.push(case),
            None => batches.push(vec![case]),
        }
    }
    batches
}

fn answers(batch: &[Case], program: Option<&Path>) -> Result<Vec<Value>, String> {
    let dir = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let stage = Stage::set(dir.path(), &batch[0].policy, &batch[0].config);
    let lines: Vec<Value> = batch.iter().map(|case| case.line.clone()).collect();
    match program {
        Some(program) => stage.decide(program, &lines),
        None => {
            let book = Book::read(&stage.policy(), &stage.config());
            Ok(lines.iter().map(|line| book.decide(line)).collect())
        }
    }
}

/// Prints what is wrong with an answer, if anything is.
fn told(case: &Case, answer: &Value) -> bool {
    let differences = case.differences(answer);
    if !differences.is_empty() {
        println!("\n{}: {}\n  why: {}", case.file, case.name, case.why);
        for (field, expected, found) in &differences {
            println!("  {field}: expected {expected}, got {found}");
        }
        println!("  case:   {}\n  answer: {answer}", case.line);
    }
    differences.is_empty()
}
