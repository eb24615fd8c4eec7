//! `crossgate explain`: what is decided about one real token, and why.
//!
//! The token is verified as traffic is, with its issuer's published keys and the time of day. It is never printed.

mod keys;
mod token;
mod told;

use std::io::{self, Read as _, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use crossgate_config::Purpose;
use crossgate_policy::context::Context;
use crossgate_policy::decision::Step;
use crossgate_policy::ids::Id;
use crossgate_policy::{explain_with_values, nearest_change};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;

use super::ending::{Failure, Verdict};
use super::question::{Answer, App, Question, Token};
use super::record::Record;
use crate::load::{self, Loaded};
use crate::request::admit::unix_time;
use crate::request::restriction::restriction;
use told::Told;

/// Which token, for which app, and what else the request brings.
#[derive(Args)]
pub(super) struct ExplainArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
    /// The token; `-` reads it from standard input, where no other user of the machine can see it.
    #[arg(long, value_name = "TOKEN|-")]
    token: String,
    /// The `id` of the app it is shown to.
    #[arg(long, value_name = "ID")]
    app: String,
    /// A header of the request; may be repeated.
    #[arg(long = "header", value_name = "N: V", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The address the request comes from.
    #[arg(long, value_name = "ADDRESS")]
    client_ip: Option<IpAddr>,
    /// How to print the answer.
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
}

/// How to print the answer.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A table for people.
    Text,
    /// The object that `decide` prints, and the nearest change.
    Json,
}

impl std::fmt::Debug for ExplainArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExplainArgs")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// Explains. Bad where the token itself is not accepted; what the policy makes of a good one is an answer like any other.
pub(super) fn run(args: &ExplainArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let loaded = load::load(&args.config, Purpose::Decide, None)?;
    let settings = find_app(&loaded, &args.app)?;
    let app = App::new(settings, loaded.settings.tenant.id);
    let headers = headers(args)?;
    let (token, broken) = match token::read(&headers, &loaded)? {
        Ok(verified) => (Token::Verified(Box::new(verified)), None),
        Err(refused) => (Token::Refused(refused.refusal), refused.rule),
    };
    let question = Question {
        app: &app,
        token,
        possession_proven: false,
        anybody: false,
        context: Context {
            client_ip: args.client_ip.map(|address| address.to_canonical()),
            restriction: restriction(&headers),
            ..Context::at(unix_time(Timestamp::now()))
        },
    };
    let answer = question.ask(&loaded.snapshot, explain_with_values);
    let broken = broken.or_else(|| answer.fault.map(|fault| fault.to_string()));
    match args.output {
        Form::Text => {
            let told = Told {
                settings: &loaded.settings,
                app: settings,
                answer: &answer,
                broken: broken.as_deref(),
            };
            write!(out, "{told}")?;
        }
        Form::Json => {
            serde_json::to_writer_pretty(&mut *out, &Explained::new(&answer))
                .map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    let refusal = answer.decision.outcome.as_ref().err();
    let accepted = refusal.is_none_or(|refusal| refusal.step != Some(Step::Token));
    Ok(if accepted {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained<'a> {
    #[serde(flatten)]
    record: Record<'a>,
    nearest_change: Option<String>,
}

impl<'a> Explained<'a> {
    fn new(answer: &'a Answer) -> Self {
        Self {
            record: Record::new(&answer.decision, &answer.lines),
            nearest_change: nearest_change(&answer.decision, &answer.lines)
                .map(|nearest| nearest.text),
        }
    }
}

fn find_app<'l>(
    loaded: &'l Loaded,
    id: &str,
) -> Result<&'l crossgate_config::AppSettings, Failure> {
    let (apps, wanted) = (&loaded.settings.apps, Id::new(id));
    apps.iter().find(|app| app.id == wanted).ok_or_else(|| {
        let known: Vec<String> = apps
            .iter()
            .map(|app| format!("\n  {}  {}", app.id, app.name))
            .collect();
        Failure::Unusable(format!(
            "--app: no `[[app]]` has the id `{id}`; expected one of:{}",
            known.concat()
        ))
    })
}

/// The headers of the request: those given, and the token as a client sends it.
fn headers(args: &ExplainArgs) -> Result<HeaderMap, Failure> {
    let mut headers: HeaderMap = args.headers.iter().cloned().collect();
    let value = HeaderValue::try_from(format!("Bearer {}", text(args)?)).map_err(|_| {
        Failure::Unusable("--token: has characters that no header can carry".to_owned())
    })?;
    headers.append(AUTHORIZATION, value);
    Ok(headers)
}

fn text(args: &ExplainArgs) -> Result<String, Failure> {
    if args.token != "-" {
        return Ok(args.token.trim().to_owned());
    }
    let mut text = String::new();
    match io::stdin().lock().read_to_string(&mut text) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(error) => Err(Failure::Unusable(format!(
            "--token: standard input cannot be read: {error}"
        ))),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("expected a name, a colon and a value, such as `Restrict-Access-Context: …`")?;
    let name = name
        .trim()
        .parse()
        .map_err(|_| format!("`{}` is not the name of a header", name.trim()))?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes())
        .map_err(|_| "the value has characters that no header can carry")?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_at_its_first_colon() {
        let (name, value) = header("sec-Restrict-Tenant-Access-Policy: a:b ").unwrap();
        assert_eq!(
            (name.as_str(), value),
            ("sec-restrict-tenant-access-policy", "a:b".parse().unwrap())
        );
        for text in ["no colon", "two words: x", ": x", "x: a\nb"] {
            assert!(header(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_show_no_token() {
        let args = ExplainArgs {
            config: PathBuf::new(),
            token: "secret".to_owned(),
            app: "payroll".to_owned(),
            headers: Vec::new(),
            client_ip: None,
            output: Form::Text,
        };
        assert!(!format!("{args:?}").contains("secret"));
    }
}
