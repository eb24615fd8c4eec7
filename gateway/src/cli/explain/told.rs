//! An answer for people: the outcome, who called whom, every step, and what would change it.

use std::fmt;

use crossgate_config::{AppSettings, Settings};
use crossgate_policy::decision::{AccessType, Step};
use crossgate_policy::ids::TenantId;
use crossgate_policy::{Decision, Line, nearest_change};

use crate::cli::question::Answer;

/// What is told.
pub(super) struct Told<'a> {
    /// The names of tenants.
    pub(super) settings: &'a Settings,
    /// The app that the token was shown to.
    pub(super) app: &'a AppSettings,
    /// The answer.
    pub(super) answer: &'a Answer,
    /// The rule that the token breaks, in words.
    pub(super) broken: Option<&'a str>,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer {
            decision, lines, ..
        } = self.answer;
        writeln!(f, "{}", headline(decision))?;
        if let Some(rule) = self.broken {
            writeln!(f, "{rule}")?;
        }
        writeln!(f)?;
        self.parties(f)?;
        writeln!(f)?;
        table(f, lines)?;
        let mut refusing = lines.iter().filter(|line| line.refuses).peekable();
        if refusing.peek().is_some() {
            writeln!(f)?;
        }
        for line in refusing {
            writeln!(f, "{}: {}", line.step.name(), line.told())?;
        }
        if let Some(change) = nearest_change(decision, lines) {
            writeln!(f, "\nnearest change: {}", change.text)?;
        }
        Ok(())
    }
}

fn headline(decision: &Decision) -> String {
    let Err(refusal) = &decision.outcome else {
        return "allowed: the request is passed on".to_owned();
    };
    let step = refusal.step.map_or("route", Step::name);
    let (code, reason) = (decision.code(), decision.reason());
    let answer = if decision.permit().is_some() {
        "report-only: recorded as refused, and passed on".to_owned()
    } else {
        format!(
            "refused: answered with {} ({})",
            decision.status(),
            decision.outcome_name()
        )
    };
    format!("{answer}, AADSTS{code} {reason}, at step {step}")
}

impl Told<'_> {
    fn parties(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = &self.answer.decision;
        let facts = decision.facts();
        let tenant = |id: Option<TenantId>| id.map(|id| self.tenant(id));
        let id = |id: &crossgate_policy::ids::Id| id.to_string();
        let requirements: Vec<String> = decision
            .requirements()
            .iter()
            .map(ToString::to_string)
            .collect();
        let rows = [
            ("app", Some(named(&self.app.name, &self.app.id.to_string()))),
            ("enforcement", Some(decision.enforcement.name().to_owned())),
            (
                "resource tenant",
                tenant(decision.resource_tenant.map(|tenant| tenant.0)),
            ),
            (
                "home tenant",
                tenant(facts.and_then(|facts| facts.home_tenant_id())),
            ),
            (
                "user there",
                facts.and_then(|facts| facts.home_user_id.as_ref().map(id)),
            ),
            (
                "user here",
                facts.and_then(|facts| facts.own_user_id.as_ref().map(id)),
            ),
            (
                "direction",
                facts.map(|facts| facts.direction.name().to_owned()),
            ),
            (
                "access type",
                decision.access_type().map(AccessType::name).map(Into::into),
            ),
            ("mfa", facts.map(|_| decision.mfa().name().to_owned())),
            ("device", facts.map(|_| decision.device().name().to_owned())),
            (
                "still needed",
                (!requirements.is_empty()).then(|| requirements.join(", ")),
            ),
        ];
        for (what, value) in rows {
            if let Some(value) = value {
                writeln!(f, "{what:<17}{value}")?;
            }
        }
        Ok(())
    }

    /// A tenant by its configured name.
    fn tenant(&self, id: TenantId) -> String {
        let own = &self.settings.tenant;
        let name = if own.id == id {
            Some(&own.name)
        } else {
            let mut partners = self.settings.partners.iter();
            partners
                .find(|partner| partner.tenant == id)
                .map(|partner| &partner.name)
        };
        let id = id.to_string();
        match name {
            Some(name) => named(name, &id),
            None => id,
        }
    }
}

/// What has no name of its own is called by its id, once.
fn named(name: &str, id: &str) -> String {
    if name == id {
        id.to_owned()
    } else {
        format!("{name} ({id})")
    }
}

/// One row a step, columns as wide as their widest cell; the last is as long as it is.
fn table(f: &mut fmt::Formatter<'_>, lines: &[Line]) -> fmt::Result {
    let heading = ["step", "result", "property", "document"];
    let rows = lines.iter().map(|line| {
        let Line {
            step,
            document,
            property,
            result,
            refuses: _,
            values: _,
        } = line;
        [step.name(), result, property, document]
    });
    let rows: Vec<[&str; 4]> = std::iter::once(heading).chain(rows).collect();
    let widest = |cell: for<'r> fn(&'r [&'r str; 4]) -> &'r str| {
        let widths = rows.iter().map(|row| cell(row).chars().count());
        widths.max().unwrap_or(0)
    };
    let step = widest(|[step, ..]| step);
    let result = widest(|[_, result, ..]| result);
    let property = widest(|[_, _, property, _]| property);
    for [a, b, c, d] in &rows {
        let row = format!("{a:<step$}  {b:<result$}  {c:<property$}  {d}");
        writeln!(f, "{}", row.trim_end())?;
    }
    Ok(())
}
