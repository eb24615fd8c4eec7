//! Counts the instructions of the request path's parts with Valgrind's callgrind, and holds them against their budgets in
//! `instructions.json`. `scripts/instructions` builds and runs it; `docs/performance/guard.md` says how to read it.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measure that cannot be taken must fail loudly"
)]

#[path = "instructions/budget.rs"]
mod budget;
#[path = "instructions/callgrind.rs"]
mod callgrind;
#[path = "instructions/measures.rs"]
mod measures;
mod stage;

use std::path::Path;
use std::process::ExitCode;

use budget::Budgets;
use measures::MEASURES;

/// The one that the program serves with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // Under callgrind: this is what is counted.
        ["measure", name] => {
            measures::run(name);
            ExitCode::SUCCESS
        }
        [] => hold(false),
        ["--update"] => hold(true),
        _ => {
            eprintln!("usage: instructions [--update]");
            ExitCode::from(2)
        }
    }
}

/// Takes every measure and holds it against its budget, or makes it the budget.
fn hold(update: bool) -> ExitCode {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.json");
    let budgets = Budgets::read(&file);
    let taken = Budgets(
        MEASURES
            .iter()
            .map(|measure| (measure.name.to_owned(), callgrind::count(measure)))
            .collect(),
    );
    let kept = budgets.hold(&taken);
    if update {
        taken.write(&file);
        return ExitCode::SUCCESS;
    }
    if kept {
        ExitCode::SUCCESS
    } else {
        eprintln!(
            "instructions: where the growth is meant, write new budgets with `scripts/instructions --update` and say in the \
             commit's message what they pay for"
        );
        ExitCode::FAILURE
    }
}
