use crate::by_the_book::Book;
use crate::by_the_book::program::Stage;
use crate::by_the_book::tally::Tally;

use super::invent;

const WORLDS: u64 = 40;
const CALLS: usize = 300;

/// The book's answers to calls on many worlds.
fn answers() -> Tally {
    let mut tally = Tally::default();
    for number in 0..WORLDS {
        let (world, lines) = invent(1, number, CALLS);
        let dir = tempfile::tempdir().unwrap();
        let stage = Stage::set(dir.path(), &world.policy, &world.config);
        let book = Book::read(&stage.policy(), &stage.config());
        for line in &lines {
            tally.count(&book.decide(line));
        }
    }
    tally
}

#[test]
fn a_seed_gives_the_same_world_again() {
    let (one, other) = (invent(7, 3, 20), invent(7, 3, 20));
    assert_eq!(
        (one.0.config, one.0.policy, one.1),
        (other.0.config, other.0.policy, other.1)
    );
}

#[test]
fn another_seed_and_another_number_give_other_worlds() {
    let lines = |seed, number| invent(seed, number, 1).1;
    assert_ne!(lines(1, 2), lines(2, 1));
    assert_ne!(lines(1, 1), lines(1, 2));
}

#[test]
fn every_code_of_the_page_that_needs_no_signature_comes_up() {
    let tally = answers();
    let codes = [
        0, 50058, 50027, 50013, 50010, 500_133, 50173, 9_002_313, 1_000_108, 500_021, 500_022,
        2_000_020, 500_213, 500_212, 5_000_211, 50020, 50057, 50014, 65001, 53003, 53000, 53001,
        50076, 50158, 50105,
    ];
    for code in codes {
        assert!(
            tally.code(code) >= 10,
            "{code} comes up too seldom\n{tally}"
        );
    }
}

#[test]
fn calls_fall_at_every_step_and_a_third_gets_past_the_cross_tenant_settings() {
    let tally = answers();
    let steps = [
        "token",
        "revocation",
        "tenant_restrictions",
        "cloud",
        "inbound",
        "outbound",
    ];
    for step in steps {
        assert!(tally.step(step) >= 30, "few fall at {step}\n{tally}");
    }
    let past = ["guest", "conditional_access", "app_rules", "allow"].map(|step| tally.step(step));
    assert!(past.iter().all(|many| *many >= 30), "{tally}");
    assert!(
        past.iter().sum::<usize>() * 3 >= WORLDS as usize * CALLS,
        "{tally}"
    );
}
