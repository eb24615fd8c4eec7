//! `crossgate version`.

use std::io::Write;

use super::ending::{Failure, Verdict};

/// Prints the version and what it was built for.
pub(super) fn run(out: &mut impl Write) -> Result<Verdict, Failure> {
    writeln!(
        out,
        "crossgate {} ({} {})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )?;
    Ok(Verdict::Good)
}
