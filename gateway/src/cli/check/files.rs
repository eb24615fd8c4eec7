//! The files that the settings name and serving needs: certificate, keys, and where events go.

use std::path::{Path, PathBuf};

use crossgate_config::{
    ClientSecret, HttpAuthorization, IssuerSettings, JwksSource, NatsCredentials, Property,
    ProviderKind, ProviderSettings, Receiver, SecretSource, Settings, SignInStore, Sink,
    SpooledSink, TransmitterSettings,
};
use crossgate_control::secret::Fingerprint;
use crossgate_portal::signed_xml::Certificate;
use crossgate_token::KeySet;

use crate::load::algorithms;
use crate::people;
use crate::proxy::Certificates;
use crate::request::assertion::Signer;

/// Everything that is wrong with them, a line each. Nothing is fetched: what a network answers is not the
/// configuration's fault.
pub(super) fn faults(settings: &Settings) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(files) = &settings.listen.tls
        && let Err(fault) = Certificates::open(files)
    {
        faults.push(format!("listen.tls: {fault}"));
    }
    if let Err(fault) = Signer::open(&settings.assertion, settings.tenant.id) {
        faults.push(format!("assertion.key_file: {fault}"));
    }
    faults.extend(settings.issuers.iter().filter_map(key_set));
    if let Err(fault) = people::pages(settings) {
        faults.push(fault.to_string());
    }
    faults.extend(settings.providers.iter().flat_map(provider));
    faults.extend(settings.mail.iter().filter_map(|mail| {
        let of = format!("the password of `{}`", mail.server);
        secret_file(&mail.password, &of)
    }));
    faults.extend(settings.connectors.iter().filter_map(|connector| {
        let of = format!("the password of `{}`", connector.host);
        secret_file(&connector.password, &of)
    }));
    faults.extend(settings.signals.transmitters.iter().flat_map(secrets));
    faults.extend(settings.partners.iter().filter_map(|partner| {
        let Some(SecretSource::File(file)) = &partner.scim_token else {
            return None;
        };
        secret_in(
            file,
            &format!("the `scim_token` of partner `{}`", partner.name),
        )
    }));
    faults.extend(settings.terms.iter().filter_map(|terms| {
        let why = std::fs::read_to_string(&terms.file).err()?;
        let file = terms.file.display();
        Some(format!(
            "{file}: cannot be read: {why} (the terms of use `{}`)",
            terms.name
        ))
    }));
    faults.extend(
        settings
            .admin
            .break_glass_file
            .as_deref()
            .and_then(break_glass),
    );
    faults.extend(settings.admin.assertions.as_deref().and_then(assertions));
    faults.extend(settings.sign_ins.sinks.iter().filter_map(sink));
    faults.extend(settings.sign_ins.store.as_ref().and_then(sign_in_store));
    faults.extend(settings.sign_ins.spooled.iter().flat_map(spooled));
    faults
}

fn key_set(issuer: &IssuerSettings) -> Option<String> {
    let file = match &issuer.jwks {
        JwksSource::File(file) => file,
        JwksSource::Url(_) | JwksSource::Discovery => return None,
    };
    let why = match std::fs::read(file) {
        Ok(document) => KeySet::read(&document, &algorithms(issuer))
            .err()?
            .to_string(),
        Err(error) => format!("cannot be read: {error}"),
    };
    Some(format!(
        "{}: {why} (the key set of issuer `{}`)",
        file.display(),
        issuer.name
    ))
}

/// Read at each push, and when a stream is set up; missed when nothing is told.
fn secrets(transmitter: &TransmitterSettings) -> impl Iterator<Item = String> {
    let name = &transmitter.name;
    let stream = transmitter.stream.as_ref();
    let sources = [
        (transmitter.authorization.as_ref(), "`authorization`"),
        (stream.map(|stream| &stream.token), "the token"),
    ];
    sources
        .into_iter()
        .filter_map(move |(source, what)| match source? {
            SecretSource::File(file) => secret_in(file, &format!("{what} of transmitter `{name}`")),
            SecretSource::Given(_) => None,
        })
}

/// What is read at each sign-in, and missed when nobody gets in.
fn provider(provider: &ProviderSettings) -> Vec<String> {
    let secret = |secret| {
        let of = format!("the secret of provider `{}`", provider.name);
        secret_file(secret, &of).into_iter().collect()
    };
    match &provider.kind {
        ProviderKind::Oidc(client) => secret(&client.client_secret),
        ProviderKind::Facebook(client) => secret(&client.client_secret),
        ProviderKind::Federation(federation) => {
            let files = federation.signing_certificates.iter();
            files
                .filter_map(|file| certificates(file, &provider.name))
                .collect()
        }
        ProviderKind::Passcode => Vec::new(),
    }
}

