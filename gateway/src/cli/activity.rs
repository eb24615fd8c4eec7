//! `crossgate activity`: who crossed the organisation's border, which way and for what.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use crossgate_config::{PartnerSettings, Purpose, Settings};
use crossgate_insight::activity::{Asked, Crossing, Direction, Summary};
use crossgate_insight::sign_ins::{self, Store, Sums};
use crossgate_policy::ids::Guid;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::ending::{Failure, Verdict};
use super::form::List;
use crate::load;

/// Which activity, and how to print it.
#[derive(Debug, Args)]
pub(super) struct ActivityArgs {
    /// The configuration, whose `store` under `[sign_ins]` has the events.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// Read these files of events instead of the store.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// Only what came in, or only what went out.
    #[arg(long, value_name = "DIRECTION")]
    access_direction: Option<Way>,
    /// Only to and from this tenant.
    #[arg(long, value_name = "TENANT-ID", value_parser = guid)]
    external_tenant_id: Option<Guid>,
    /// One line for each external tenant and direction.
    #[arg(long)]
    summary_stats: bool,
    /// Tell external tenants' names, as `[[partner]]` has them.
    #[arg(long)]
    resolve_tenant_id: bool,
    /// Only since then: a time, a day, or so long ago (`30d`, `12h`).
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// How to print.
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    /// Users of others came to the own apps.
    Inbound,
    /// Somebody went to another organisation.
    Outbound,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Lines for people.
    Text,
    /// Values with commas between them, for spreadsheets.
    Csv,
    /// JSON for scripts.
    Json,
}

/// Prints it.
pub(super) fn run(args: &ActivityArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let settings = load::settings(&args.config, Purpose::Decide)?;
    let own = settings.tenant.id.to_string();
    if args
        .external_tenant_id
        .is_some_and(|id| id.to_string() == own)
    {
        return Err(Failure::Unusable(format!(
            "`--external-tenant-id`: `{own}` is the own tenant; name another one"
        )));
    }
    let asked = Asked {
        own,
        direction: args.access_direction.map(|way| match way {
            Way::Inbound => Direction::Inbound,
            Way::Outbound => Direction::Outbound,
        }),
        external: args.external_tenant_id.map(|id| id.to_string()),
        from: args.since.map_or(i64::MIN, Timestamp::as_millisecond),
        to: i64::MAX,
    };
    let names = Names {
        partners: args.resolve_tenant_id.then_some(&settings.partners),
    };
    let source = Source::of(args, &settings)?;
    let mut printed = Printed::new(args.output, out);
    if args.summary_stats {
        let sums = source.sums(&asked)?;
        for summary in asked.summaries(&sums) {
            printed.row(&names.summary(&summary))?;
        }
    } else {
        let mut failed = None;
        source.events(&asked, &mut |crossing, event| {
            let row = names.event(crossing, event);
            failed = printed.row(&row).err();
            failed.is_none()
        })?;
        failed.map_or(Ok(()), Err)?;
    }
    if printed.finish()? == 0 {
        // Nobody is left to be told where this fails.
        let _ = writeln!(
            std::io::stderr(),
            "no sign-ins matching the selected criteria found"
        );
    }
    Ok(Verdict::Good)
}

/// Where events are.
enum Source<'a> {
    Store(Store),
    Files(&'a [PathBuf]),
}

impl<'a> Source<'a> {
    fn of(args: &'a ActivityArgs, settings: &Settings) -> Result<Self, Failure> {
        if !args.events.is_empty() {
            return Ok(Self::Files(&args.events));
        }
        store(&args.config, settings).map(Self::Store)
    }

    fn sums(&self, asked: &Asked) -> Result<Sums, Failure> {
        match self {
            Self::Store(store) => {
                let times = sign_ins::Asked {
                    from: asked.from,
                    to: asked.to,
                    who: true,
                };
                store.sums(&times).map_err(unusable)
            }
            Self::Files(files) => {
                let mut sums = Sums::default();
                each_line(files, &mut |line| asked.add_line(line, &mut sums).is_some())?;
                Ok(sums)
            }
        }
    }

