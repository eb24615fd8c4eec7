//! `crossgate check --assert`: has the policy the properties that a file says it has?

use std::io::Write;
use std::path::{Path, PathBuf};

use crossgate_config::{Property, Purpose};
use crossgate_insight::proof::{Example, Proof, Site, Verdict as Proved, prove};
use crossgate_insight::verify::Apps;
use jiff::Timestamp;

use super::super::ending::{Failure, Verdict};
use crate::load::{self, Faults, Loaded};
use crate::request::route::target;

/// Proves every property, of a draft where there is one. Bad where one does not hold, or could not be proved.
pub(super) fn check(
    config: &Path,
    files: &[PathBuf],
    draft: Option<&Path>,
    loaded: &Loaded,
    out: &mut impl Write,
) -> Result<Verdict, Failure> {
    let properties = read(files)?;
    let drafted = draft
        .map(|draft| load::load(config, Purpose::Decide, Some(draft)))
        .transpose()?;
    let apps = loaded.settings.apps.iter();
    let apps: Apps = apps.map(|app| (app.id.clone(), target(app))).collect();
    let site = Site {
        apps: &apps,
        issuers: &loaded.issuers,
        signs_in: !loaded.settings.providers.is_empty(),
        now: Timestamp::now(),
        most: MOST_DECISIONS,
    };
    let (policy, before) = match &drafted {
        Some(drafted) => (&*drafted.snapshot, Some(&*loaded.snapshot)),
        None => (&*loaded.snapshot, None),
    };
    let mut verdict = Verdict::Good;
    for (file, property) in &properties {
        let proof = prove(property, policy, before, site);
        let holds = tell(file, property, &proof, out)?;
        if !holds {
            verdict = Verdict::Bad;
        }
    }
    Ok(verdict)
}

fn read(files: &[PathBuf]) -> Result<Vec<(String, Property)>, Failure> {
    let (mut properties, mut told) = (Vec::new(), Vec::new());
    for path in files {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::Unusable(format!("{file}: cannot be read: {error}; check the path"))
        })?;
        match Property::parse(&text) {
            Ok(read) => properties.extend(read.into_iter().map(|one| (file.clone(), one))),
            Err(faults) => {
                told.extend(faults.iter().map(|fault| fault.in_file(&file).to_string()));
            }
        }
    }
    if told.is_empty() {
        Ok(properties)
    } else {
        Err(Faults(told).into())
    }
}

/// Tells what became of a property; whether it holds.
fn tell(
    file: &str,
    property: &Property,
    proof: &Proof,
    out: &mut impl Write,
) -> std::io::Result<bool> {
    let name = &property.name;
    let decided = proof.decided;
    match &proof.verdict {
        Proved::Holds(example) => {
            writeln!(out, "{file}: holds: {name} ({decided} decisions)")?;
            shown("such as", example.as_deref(), name, out)?;
            Ok(true)
        }
        Proved::Fails(Some(example)) => {
            writeln!(out, "{file}: does not hold: {name}")?;
            shown("contradicted by", Some(example), name, out)?;
            Ok(false)
        }
        Proved::Fails(None) => {
            writeln!(
                out,
                "{file}: does not hold: {name}: there is no such request ({decided} decisions)"
            )?;
            Ok(false)
        }
        Proved::TooLarge => {
            writeln!(
                out,
                "{file}: not proved: {name}: more than {MOST_DECISIONS} decisions would be needed; name homes or apps under `where`"
            )?;
            Ok(false)
        }
        Proved::NeedsDraft => {
            writeln!(
                out,
                "{file}: not proved: {name}: `nobody_new` compares a draft with the policy in force; give one with `--draft`"
            )?;
            Ok(false)
        }
    }
}

/// An example as `crossgate decide` reads it.
fn shown(
    what: &str,
    example: Option<&Example>,
    name: &str,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let Some(example) = example else {
        return Ok(());
    };
    let answer = &example.answer;
    match &example.before {
        Some(before) => writeln!(out, "  {what}, with {answer}, and before {before}:")?,
        None => writeln!(out, "  {what}, with {answer}:")?,
    }
    writeln!(out, "  {}", example.case(name))
}

/// Some minutes of one core. What needs more is told to be too much rather than begun.
const MOST_DECISIONS: u64 = 200_000_000;
