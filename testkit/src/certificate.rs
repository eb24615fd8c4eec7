//! A certificate for names of the test's own choosing.

use std::path::{Path, PathBuf};

/// A self-signed certificate and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate; clients trust it as their only authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Certificate {
    /// Makes one for `names` in `directory`.
    ///
    /// # Panics
    /// Where a name is not one, or the directory cannot be written.
    #[must_use]
    pub fn make(directory: &Path, names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let files = Self {
            cert: directory.join("tls-cert.pem"),
            key: directory.join("tls-key.pem"),
        };
        std::fs::write(&files.cert, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    /// The lines of `[listen.tls]` that name the two files.
    #[must_use]
    pub fn settings(&self) -> String {
        let (cert, key) = (self.cert.display(), self.key.display());
        format!("cert = \"{cert}\"\nkey = \"{key}\"")
    }
}
