//! Sets the stage for load tests in a folder: keys, tokens, a policy and the gateway's configuration.

mod configuration;
mod key;
mod names;
mod policy;
mod tokens;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use configuration::Configuration;
use key::Key;
use serde_json::{Value, json};
use tokens::{Callers, Mint};

/// What went wrong, for the person at the terminal.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Sets the stage for load tests in a folder: keys, tokens, a policy and the gateway's configuration.
#[derive(Parser)]
#[command(after_help = CONTENTS)]
struct Arguments {
    /// The folder, written anew
    directory: PathBuf,
    /// Write the configuration only; keys, tokens and policy stay as they are
    #[arg(long)]
    keep: bool,
    /// What the configuration's file is called
    #[arg(long, default_value = "crossgate.toml")]
    config: PathBuf,
    /// Partners in the policy
    #[arg(long, default_value_t = 1000)]
    partners: u64,
    /// Guest records in the policy
    #[arg(long, default_value_t = 10_000)]
    guests: u64,
    /// Good tokens, no two alike
    #[arg(long, default_value_t = 10_000)]
    tokens: usize,
    /// Bad tokens, no two alike
    #[arg(long, default_value_t = 1000)]
    bad_tokens: usize,
    /// Good tokens by the second key
    #[arg(long, default_value_t = 1000)]
    rotated_tokens: usize,
    /// Good tokens that expire sooner
    #[arg(long, default_value_t = 0)]
    brief_tokens: usize,
    /// Seconds until those do
    #[arg(long, default_value_t = 60)]
    brief_lifetime: u64,
    /// Whom the tokens speak for
    #[arg(long, value_enum, default_value_t = Callers::Guests)]
    callers: Callers,
    /// Seconds until good tokens expire
    #[arg(long, default_value_t = 86_400)]
    lifetime: u64,
    #[command(flatten)]
    configuration: Configuration,
}

const CONTENTS: &str = "\
The folder then holds:
  crossgate.toml        the gateway's configuration; copies of it belong into the same folder
  policy/               partners.jsonl and guests.jsonl
  keys/published.json   the JWKS that the gateway reads: at first a copy of first.json
  keys/first.json       the first key, which signs the good and the bad tokens
  keys/second.json      the second key, which signs the rotated tokens
  keys/both.json        both
  keys/first.pem, keys/second.pem   the public keys as PEM
  tls/cert.pem, tls/key.pem         a certificate for the apps' hosts, localhost and 127.0.0.1
  tokens/good           one a line
  tokens/bad            one a line; in turn: bad signature, expired, wrong audience, wrong issuer
  tokens/rotated        one a line, by the second key
  tokens/brief          one a line, of the first good tokens' callers
  stage.json            what a script may want to know: tenant, issuer, audience, hosts

To rotate keys, copy over keys/published.json (first.json, both.json, second.json) by a rename, and set --jwks-refresh.";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match set(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!(
                "crossgate-stage: {}: {fault}",
                arguments.directory.display()
            );
            ExitCode::FAILURE
        }
    }
}

fn set(arguments: &Arguments) -> Result<(), Fault> {
    let directory = &arguments.directory;
    if arguments.keep {
        if !directory.join(MARK).is_file() {
            return Err("no stage is set here; leave --keep out".into());
        }
    } else {
        clear(directory)?;
        write_stage(directory, arguments)?;
    }
    let configuration = arguments.configuration.toml()?;
    Ok(std::fs::write(
        directory.join(&arguments.config),
        configuration,
    )?)
}

/// What tells a stage from other folders.
const MARK: &str = "stage.json";

/// Empties the folder, if it is a stage: a mistyped name must not cost anyone their files.
fn clear(directory: &Path) -> Result<(), Fault> {
    if directory.exists() {
        if !directory.join(MARK).is_file() && directory.read_dir()?.next().is_some() {
            return Err("holds something else".into());
        }
        std::fs::remove_dir_all(directory)?;
    }
    std::fs::create_dir_all(directory)?;
    // First, so that a stage that was not finished can be written anew.
    Ok(std::fs::write(directory.join(MARK), "{}")?)
}

fn write_stage(directory: &Path, arguments: &Arguments) -> Result<(), Fault> {
    policy::write(
        &directory.join("policy"),
        arguments.partners,
        arguments.guests,
    )?;

    let (first, second) = (Key::generate()?, Key::generate()?);
    let keys = directory.join("keys");
    std::fs::create_dir(&keys)?;
    for (name, set) in [
        ("published.json", vec![first.jwk()]),
        ("first.json", vec![first.jwk()]),
        ("second.json", vec![second.jwk()]),
        ("both.json", vec![first.jwk(), second.jwk()]),
    ] {
        std::fs::write(keys.join(name), json!({ "keys": set }).to_string())?;
    }
    std::fs::write(keys.join("first.pem"), first.public_pem()?)?;
    std::fs::write(keys.join("second.pem"), second.public_pem()?)?;

    let mint = Mint::new(arguments.callers, arguments.partners, arguments.lifetime)?;
    let tokens = directory.join("tokens");
    std::fs::create_dir(&tokens)?;
    mint.write_good(&tokens.join("good"), &first, arguments.tokens)?;
    mint.write_bad(&tokens.join("bad"), &first, arguments.bad_tokens)?;
    mint.write_good(&tokens.join("rotated"), &second, arguments.rotated_tokens)?;
    let brief = Mint::new(
        arguments.callers,
        arguments.partners,
        arguments.brief_lifetime,
    )?;
    brief.write_good(&tokens.join("brief"), &first, arguments.brief_tokens)?;

    let hosts: Vec<String> = (1..=arguments.configuration.apps)
        .map(names::host)
        .collect();
    write_certificate(&directory.join("tls"), &hosts)?;
    let stage: Value = json!({
        "tenant": names::TENANT,
        "issuer": names::issuer(names::TENANT),
        "audience": names::AUDIENCE,
        "hosts": hosts,
        "partners": arguments.partners,
        "guests": arguments.guests,
        "tokens": arguments.tokens,
        "bad_tokens": arguments.bad_tokens,
        "rotated_tokens": arguments.rotated_tokens,
    });
    Ok(std::fs::write(
        directory.join(MARK),
        format!("{stage:#}\n"),
    )?)
}

fn write_certificate(directory: &Path, hosts: &[String]) -> Result<(), Fault> {
    let others = ["localhost", "127.0.0.1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed([hosts, &others].concat())?;
    std::fs::create_dir(directory)?;
    std::fs::write(directory.join("cert.pem"), made.cert.pem())?;
    Ok(std::fs::write(
        directory.join("key.pem"),
        made.signing_key.serialize_pem(),
    )?)
}
