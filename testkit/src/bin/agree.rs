//! Asks the built program and the by-the-book implementation the same invented questions.
//!
//! `agree --crossgate PATH --policies N --subjects M --seed S [--first K] [--show L]`: N invented policies, numbered from K, of each M
//! calls. Prints the first L differences in full, three where L is not given, how the answers are spread, and closes with a line `N passed, N failed`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: a panic is a failed test"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use crossgate_testkit::by_the_book::invent::{World, invent};
use crossgate_testkit::by_the_book::program::Stage;
use crossgate_testkit::by_the_book::tally::Tally;
use crossgate_testkit::by_the_book::{Book, same_answer};
use serde_json::Value;

fn main() -> ExitCode {
    let Some(run) = Run::from_arguments() else {
        eprintln!(
            "usage: agree --crossgate PATH --policies N --subjects M --seed S [--first K] [--show L]"
        );
        return ExitCode::from(2);
    };
    let mut score = Score::default();
    for number in run.first..run.first + run.policies {
        let (world, lines) = invent(run.seed, number, run.subjects);
        compare(&run, number, &world, &lines, &mut score);
    }
    println!("{}", score.tally);
    println!("{} passed, {} failed", score.passed, score.failed);
    ExitCode::from(u8::from(score.failed > 0 || score.passed == 0))
}

struct Run {
    program: PathBuf,
    policies: u64,
    subjects: usize,
    seed: u64,
    first: u64,
    show: usize,
}

impl Run {
    fn from_arguments() -> Option<Self> {
        let (mut program, mut numbers) = (None, [None, None, None, Some(0), Some(3)]);
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let value = arguments.next()?;
            let index = match flag.as_str() {
                "--crossgate" => {
                    program = Some(PathBuf::from(value));
                    continue;
                }
                "--policies" => 0,
                "--subjects" => 1,
                "--seed" => 2,
                "--first" => 3,
                "--show" => 4,
                _ => return None,
            };
            numbers[index] = Some(value.parse::<u64>().ok()?);
        }
        let [policies, subjects, seed, first, show] = numbers;
        let (subjects, show) = (
            usize::try_from(subjects?).ok()?,
            usize::try_from(show?).ok()?,
        );
        Some(Self {
            program: program?,
            policies: policies?,
            subjects,
            seed: seed?,
            first: first?,
            show,
        })
    }
}

#[derive(Default)]
struct Score {
    passed: usize,
    failed: usize,
    shown: usize,
    tally: Tally,
}

impl Score {
    /// Prints a difference, if not too many were.
    fn show(&mut self, most: usize, difference: impl FnOnce() -> String) {
        if self.shown < most {
            println!("{}\n", difference());
        }
        self.shown += 1;
    }
}

fn compare(run: &Run, number: u64, world: &World, lines: &[Value], score: &mut Score) {
    let dir = tempfile::tempdir().expect("a folder for a policy");
    let stage = Stage::set(dir.path(), &world.policy, &world.config);
    let answers = match stage.decide(&run.program, lines) {
        Ok(answers) => answers,
        Err(fault) => {
            score.failed += lines.len();
            score.show(run.show, || {
                format!(
                    "== policy {number}\n{}the program failed: {fault}",
                    written(world)
                )
            });
            return;
        }
    };
    let book = Book::read(&stage.policy(), &stage.config());
    for (line, answer) in lines.iter().zip(answers) {
        let expected = book.decide(line);
        score.tally.count(&expected);
        if same_answer(&expected, &answer) {
            score.passed += 1;
        } else {
            score.failed += 1;
            score.show(run.show, || {
                let documents = written(world);
                format!("== policy {number}\n{documents}line:    {line}\nbook:    {expected}\nprogram: {answer}")
            });
        }
    }
}

fn written(world: &World) -> String {
    let mut text = format!("-- crossgate.toml\n{}", world.config);
    for (name, document) in &world.policy {
        text.push_str(&format!("-- {name}\n{document}\n"));
    }
    text
}
