//! The certificate of our doors, which is renewed without a restart.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use crossgate_config::TlsFiles;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Certificate and key in force: handshakes read them, a reload replaces them.
pub struct Certificates {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFault {
    /// A file cannot be read as PEM.
    #[error("{}: {}", file.display(), pem(why))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the reader says.
        why: rustls_pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("{}: holds no certificate; expected PEM, the server's certificate first", .0.display())]
    NoCertificate(PathBuf),
    /// They do not belong together, or the key is of a kind that is not supported.
    #[error("{}: is not the key of the certificate in `{}`: {why}", key.display(), cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the TLS library says.
        why: rustls::Error,
    },
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn open(files: &TlsFiles) -> Result<Arc<Self>, CertificateFault> {
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(read(files)?),
            files: files.clone(),
        }))
    }

    /// Reads the files again, to be put in force with [`Certificates::renew`] if all else is good too.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn read_again(&self) -> Result<Renewed, CertificateFault> {
        read(&self.files).map(|key| Renewed(Arc::new(key)))
    }

    /// When the certificate in force ends, in seconds since 1970; `None` where it cannot be read as one.
    #[must_use]
    pub fn expiry(&self) -> Option<f64> {
        let current = self.current.load();
        let (_, certificate) = x509_parser::parse_x509_certificate(current.cert.first()?).ok()?;
        Some(certificate.validity().not_after.timestamp() as f64)
    }

    /// Puts what was read in force. Connections that are open keep what they began with.
    pub fn renew(&self, renewed: Renewed) {
        self.current.store(renewed.0);
    }
}

/// Certificate and key that may be put in force.
#[derive(Debug)]
pub struct Renewed(Arc<CertifiedKey>);

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateFault> {
    let unreadable = |file: &PathBuf| {
        let file = file.clone();
        move |why| CertificateFault::Unreadable { file, why }
    };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(&files.cert))?;
    if chain.is_empty() {
        return Err(CertificateFault::NoCertificate(files.cert.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|why| {
        CertificateFault::Mismatch {
            cert: files.cert.clone(),
            key: files.key.clone(),
            why,
        }
    })
}

/// The reader's words, less what names the library.
fn pem(why: &rustls_pki_types::pem::Error) -> String {
    use rustls_pki_types::pem::Error;
    if let Error::Io(error) = why {
        return format!("cannot be read: {error}");
    }
    if matches!(why, Error::NoItemsFound) {
        return "holds no PEM of the kind expected".to_owned();
    }
    format!("is no PEM: {why}")
}
