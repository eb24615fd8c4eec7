//! What is to outlive a crash of the machine.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Makes a folder, with those above it. With `sync` the disk has their names when it returns.
pub(super) fn make_folder(path: &Path, sync: bool) -> io::Result<()> {
    let missing = path.ancestors().take_while(|folder| is_missing(folder));
    let missing: Vec<&Path> = missing.collect();
    fs::create_dir_all(path)?;
    if sync {
        for made in missing {
            folder(above(made))?;
        }
    }
    Ok(())
}

/// Waits until the disk has the names in a folder.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    note(path);
    Ok(())
}

/// Waits until the disk has what is in a file.
pub(super) fn content(file: &File, path: &Path) -> io::Result<()> {
    file.sync_data()?;
    note(path);
    Ok(())
}

fn is_missing(folder: &Path) -> bool {
    !folder.as_os_str().is_empty() && !folder.exists()
}

fn above(path: &Path) -> &Path {
    path.parent()
        .filter(|above| !above.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(not(test))]
const fn note(_: &Path) {}

/// What a disk has confirmed shows only when the power is gone: tests are told what was asked for.
#[cfg(test)]
fn note(path: &Path) {
    tests::CONFIRMED.with_borrow_mut(|all| all.push(path.to_owned()));
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;
    use std::path::PathBuf;

    thread_local! {
        pub(super) static CONFIRMED: RefCell<Vec<PathBuf>> = const { RefCell::new(Vec::new()) };
    }

    /// What the disk has confirmed to this thread since it was last asked.
    pub(in crate::spool) fn confirmed() -> Vec<PathBuf> {
        CONFIRMED.take()
    }
}
