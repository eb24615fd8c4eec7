//! What `[admin] assertions` says of the policy, proved of one that is to be in force.

use crossgate_config::{Property, Settings};
use crossgate_control::enforcer::Broken;
use crossgate_graph::Compiled;
use crossgate_insight::proof::{Example, Site, Verdict, prove};
use crossgate_insight::verify::Apps;
use jiff::Timestamp;

use crate::live::InForce;
use crate::load;
use crate::request::route::target;

/// Every property that would not hold, or cannot be proved. What is in force is what the next policy is compared with.
///
/// # Errors
/// The file cannot be read, or says what is no property.
pub(super) fn broken(
    settings: &Settings,
    now: &InForce,
    next: &Compiled,
) -> Result<Vec<Broken>, Vec<String>> {
    let Some(file) = &settings.admin.assertions else {
        return Ok(Vec::new());
    };
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| vec![format!("{shown}: cannot be read: {error}")])?;
    let properties = Property::parse(&text).map_err(|faults| {
        let told = faults.iter().map(|fault| fault.in_file(&shown).to_string());
        told.collect::<Vec<_>>()
    })?;
    let next = load::snapshot(settings, next);
    let apps = settings.apps.iter();
    let apps: Apps = apps.map(|app| (app.id.clone(), target(app))).collect();
    let mut left = MOST_DECISIONS;
    let mut broken = Vec::new();
    for property in &properties {
        let site = Site {
            apps: &apps,
            issuers: &now.issuers,
            signs_in: !settings.providers.is_empty(),
            now: Timestamp::now(),
            most: left,
        };
        let proof = prove(property, &next, Some(&now.snapshot), site);
        left = left.saturating_sub(proof.decided);
        let why = match &proof.verdict {
            Verdict::Holds(_) => continue,
            Verdict::Fails(Some(example)) => told(property, example),
            Verdict::Fails(None) => "there is no such request".to_owned(),
            Verdict::NeedsDraft | Verdict::TooLarge => format!(
                "cannot be proved by the {MOST_DECISIONS} decisions that all properties together may take here; name homes or apps under `where`"
            ),
        };
        broken.push(Broken {
            name: property.name.clone(),
            why,
        });
    }
    Ok(broken)
}

/// The request that contradicts it, as `crossgate decide` reads it.
fn told(property: &Property, example: &Example) -> String {
    let answer = &example.answer;
    let before = match &example.before {
        Some(before) => format!(", and before {before}"),
        None => String::new(),
    };
    format!(
        "contradicted with {answer}{before} by {}",
        example.case(&property.name)
    )
}

/// Some seconds of one core.
const MOST_DECISIONS: u64 = 10_000_000;