    fn events(
        &self,
        asked: &Asked,
        take: &mut dyn FnMut(Crossing<'_>, &Value) -> bool,
    ) -> Result<(), Failure> {
        match self {
            Self::Store(store) => asked.walk(store, take).map_err(unusable),
            Self::Files(files) => {
                let mut goes_on = true;
                each_line(files, &mut |line| {
                    let Some(wanted) = asked.is_in_time(line) else {
                        return false;
                    };
                    if wanted && goes_on {
                        let event: Value = serde_json::from_str(line).unwrap_or_default();
                        if let Some(crossing) = asked.crossing_of(&event) {
                            goes_on = take(crossing, &event);
                        }
                    }
                    true
                })
            }
        }
    }
}

/// The store that a configuration names.
pub(super) fn store(config: &Path, settings: &Settings) -> Result<Store, Failure> {
    let Some(store) = &settings.sign_ins.store else {
        return Err(Failure::Unusable(format!(
            "{}: no sign-ins are kept; write `store = \"PATH\"` under `[sign_ins]`",
            config.display()
        )));
    };
    Store::open_to_read(&store.path).map_err(unusable)
}

/// Lines that are no events are counted and told of.
fn each_line(files: &[PathBuf], take: &mut dyn FnMut(&str) -> bool) -> Result<(), Failure> {
    for file in files {
        let failed = |why| Failure::Unusable(format!("{}: cannot be read: {why}", file.display()));
        let mut odd = 0;
        for line in BufReader::new(File::open(file).map_err(failed)?).split(b'\n') {
            let line = line.map_err(failed)?;
            if line.is_empty() {
                continue;
            }
            let taken = std::str::from_utf8(&line).is_ok_and(&mut *take);
            odd += u64::from(!taken);
        }
        if odd > 0 {
            let _ = writeln!(
                std::io::stderr(),
                "{}: {odd} lines are no events",
                file.display()
            );
        }
    }
    Ok(())
}

/// Rows, by the names that `Get-MsIdCrossTenantAccessActivity` gives their columns; with how many requests beside.
struct Names<'a> {
    partners: Option<&'a Vec<PartnerSettings>>,
}

type Row = Vec<(&'static str, Value)>;

impl Names<'_> {
    fn external(&self, id: &str, with_domain: bool) -> Row {
        let mut row = vec![("ExternalTenantId", json!(id))];
        if let Some(partners) = self.partners {
            let partner = partners
                .iter()
                .find(|partner| partner.tenant.to_string().eq_ignore_ascii_case(id));
            let name = partner.map_or(NOT_FOUND, |partner| &partner.name);
            row.push(("ExternalTenantName", json!(name)));
            if with_domain {
                let domain = partner.and_then(|partner| partner.domains.first());
                let domain = domain.map_or_else(|| NOT_FOUND.to_owned(), ToString::to_string);
                row.push(("ExternalDefaultDomain", json!(domain)));
            }
        }
        row
    }

    fn event(&self, crossing: Crossing<'_>, event: &Value) -> Row {
        let of = |pointer: &str| event.pointer(pointer).cloned().unwrap_or_default();
        let mut row = self.external(crossing.external, true);
        row.extend([
            ("AccessDirection", json!(crossing.direction.name())),
            ("UserDisplayName", of("/userDisplayName")),
            ("UserPrincipalName", of("/userPrincipalName")),
            ("UserId", of("/userId")),
            ("UserType", of("/userType")),
            ("CrossTenantAccessType", of("/crossTenantAccessType")),
            ("AppDisplayName", of("/appDisplayName")),
            ("AppId", of("/appId")),
            ("ResourceDisplayName", of("/resourceDisplayName")),
            ("ResourceId", of("/resourceId")),
            ("SignInId", of("/id")),
            ("CreatedDateTime", of("/createdDateTime")),
            ("StatusCode", of("/status/errorCode")),
            ("StatusReason", of("/status/failureReason")),
            (
                "Requests",
                event
                    .pointer("/crossgate/count")
                    .cloned()
                    .unwrap_or(json!(1)),
            ),
        ]);
        row
    }

    fn summary(&self, summary: &Summary) -> Row {
        let mut row = self.external(&summary.external, false);
        row.extend([
            ("AccessDirection", json!(summary.direction.name())),
            ("SignIns", json!(summary.sign_ins)),
            ("SuccessSignIns", json!(summary.success)),
            ("FailedSignIns", json!(summary.failed)),
            ("UniqueUsers", json!(summary.unique_users)),
            ("UniqueResources", json!(summary.unique_resources)),
            ("Requests", json!(summary.requests)),
        ]);
        row
    }
}

/// Rows as they are printed, the first with the names of columns where the form has them.
enum Printed<W: Write> {
    Text(W, usize),
    Csv(W, usize),
    Json(List<W>, usize),
}

impl<W: Write> Printed<W> {
    const fn new(form: Form, out: W) -> Self {
        match form {
            Form::Text => Self::Text(out, 0),
            Form::Csv => Self::Csv(out, 0),
            Form::Json => Self::Json(List::new(out), 0),
        }
    }

