//! `crossgate pages`: the built-in files of the pages, to begin one's own from.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use crossgate_portal::pages::Pages;

use super::ending::{Failure, Verdict};

/// Where to write them.
#[derive(Debug, Args)]
pub(super) struct PagesArgs {
    /// The folder. It is made where it is not there, and no file in it is replaced.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes each that is not there.
pub(super) fn run(args: &PagesArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let PagesArgs { folder } = args;
    std::fs::create_dir_all(folder).map_err(|why| unusable(folder, &why))?;
    for (name, text) in Pages::built_in_files() {
        let path = folder.join(name);
        let file = File::options().write(true).create_new(true).open(&path);
        let said = match file.and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => "written",
            Err(why) if why.kind() == ErrorKind::AlreadyExists => "is there already, and stays",
            Err(why) => return Err(unusable(&path, &why)),
        };
        writeln!(out, "{}: {said}", path.display())?;
    }
    writeln!(
        out,
        "keep those that you change, remove the others, and name the folder as `pages` under `[portal]`"
    )?;
    Ok(Verdict::Good)
}

fn unusable(path: &Path, why: &std::io::Error) -> Failure {
    Failure::Unusable(format!("{}: {why}", path.display()))
}