fn certificates(file: &Path, provider: &str) -> Option<String> {
    let read = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"));
    let why = read.and_then(|text| {
        Certificate::all_from_text(&text)
            .map(drop)
            .map_err(|fault| fault.to_string())
    });
    let why = why.err()?;
    Some(format!(
        "{}: {why} (a certificate of provider `{provider}`)",
        file.display()
    ))
}

fn secret_file(secret: &ClientSecret, of: &str) -> Option<String> {
    match secret {
        ClientSecret::File(file) => secret_in(file, of),
        ClientSecret::Given(_) | ClientSecret::None => None,
    }
}

fn secret_in(file: &Path, of: &str) -> Option<String> {
    let why = match std::fs::read_to_string(file) {
        Ok(text)
            if text
                .lines()
                .next()
                .is_some_and(|line| !line.trim().is_empty()) =>
        {
            return None;
        }
        Ok(_) => "its first line is empty; write the secret there".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    Some(format!("{}: {why} ({of})", file.display()))
}

/// Missed in an emergency, and then nothing lets the administrator in.
fn break_glass(file: &Path) -> Option<String> {
    let why = match std::fs::read_to_string(file) {
        Ok(text) if Fingerprint::parse(&text).is_some() => return None,
        Ok(_) => "is no digest of a secret; `crossgate admin break-glass` writes one".to_owned(),
        Err(error) => format!("cannot be read: {error}; `crossgate admin break-glass` writes it"),
    };
    Some(format!("{}: admin.break_glass_file: {why}", file.display()))
}

/// Missed when a draft is to be published, and then it is not.
fn assertions(file: &Path) -> Option<String> {
    let why = match std::fs::read_to_string(file) {
        Ok(text) => {
            let faults = Property::parse(&text).err()?;
            let shown = file.display().to_string();
            let told = faults.iter().map(|fault| fault.in_file(&shown).to_string());
            return Some(told.collect::<Vec<_>>().join("\n"));
        }
        Err(error) => format!("cannot be read: {error}; write the properties there"),
    };
    Some(format!("{}: admin.assertions: {why}", file.display()))
}

/// The file itself is made when the first event is; its folder is not.
fn sink(sink: &Sink) -> Option<String> {
    let file = match sink {
        Sink::File(file) => file,
        Sink::Stdout => return None,
    };
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let message = "its folder does not exist; create it";
    (!folder.is_dir()).then(|| format!("{}: sign_ins.sinks: {message}", file.display()))
}

/// The folder is made when it is missing, where it can be.
fn sign_in_store(store: &SignInStore) -> Option<String> {
    let there = no_folder(&store.path)?;
    Some(format!(
        "{}: sign_ins.store: `{}` is no folder; name another path, or write `store = \"off\"`",
        store.path.display(),
        there.display()
    ))
}

/// What stands where this folder, or one above it, would have to be made.
fn no_folder(folder: &Path) -> Option<&Path> {
    let mut there = folder;
    while !there.exists() {
        there = there
            .parent()
            .filter(|above| !above.as_os_str().is_empty())?;
    }
    (!there.is_dir()).then_some(there)
}

/// Read for each connection, and missed when nothing arrives.
fn spooled(sink: &SpooledSink) -> Vec<String> {
    let name = &sink.name;
    let mut faults = Vec::new();
    faults.extend(no_folder(&sink.spool).map(|there| {
        let there = there.display();
        format!(
            "{}: sink `{name}`: `{there}` is no folder; name another path",
            sink.spool.display()
        )
    }));
    let tls = sink.receiver.tls();
    let mut files: Vec<&Path> = tls.authorities.iter().map(PathBuf::as_path).collect();
    if let Some((certificate, key)) = &tls.client {
        files.extend([certificate.as_path(), key.as_path()]);
    }
    let secret = match &sink.receiver {
        Receiver::Nats { credentials, .. } => match credentials {
            NatsCredentials::Token(token) => Some(token),
            NatsCredentials::File(file) => {
                files.push(file);
                None
            }
            NatsCredentials::None => None,
        },
        Receiver::Otlp { token, .. } => Some(token),
        Receiver::Syslog { .. } => None,
        Receiver::Http { authorization, .. } => match authorization {
            HttpAuthorization::None => None,
            HttpAuthorization::Bearer(token) => Some(token),
            HttpAuthorization::ClientCredentials { client_secret, .. } => Some(client_secret),
        },
    };
    faults.extend(files.into_iter().filter_map(|file| {
        let why = std::fs::read(file).err()?;
        Some(format!(
            "{}: cannot be read: {why} (sink `{name}`)",
            file.display()
        ))
    }));
    faults.extend(
        secret.and_then(|secret| secret_file(secret, &format!("the secret of sink `{name}`"))),
    );
    faults
}