    fn row(&mut self, row: &Row) -> Result<(), Failure> {
        match self {
            Self::Text(out, rows) => {
                if *rows == 0 {
                    let names = row.iter().map(|(name, value)| (*name, width(name, value)));
                    line(out, names)?;
                }
                *rows += 1;
                let texts: Vec<_> = row
                    .iter()
                    .map(|(name, value)| (harmless(value), width(name, value)))
                    .collect();
                line(out, texts.iter().map(|(text, width)| (&**text, *width)))?;
            }
            Self::Csv(out, rows) => {
                if *rows == 0 {
                    let names: Vec<_> = row.iter().map(|(name, _)| *name).collect();
                    writeln!(out, "{}", names.join(","))?;
                }
                *rows += 1;
                let cells: Vec<_> = row.iter().map(|(_, value)| cell(value)).collect();
                writeln!(out, "{}", cells.join(","))?;
            }
            Self::Json(list, rows) => {
                *rows += 1;
                list.push(&Object(row))?;
            }
        }
        Ok(())
    }

    /// Ends it; answers how many rows there were.
    fn finish(self) -> Result<usize, Failure> {
        Ok(match self {
            Self::Text(mut out, rows) | Self::Csv(mut out, rows) => {
                out.flush()?;
                rows
            }
            Self::Json(list, rows) => {
                list.finish()?;
                rows
            }
        })
    }
}

/// Members in their order.
struct Object<'r>(&'r Row);

impl Serialize for Object<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn line<'t>(
    out: &mut impl Write,
    texts: impl Iterator<Item = (&'t str, usize)>,
) -> std::io::Result<()> {
    let mut whole = String::new();
    for (text, width) in texts {
        let blanks = width.saturating_sub(text.chars().count());
        whole.push_str(text);
        whole.extend(std::iter::repeat_n(' ', blanks + 2));
    }
    writeln!(out, "{}", whole.trim_end())
}

/// A column is as wide as its values usually are.
fn width(name: &str, value: &Value) -> usize {
    let usual = match name {
        "ExternalTenantName" | "UserDisplayName" | "AppDisplayName" | "ResourceDisplayName" => 24,
        "UserPrincipalName" | "ExternalDefaultDomain" => 32,
        "CreatedDateTime" => 24,
        "StatusReason" => 0,
        _ if name.ends_with("Id") => 36,
        _ if value.is_number() => 8,
        _ => 16,
    };
    usual.max(name.len())
}

/// What somebody sent may not move the cursor of who reads it.
fn harmless(value: &Value) -> String {
    let text = match value {
        Value::Null => return "-".to_owned(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    };
    let seen = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(seen).collect()
}

/// As RFC 4180 writes it. What a spreadsheet would calculate is a text.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
            format!("{}{text}", if formula { "'" } else { "" })
        }
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

pub(super) fn unusable(error: sign_ins::StoreError) -> Failure {
    Failure::Unusable(error.to_string())
}

fn guid(text: &str) -> Result<Guid, String> {
    Guid::parse(text).ok_or_else(|| {
        "expected a tenant id such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`".to_owned()
    })
}

pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    let expected = || {
        "expected a time such as `2026-01-31T12:00:00Z`, a day, or how long ago: `30d`, `12h`"
            .to_owned()
    };
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    if let Ok(at) = format!("{text}T00:00:00Z").parse() {
        return Ok(at);
    }
    let (number, hours) = match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(number), _) => (number, 24),
        (None, Some(number)) => (number, 1),
        (None, None) => return Err(expected()),
    };
    let number: u32 = number.parse().map_err(|_| expected())?;
    let ago = SignedDuration::from_hours(i64::from(number) * hours);
    Timestamp::now().checked_sub(ago).map_err(|_| expected())
}

/// As the cmdlet prints it.
const NOT_FOUND: &str = "NotFound";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        for (value, expected) in [
            (json!(null), ""),
            (json!(7), "7"),
            (json!("a,b"), "\"a,b\""),
            (json!("say \"x\"\n"), "\"say \"\"x\"\"\n\""),
            (json!("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0"),
            (json!("-1"), "'-1"),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }

    #[test]
    fn since_is_a_time_a_day_or_so_long_ago() {
        assert_eq!(
            since("2026-01-31").unwrap().to_string(),
            "2026-01-31T00:00:00Z"
        );
        assert_eq!(
            since("2026-01-31T01:00:00+01:00").unwrap().to_string(),
            "2026-01-31T00:00:00Z"
        );
        let ago = Timestamp::now().duration_since(since("2d").unwrap());
        assert!((47..=48).contains(&ago.as_hours()), "{ago}");
        for text in ["", "d", "-1d", "30m", "yesterday"] {
            assert!(since(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_guest_is_called_does_not_move_the_cursor() {
        assert_eq!(harmless(&json!("a\u{1b}[2Jb\n")), "a [2Jb ");
    }
}
