//! Look-ups, by one thread and by two at a time.

use std::hint::black_box;
use std::sync::Arc;

use super::contenders::{BOUNDED, Contender, Entry, UNBOUNDED};
use super::time;

struct Case {
    title: &'static str,
    threads: usize,
    /// So many are asked for, each as often as the others.
    asked: usize,
    /// One call in so many keeps an entry anew.
    writes: usize,
}

const CASES: [Case; 4] = [
    Case {
        title: "1 thread, all alike",
        threads: 1,
        asked: usize::MAX,
        writes: usize::MAX,
    },
    Case {
        title: "1 thread, 1,000 of them",
        threads: 1,
        asked: 1_000,
        writes: usize::MAX,
    },
    Case {
        title: "2 threads, all alike, 0.1 % writes",
        threads: 2,
        asked: usize::MAX,
        writes: 1_000,
    },
    Case {
        title: "2 threads, the same one",
        threads: 2,
        asked: 1,
        writes: usize::MAX,
    },
];

pub fn print(entries: usize, rounds: usize) {
    let mut random = Random::new();
    let digests: Vec<_> = (0..entries).map(|_| random.digest()).collect();
    let contenders: Vec<_> = BOUNDED.iter().chain(&UNBOUNDED).collect();
    let filled: Vec<_> = contenders
        .iter()
        // Most of those that are bounded are full a little earlier than they say.
        .map(|(_, make)| filled(make(entries + entries / 4), &digests))
        .collect();
    let times = CASES.map(|case| {
        // Written down in the order of calls: looking for the next one must not be what is measured.
        let asked: Vec<_> = (0..CALLS)
            .map(|_| digests[random.below(entries.min(case.asked))])
            .collect();
        time::medians(rounds, &filled, |contender| {
            ask(&**contender, &case, &asked)
        })
    });
    let titles = CASES.map(|case| case.title).join(" | ");
    println!("\n| {entries} entries, ns per look-up | found | {titles} |");
    println!("|---|---|{}", "---|".repeat(CASES.len()));
    for (at, (name, _)) in contenders.iter().enumerate() {
        let times = times.each_ref().map(|times| format!("{:.0}", times[at]));
        let found = digests
            .iter()
            .filter(|digest| filled[at].get(**digest).is_some());
        let found = 100.0 * found.count() as f64 / entries as f64;
        println!("| {name} | {found:.1} % | {} |", times.join(" | "));
    }
}

fn filled(contender: Box<dyn Contender>, digests: &[u128]) -> Box<dyn Contender> {
    for digest in digests {
        contender.put(*digest, entry(*digest));
    }
    contender.settle();
    contender
}

fn ask(contender: &dyn Contender, case: &Case, asked: &[u128]) -> f64 {
    time::nanos(case.threads, CALLS, &|thread, call| {
        // Each thread begins somewhere else.
        let digest = asked[(call + thread * CALLS / 2) % CALLS];
        if call % case.writes == case.writes - 1 {
            contender.put(digest, entry(digest));
        } else if let Some(entry) = contender.get(digest) {
            black_box(entry.number);
        }
    })
}

pub fn entry(digest: u128) -> Arc<Entry> {
    let number = digest as u64;
    Arc::new(Entry { number })
}

/// The same numbers in every run.
pub struct Random(u64);

impl Random {
    pub const fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    pub fn digest(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// xorshift64*.
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

const CALLS: usize = 1 << 18;
