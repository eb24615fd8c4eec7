//! `crossgate decide`: one case a line in, one decision a line out, in the same order. Nothing is fetched and no
//! signature checked: whoever wrote the claims is believed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use crossgate_config::Purpose;
use crossgate_insight::case::{Case, Who};
use crossgate_policy::Decision;
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_token::{Issuers, NotAccepted, accept_unsigned};
use serde::Serialize;
use serde_json::Value;

use super::ending::{Failure, Verdict};
use super::question::{Answer, App, Question, Token};
use super::record::Record;
use crate::load::{self, Loaded};
use crate::sign_ins::called;

/// What to decide, and by which rules.
#[derive(Debug, Args)]
pub(super) struct DecideArgs {
    /// The policy directory; the configuration's own where this is not given.
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// The cases, one JSON object a line; `-` is standard input.
    #[arg(long, value_name = "FILE.jsonl", default_value = "-")]
    cases: PathBuf,
}

/// Decides every case. Bad where a line could not be read; the others are decided all the same.
pub(super) fn run(args: &DecideArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let rules = Rules::load(args)?;
    if args.cases == Path::new("-") {
        return rules.decide_all(io::stdin().lock(), out);
    }
    let shown = args.cases.display();
    let file = File::open(&args.cases).map_err(|error| {
        Failure::Unusable(format!("{shown}: cannot be read: {error}; check the path"))
    })?;
    rules.decide_all(file, out)
}

/// What every case is decided by.
struct Rules {
    snapshot: std::sync::Arc<Snapshot>,
    issuers: Issuers,
    apps: HashMap<Id, App>,
}

impl Rules {
    fn load(args: &DecideArgs) -> Result<Self, Failure> {
        let Loaded {
            settings,
            snapshot,
            issuers,
            ..
        } = load::load(&args.config, Purpose::Decide, args.policy.as_deref())?;
        let own = settings.tenant.id;
        let apps = called(&settings).map(|app| (app.id.clone(), App::new(&app, own)));
        Ok(Self {
            apps: apps.collect(),
            snapshot,
            issuers,
        })
    }

    fn decide_all(&self, cases: impl Read, out: &mut impl Write) -> Result<Verdict, Failure> {
        let mut cases = BufReader::with_capacity(BUFFER, cases);
        let mut out = BufWriter::with_capacity(BUFFER, out);
        let (mut verdict, mut line) = (Verdict::Good, Vec::new());
        for number in 1_u64.. {
            if cases.buffer().is_empty() {
                // Whoever writes the cases may wait for the answers before writing more.
                out.flush()?;
            }
            line.clear();
            let read = cases
                .read_until(b'\n', &mut line)
                .map_err(|error| Failure::Unusable(format!("cases cannot be read: {error}")))?;
            if read == 0 {
                break;
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let case = Case::read(&line);
            let decided = match &case {
                Ok(case) => self.decide(case).map_err(|error| (case.id.clone(), error)),
                Err(unreadable) => Err((unreadable.id.clone(), unreadable.error.clone())),
            };
            match decided {
                Ok(answer) => {
                    let id = case.as_ref().map_or(&Value::Null, |case| &case.id);
                    let record = Record::new(&answer.decision, &answer.lines);
                    write_line(&mut out, &Decided { id, record })?;
                }
                Err((id, error)) => {
                    verdict = Verdict::Bad;
                    let error = format!("line {number}: {error}");
                    write_line(&mut out, &Undecided { id, error })?;
                }
            }
        }
        out.flush()?;
        Ok(verdict)
    }

    /// The answer to one case, or why there is none.
    fn decide(&self, case: &Case) -> Result<Answer, String> {
        let Some(app) = self.apps.get(&case.app) else {
            return Ok(Answer {
                decision: Decision::unknown_app(),
                lines: Vec::new(),
                fault: None,
            });
        };
        let question = Question {
            app,
            token: self.token(case)?,
            possession_proven: case.facts.possession_proven,
            anybody: case.anybody,
            context: case.context(),
        };
        let snapshot = case.beside(&self.snapshot, question.home());
        Ok(question.ask(&snapshot, crossgate_policy::explain))
    }

    fn token(&self, case: &Case) -> Result<Token, String> {
        let unknown = |name: &str| {
            format!("`issuer`: no `[[issuer]]` has the name `{name}`; add it to the configuration")
        };
        if let Some(name) = &case.issuer
            && self.issuers.named(name).is_none()
        {
            return Err(unknown(name));
        }
        let payload = match &case.who {
            Who::Nobody => return Ok(Token::Absent),
            Who::Subject(subject) => return Ok(Token::Taken(subject.clone())),
            Who::Refused(refusal) => return Ok(Token::Refused(*refusal)),
            Who::Broken(fault) => Err(*fault),
            Who::Claims(payload) => Ok(payload),
        };
        let Some(name) = &case.issuer else {
            return Err(
                "`issuer`: missing; expected the name of the `[[issuer]]` that would have verified these claims"
                    .to_owned(),
            );
        };
        let payload = match payload {
            Ok(payload) => payload,
            Err(fault) => return Ok(fault.into()),
        };
        match accept_unsigned(payload, &self.issuers, name) {
            Ok(verified) => Ok(Token::Verified(Box::new(verified))),
            Err(NotAccepted::Refused(fault)) => Ok(fault.into()),
            Err(NotAccepted::NoSuchIssuer) => Err(unknown(name)),
        }
    }
}

#[derive(Serialize)]
struct Decided<'a> {
    id: &'a Value,
    #[serde(flatten)]
    record: Record<'a>,
}

#[derive(Serialize)]
struct Undecided {
    id: Value,
    error: String,
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Large enough that files of millions of cases are not read in crumbs.
const BUFFER: usize = 1 << 16;

#[cfg(test)]
mod tests;
