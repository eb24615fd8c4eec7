//! What each measure may cost, and which functions it was made of when that was agreed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

/// The cost of one round of a measure.
#[derive(Debug, Default)]
pub struct Count {
    pub instructions: u64,
    /// The functions that cost most by themselves.
    functions: BTreeMap<String, u64>,
}

impl Count {
    /// From the sums over all rounds.
    pub fn new(instructions: u64, functions: BTreeMap<String, u64>, rounds: u64) -> Self {
        let mut most: Vec<_> = functions
            .into_iter()
            .map(|(name, cost)| (name, cost / rounds))
            .collect();
        most.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
        most.truncate(FUNCTIONS);
        Self {
            instructions,
            functions: most.into_iter().collect(),
        }
    }

    /// The functions that grew most since then. One that was too small to be written down counts as new.
    fn growth(&self, budget: &Self) -> Vec<String> {
        let mut grown: Vec<_> = self
            .functions
            .iter()
            .map(|(name, now)| (name, budget.functions.get(name).copied().unwrap_or(0), *now))
            .filter(|(_, before, now)| now > before)
            .collect();
        grown.sort_by_key(|(_, before, now)| std::cmp::Reverse(now - before));
        grown.truncate(SHOWN);
        grown
            .into_iter()
            .map(|(name, before, now)| {
                format!("    +{:<7} {before} -> {now}  {name}", now - before)
            })
            .collect()
    }
}

/// Counts by the names of their measures.
#[derive(Debug, Default)]
pub struct Budgets(pub BTreeMap<String, Count>);

impl Budgets {
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let written: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let count = |value: &Value| Count {
            instructions: value["instructions"].as_u64().unwrap(),
            functions: value["functions"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, cost)| (name.clone(), cost.as_u64().unwrap()))
                .collect(),
        };
        Self(
            written
                .iter()
                .map(|(name, value)| (name.clone(), count(value)))
                .collect(),
        )
    }

    pub fn write(&self, file: &Path) {
        let counts: Map<String, Value> = self
            .0
            .iter()
            .map(|(name, count)| {
                let value =
                    json!({ "instructions": count.instructions, "functions": count.functions });
                (name.clone(), value)
            })
            .collect();
        let text = serde_json::to_string_pretty(&counts).unwrap();
        std::fs::write(file, text + "\n").unwrap();
    }

    /// Prints what was counted beside its budget. Whether all of it is within.
    pub fn hold(&self, taken: &Self) -> bool {
        println!(
            "{:<30} {:>10} {:>10} {:>8}",
            "instructions of", "budget", "now", ""
        );
        let mut kept = true;
        for (name, now) in &taken.0 {
            let Some(budget) = self.0.get(name) else {
                println!("{name:<30} {:>10} {:>10}  no budget", "-", now.instructions);
                kept = false;
                continue;
            };
            let (allowed, counted) = (budget.instructions, now.instructions);
            let change = (counted as f64 / allowed as f64 - 1.0) * 100.0;
            let verdict = if change > MORE {
                "OVER"
            } else if change < -MORE {
                "under: lower the budget"
            } else {
                ""
            };
            println!("{name:<30} {allowed:>10} {counted:>10} {change:>+7.2}%  {verdict}");
            if change > MORE {
                kept = false;
                for line in now.growth(budget) {
                    println!("{line}");
                }
            }
        }
        kept
    }
}

/// Percent that a measure may cost more than its budget.
const MORE: f64 = 3.0;

/// Functions whose cost is written down.
const FUNCTIONS: usize = 40;

/// Functions that are named where a budget is exceeded.
const SHOWN: usize = 8;
