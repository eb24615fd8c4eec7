//! `crossgate policy show`.

use std::io::Write;

use clap::Args;
use crossgate_control::document::Address;
use crossgate_control::store::{Sequence, Store as _};
use crossgate_control::transfer::text_at;

use super::super::ending::{Failure, Verdict};
use super::super::store::{Configured, must_have_been};

/// Which document, and when.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    configured: Configured,
    /// The document, such as `default` or `partners/TENANT-ID`.
    #[arg(value_name = "DOCUMENT")]
    document: Address,
    /// As it was right after this change, as `history` numbers them.
    #[arg(long, value_name = "CHANGE")]
    at: Option<Sequence>,
}

/// Prints it, byte for byte, and a line break.
pub(super) fn run(args: &ShowArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let store = args.configured.site()?.read()?;
    let (text, when) = match args.at {
        Some(at) => {
            must_have_been(&store, at, "--at")?;
            let when = format!(" right after change {at}");
            (text_at(&store, &args.document, at)?, when)
        }
        None => {
            let stored = store.get(&args.document)?;
            (stored.map(|stored| stored.text), String::new())
        }
    };
    let Some(text) = text else {
        let document = &args.document;
        return Err(Failure::Unusable(format!(
            "`{document}`: there is no such document{when}"
        )));
    };
    writeln!(out, "{text}")?;
    Ok(Verdict::Good)
}
