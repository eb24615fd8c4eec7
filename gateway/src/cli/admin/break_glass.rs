//! `crossgate admin break-glass`.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use crossgate_control::secret::{Fingerprint, Purpose, Secret};

use super::super::ending::{Failure, Verdict};
use super::super::store::Configured;

/// Where to.
#[derive(Debug, Args)]
pub(super) struct BreakGlassArgs {
    #[command(flatten)]
    configured: Configured,
    /// The file: one that is not there yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Draws the secret. Works where the configuration has faults, too: it may be needed then.
pub(super) fn run(args: &BreakGlassArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let shown = args.file.display();
    let secret = Secret::draw(Purpose::BreakGlass)
        .ok_or_else(|| Failure::Unusable("the system gives no random numbers".to_owned()))?;
    write(&args.file, &secret.fingerprint()).map_err(|error| {
        let why = if error.kind() == ErrorKind::AlreadyExists {
            "is there already; remove it, which ends its secret, or name another file".to_owned()
        } else {
            format!("cannot be written: {error}")
        };
        Failure::Unusable(format!("{shown}: {why}"))
    })?;
    writeln!(
        out,
        "{shown}: keeps the digest of this secret, which may do everything, and is not shown again:\n\n    {}\n",
        secret.expose()
    )?;
    let settings = args.configured.settings();
    let named = settings
        .ok()
        .and_then(|settings| settings.admin.break_glass_file);
    if named.is_none_or(|named| !is_same(&named, &args.file)) {
        writeln!(
            out,
            "note: {} does not name the file; write `break_glass_file = \"{shown}\"` under `[admin]`",
            args.configured.file().display()
        )?;
    }
    Ok(Verdict::Good)
}

/// For its owner alone.
fn write(file: &Path, fingerprint: &Fingerprint) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    writeln!(file, "{fingerprint}")?;
    file.sync_all()
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), _) => false,
    }
}
