//! TLS towards receivers. Certificates are always verified.

use std::path::Path;
use std::sync::Arc;

use crossgate_config::ClientTlsFiles;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Failure;

/// A configuration of these files; without authorities those that the system believes.
pub(super) fn client(files: &ClientTlsFiles) -> Result<ClientConfig, Failure> {
    let roots = match &files.authorities {
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|error| in_file(file, &error))?;
            }
            roots
        }
        None => of_the_system(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::of("TLS", &error))?
        .with_root_certificates(roots);
    match &files.client {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let key_of = PrivateKeyDer::from_pem_file(key).map_err(|error| in_file(key, &error))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, key_of)
                .map_err(|error| in_file(certificate, &error))
        }
    }
}

/// A file's bytes, for libraries that read PEM themselves.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| in_file(file, &error))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| in_file(file, &error))?;
    if read.is_empty() {
        return Err(Failure::new(format!(
            "{}: holds no certificate",
            file.display()
        )));
    }
    Ok(read)
}

fn of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // What cannot be read of them vouches for nobody.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn in_file(file: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::of(&file.display().to_string(), error)
}
