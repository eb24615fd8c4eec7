//! How the answers to invented cases are spread: a generator whose every case falls at the first step proves nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// Counts answers by step, outcome and code.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    steps: BTreeMap<String, usize>,
    outcomes: BTreeMap<String, usize>,
    codes: BTreeMap<u64, usize>,
    errors: usize,
}

impl Tally {
    /// Counts one answer.
    pub fn count(&mut self, answer: &Value) {
        let Some(code) = answer["code"].as_u64() else {
            self.errors += 1;
            return;
        };
        let name = |member: &str| answer[member].as_str().unwrap_or("none").to_owned();
        // What is allowed has passed the last step, and did not fall there.
        let step = if code == 0 {
            name("outcome")
        } else {
            name("step")
        };
        *self.steps.entry(step).or_default() += 1;
        *self.outcomes.entry(name("outcome")).or_default() += 1;
        *self.codes.entry(code).or_default() += 1;
    }

    /// How often a code was given.
    #[must_use]
    pub fn code(&self, code: u64) -> usize {
        self.codes.get(&code).copied().unwrap_or(0)
    }

    /// How often a call fell at a step; `allow` for those that did not.
    #[must_use]
    pub fn step(&self, step: &str) -> usize {
        self.steps.get(step).copied().unwrap_or(0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "fell at: {}", listed(&self.steps))?;
        writeln!(to, "outcomes: {}", listed(&self.outcomes))?;
        write!(
            to,
            "codes: {}, error lines {}",
            listed(&self.codes),
            self.errors
        )
    }
}

fn listed<K: fmt::Display>(counts: &BTreeMap<K, usize>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, times)| format!("{name} {times}"))
        .collect();
    counts.join(", ")
}
