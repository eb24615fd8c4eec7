//! Comparing a page with what the code gives, and writing it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// A page that is printed from its first letter to its last.
#[track_caller]
pub(crate) fn whole(page: &str, printed: &str) {
    let path = path(page);
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    settle(page, &stands, printed);
}

/// The part of a page behind `<!-- printed: NAME -->` and before `<!-- end -->`; the rest is written by hand.
#[track_caller]
pub(crate) fn part(page: &str, name: &str, printed: &str) {
    // Parts of one page are printed by tests that run side by side.
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let stands = std::fs::read_to_string(path(page)).unwrap();
    let begin = format!("<!-- printed: {name} -->\n");
    let (before, rest) = stands
        .split_once(&begin)
        .unwrap_or_else(|| panic!("docs/{page} has no line `{}`", begin.trim_end()));
    let (_, after) = rest
        .split_once(END)
        .unwrap_or_else(|| panic!("docs/{page}: `{}` has no `{END}`", begin.trim_end()));
    let printed = format!("{before}{begin}{}\n{END}{after}", printed.trim_end());
    settle(page, &stands, &printed);
}

#[track_caller]
fn settle(page: &str, stands: &str, printed: &str) {
    if stands == printed {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(page), printed).unwrap();
        return;
    }
    let mut lines = stands.lines().zip(printed.lines()).enumerate();
    let (line, (is, should)) = lines
        .find(|(_, (is, should))| is != should)
        .unwrap_or((0, ("(it ends elsewhere)", "")));
    panic!(
        "docs/{page} is not what the code gives, from line {} on:\n  it says  {}\n  expected {}\n\
         `UPDATE_DOCS=1 cargo test -p crossgate-control --test documentation` writes it",
        line + 1,
        short(is),
        short(should),
    );
}

fn short(line: &str) -> String {
    line.chars().take(200).collect()
}

fn path(page: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).join(page)
}

static WRITING: Mutex<()> = Mutex::new(());

const END: &str = "<!-- end -->";
