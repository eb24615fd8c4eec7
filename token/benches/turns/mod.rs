//! Parts of a whole, measured so that each of them meets the same machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A part and its name. What it returns says whether it did what it is measured for.
pub(crate) type Part<'a> = (&'a str, &'a dyn Fn() -> bool);

/// Prints each part's fastest turn, for what else a machine does only slows, and its ratio to the first. Turn by turn.
pub(crate) fn print(title: &str, parts: &[Part<'_>]) {
    const ROUNDS: usize = 400;
    let mut fastest = vec![Duration::MAX; parts.len()];
    for (name, part) in parts {
        assert!(part(), "{title}: {name}");
    }
    for _ in 0..ROUNDS {
        for (time, (_, part)) in fastest.iter_mut().zip(parts) {
            *time = turn(part).min(*time);
        }
    }
    let first = fastest.first().map_or(f64::NAN, Duration::as_secs_f64);
    for (time, (name, _)) in fastest.iter().zip(parts) {
        let ratio = time.as_secs_f64() / first;
        println!("{title:6} {name:42} {:7} ns {ratio:6.3}", time.as_nanos());
    }
}

/// Short, so that it ends before somebody else's turn.
fn turn<T>(work: impl Fn() -> T) -> Duration {
    const TIMES: u32 = 5;
    let begun = Instant::now();
    for _ in 0..TIMES {
        black_box(work());
    }
    begun.elapsed() / TIMES
}
