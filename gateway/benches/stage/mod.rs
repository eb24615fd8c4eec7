//! The stage on which the request path is measured: the real [`Gateway`] in one process, without sockets and without
//! Node. Contoso's gateway before one app, as many partners as wanted, tokens as Entra signs them.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "every measure uses its own part of the stage, and a stage that cannot be set must fail loudly"
)]

pub mod bare;
pub mod contoso;
pub mod people;
pub mod phases;
pub mod tokens;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use crossgate::live::fetch::Fetcher;
use crossgate::live::{InForce, Keys, Live};
use crossgate::load::Loaded;
use crossgate::ops::Metrics;
use crossgate::people::People;
use crossgate::proxy::{Gateway, InFlight};
use crossgate::request::assertion::Signer;
use crossgate::request::route::{App, Door, Routes};
use crossgate::request::tokens::Tokens;
use crossgate::sign_ins::{SignIns, Writer};
use crossgate_token::{Algorithm, KeySet};
use pingora::proxy::Session;

use tokens::Mint;

/// The gateway, and who signs for its callers.
pub struct Stage {
    pub gateway: Gateway,
    pub mint: Mint,
    writer: Option<Writer>,
    _directory: tempfile::TempDir,
}

impl Stage {
    /// Sets everything up as the program does at its start, but for listeners and background tasks.
    pub fn new(partners: usize) -> Self {
        Self::in_directory(contoso::write(partners))
    }

    /// The same in a directory that is written already.
    pub fn in_directory(directory: tempfile::TempDir) -> Self {
        let mint = Mint::new();
        let Loaded {
            settings,
            snapshot,
            issuers,
            hash,
            ..
        } = contoso::load(directory.path());
        let metrics = Arc::new(Metrics::new().unwrap());
        let keys = KeySet::read(mint.jwks().as_bytes(), &Algorithm::ALL).unwrap();
        let keys = issuers
            .iter()
            .map(|issuer| (Arc::clone(&issuer.name), Arc::new(keys.clone())))
            .collect();
        let live = Live::new(InForce {
            generation: 1,
            hash,
            snapshot,
            sign_up: Arc::default(),
            routes: Arc::new(Routes::build(&settings, None, &metrics)),
            issuers: Arc::new(issuers),
            issuers_since: 1,
            keys: Arc::new(Keys::default().replaced_by(keys)),
            pages: Arc::new(crossgate::people::pages(&settings).unwrap()),
            partner_sides: Arc::default(),
            staged: None,
        });
        let (sign_ins, writer) = SignIns::start(&settings.sign_ins, &metrics, None, None).unwrap();
        let gateway = Gateway {
            live: Arc::new(live),
            sign_ins,
            signer: Arc::new(Signer::open(&settings.assertion, settings.tenant.id).unwrap()),
            tokens: Arc::new(
                Tokens::new(settings.runtime.token_cache, Arc::clone(&metrics)).unwrap(),
            ),
            metrics,
            people: None,
            signals: None,
            synchronization: None,
            traces: None,
            in_flight: InFlight::default(),
            door: Door::Proxy,
        };
        Self {
            gateway,
            mint,
            writer: Some(writer),
            _directory: directory,
        }
    }

    /// Ends the writer's thread. Events are handed over as before, as many as the queue holds, and nobody takes them: so
    /// nothing runs beside the request, and its cost is the same each time.
    pub fn without_writer(mut self) -> Self {
        if let Some(writer) = self.writer.take() {
            writer.finish(Duration::ZERO);
        }
        self
    }

    /// The app.
    pub fn app(&self) -> Arc<App> {
        let in_force = self.gateway.live.in_force();
        let found = in_force.routes.find(Door::Proxy, contoso::HOST, "/");
        Arc::clone(found.unwrap().app)
    }

    /// Takes up who is signed in by the file of sessions.
    pub fn with_people(mut self) -> Self {
        let in_force = self.gateway.live.in_force();
        let settings = contoso::load(self._directory.path()).settings;
        let people = People::open(
            &settings.portal,
            in_force.routes.people.as_deref(),
            &in_force.issuers,
            &self.gateway.tokens,
            &Fetcher::new().unwrap(),
            &Arc::default(),
            None,
        );
        self.gateway.people = people.unwrap().map(Arc::new);
        self
    }

    /// A session whose client has sent a browser's request with this token.
    pub fn session(&self, token: &str) -> Session {
        wire::session(&contoso::request(token))
    }
}
