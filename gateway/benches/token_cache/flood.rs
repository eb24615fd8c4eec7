//! What is left of those that are used again and again, when many come that are used once.

use super::contenders::{BOUNDED, Contender};
use super::look_up::{Random, entry};

pub fn print() {
    let titles = FLOODS.map(|flood| format!("{flood} between two uses"));
    println!(
        "\n| room for {ROOM}, {USED} in use, share still found | {} |",
        titles.join(" | ")
    );
    println!("|---|{}", "---|".repeat(FLOODS.len()));
    for (name, make) in BOUNDED {
        let shares = FLOODS.map(|flood| format!("{:.1} %", share(&*make(ROOM), flood)));
        println!("| {name} | {} |", shares.join(" | "));
    }
}

fn share(contender: &dyn Contender, flood: usize) -> f64 {
    let mut random = Random::new();
    let used: Vec<_> = (0..USED).map(|_| random.digest()).collect();
    let use_all = || {
        used.iter()
            .filter(|digest| uses(contender, **digest))
            .count()
    };
    // Seen first, and used once more.
    use_all();
    use_all();
    let mut found = 0;
    for _ in 0..PASSES {
        for _ in 0..flood {
            uses(contender, random.digest());
        }
        contender.settle();
        found += use_all();
    }
    100.0 * found as f64 / (PASSES * USED) as f64
}

/// What the gateway does with a token; answers whether it was known.
fn uses(contender: &dyn Contender, digest: u128) -> bool {
    let known = contender.get(digest).is_some();
    if !known {
        contender.put(digest, entry(digest));
    }
    known
}

const ROOM: usize = 100_000;
const USED: usize = 10_000;
const PASSES: usize = 3;
const FLOODS: [usize; 3] = [50_000, 200_000, 1_000_000];
