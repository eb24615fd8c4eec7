//! Builds everything, opens the doors, and closes them again in order.

mod background;
pub(crate) mod control;
mod drain;
mod files;
mod readiness;
mod signals;
mod upgrade;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossgate_config::{PolicySource, Purpose, Settings, Workers};
use crossgate_policy::ids::UnixTime;
use crossgate_portal::pages::Pages;
use pingora::apps::http_app::HttpServer;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{RunArgs, Server};
use pingora::services::listening::Service;
use pingora::time::fast_timeout::set_fast_timeout_to_tokio_threshold;

use crate::admin::{Admin, Noted, SignInLog};
use crate::connections::{Connections, watch};
use crate::live::fetch::{FetchFault, Fetcher};
use crate::live::policy::{Begun, Reloader};
use crate::live::{InForce, Keys, Live, announce};
use crate::load::{self, Faults, Loaded, Stores};
use crate::ops::{Metrics, Operations};
use crate::people::{self, People, PeopleError};
use crate::proxy::{self, CertificateFault, Certificates, Gateway, InFlight};
use crate::request::assertion::{Signer, SignerError};
use crate::request::route::{Door, Routes};
use crate::request::tokens::Tokens;
use crate::sign_ins::{self, SignIns};
use crate::signals::Signals;
use crate::synchronization::Synchronization;
use crate::traces::Traces;
use background::Background;
use control::Control;

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Configuration or policy has faults.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// Two metrics have one name.
    #[error("metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The store of sign-in events cannot be opened.
    #[error("[sign_ins] store: {0}")]
    SignInStore(std::io::Error),
    /// A sink of sign-in events cannot be opened.
    #[error("[sign_ins] sinks: {0}")]
    SignIns(std::io::Error),
    /// The key for assertions cannot be used.
    #[error("[assertion] key_file: {0}")]
    Signer(#[from] SignerError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
    /// People cannot sign in.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Certificate or key cannot be used.
    #[error("[listen.tls]: {0}")]
    Certificates(#[from] CertificateFault),
    /// The TLS library refuses its settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// An address is taken, or not ours.
    #[error("[listen] {key}: cannot listen on `{address}`: {why}")]
    Address {
        /// The key in `[listen]`.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's words.
        why: std::io::Error,
    },
    /// Sinks did not take the last events in time.
    #[error(
        "{0} sign-in events could not be written before the end: the log above says for which sinks"
    )]
    Unwritten(u64),
    /// What writes events had a fault.
    #[error("the writer of sign-in events has panicked: events are missing")]
    WriterPanicked,
    /// The server ended by itself.
    #[error(transparent)]
    Crashed(#[from] drain::Crashed),
    /// Keys could never be fetched.
    #[error("{0}")]
    Fetch(#[from] FetchFault),
    /// The store of policies cannot be used.
    #[error("[policy] source: {0}")]
    Store(String),
    /// A thread or a signal handler cannot be had.
    #[error("{what} cannot be started: {why}")]
    System {
        /// What was to be started.
        what: &'static str,
        /// The system's words.
        why: std::io::Error,
    },
}

/// Serves until a signal ends it. Sockets come from a process that hands them over where `upgrade` is set.
///
/// # Errors
/// It cannot start. Nothing was served then.
pub fn run(config: &Path, upgrade: bool) -> Result<(), StartError> {
    // A SIGHUP that comes while the policy is loading must not end the process.
    let background = Background::start()?;
    let hangups = background.hangups()?;
    let text = load::read(config)?;
    let mut loaded = load::load_text(config, &text, Purpose::Serve, None, None, Stores::Make)?;
    files::take_all(&loaded.settings.limits);
    let metrics = Arc::new(Metrics::new()?);
    let parts = Parts::new(&loaded.settings, &metrics)?;
    if !upgrade {
        check_addresses(&loaded.settings)?;
    }
    tell_addresses(&loaded.settings);
    let fetcher = Fetcher::new()?;
    let (settings, counts) = (loaded.settings.clone(), loaded.counts);
    let guests = loaded.guests.clone();
    let store = loaded.store.take();
    let pages = people::pages(&settings)?;
    let live = put_in_force(loaded, pages, &metrics);
    tidy_tokens(&parts.tokens, &live, &metrics);
    let kept = sign_ins::open_store(&settings.sign_ins).map_err(StartError::SignInStore)?;
    let noted = Noted {
        sign_ins: kept
            .clone()
            .map(|store| SignInLog::new(store, &settings.tenant.id.to_string())),
        ..Noted::default()
    };
    let control = store
        .map(|store| Control::start(store, &live, &metrics, &noted, &text, &settings))
        .transpose()?;
    let people = {
        let in_force = live.in_force();
        People::open(
            &settings.portal,
            in_force.routes.people.as_deref(),
            &in_force.issuers,
            &parts.tokens,
            &fetcher,
            &parts.connections,
            control.as_ref().map(|control| &control.ledger),
        )?
        .map(Arc::new)
    };
    let told = control.is_some().then(|| noted.clone());
    let signals = control.as_ref().map(|control| {
        let (ledger, metrics) = (Arc::clone(&control.ledger), Arc::clone(&metrics));
        Arc::new(Signals::new(ledger, Arc::clone(&live), metrics))
    });
    let synchronization = control.as_ref().map(|control| {
        let (ledger, metrics) = (Arc::clone(&control.ledger), Arc::clone(&metrics));
        Arc::new(Synchronization::new(ledger, metrics))
    });
    let (traces, exporter) = settings
        .traces
        .as_ref()
        .map(|settings| Traces::new(settings, &metrics))
        .transpose()
        .map_err(FetchFault::Client)?
        .unzip();
    let (sign_ins, writer) =
        SignIns::start(&settings.sign_ins, &metrics, told, kept).map_err(StartError::SignIns)?;

    // The framework's own timers cost two readings of the clock each, also for what is over before a timer is needed.
    set_fast_timeout_to_tokio_threshold(Some(Duration::ZERO));
    let conf = server_conf(&settings, config);
    let mut server = Server::new_with_opt_and_conf(
        Opt {
            upgrade,
            ..Opt::default()
        },
        conf,
    );
    let gateway = Gateway {
        live: Arc::clone(&live),
        sign_ins: sign_ins.clone(),
        metrics: Arc::clone(&metrics),
        signer: Arc::clone(&parts.signer),
        tokens: Arc::clone(&parts.tokens),
        people: people.clone(),
        signals: signals.clone(),
        synchronization: synchronization.clone(),
        traces: traces.clone(),
        in_flight: parts.in_flight.clone(),
        door: Door::Proxy,
    };
    let doors = [
        (Door::Proxy, "proxy", &settings.listen.proxy),
        (Door::Egress, "egress", &settings.listen.egress),
    ];
    for (door, name, addresses) in doors {
        if addresses.is_empty() {
            continue;
        }
        let gateway = Gateway {
            door,
            ..gateway.clone()
        };
        let tls = match door {
            Door::Proxy => parts.certificates.as_ref(),
            Door::Egress => None,
        };
        let service = proxy::service(
            &server.configuration,
            name,
            gateway,
            &parts.connections,
            addresses,
            tls,
            &settings.limits,
        )?;
        server.add_service(service);
    }
    if !settings.listen.authorize.is_empty() {
        let gateway = Gateway {
            // Those are received at the proxy's door.
            signals: None,
            synchronization: None,
            // The proxy that asks traces what it forwards.
            traces: None,
            ..gateway
        };
        let certificates = parts.certificates.as_ref();
        let (listen, limits) = (&settings.listen, &settings.limits);
        server.add_service(proxy::authorize_service(
            gateway,
            listen,
            certificates,
            limits,
        )?);
    }
    if let Some(control) = &control {
        let admin = Admin::new(
            &control.ledger,
            Arc::clone(&live),
            Arc::clone(&parts.tokens),
            Arc::clone(&metrics),
            people.clone(),
            sign_ins,
        );
        let service = proxy::admin_service(
            admin,
            metrics.admin.connections.clone(),
            &settings.listen,
            parts.certificates.as_ref(),
            &settings.limits,
        )?;
        server.add_service(service);
        background.follow(&control.ledger);
        background.send_mail(&control.ledger, &live);
        background.keep_up(&control.ledger, &noted);
    }
    let operations = Operations::new(
        Arc::clone(&metrics),
        readiness::health(
            Arc::clone(&live),
            Arc::clone(&parts.connections),
            addresses(&settings),
        ),
    );
    let mut service = Service::new("operations".to_owned(), HttpServer::new_app(operations));
    service.add_tcp(&settings.listen.metrics.to_string());
    service.threads = Some(1);
    server.add_service(service);

    if let Some(signals) = &signals {
        background.keep_streams(signals, &fetcher);
    }
    background.keep_partner_sides(&live, &metrics, &fetcher);
    let plans = background.keep_keys(&live, &metrics, fetcher, &settings);
    background.tend_upstreams(&live);
    let exporter = exporter.map(Arc::new);
    if let Some(exporter) = &exporter {
        background.tell_spans(exporter);
    }
    if let Some(certificates) = &parts.certificates {
        show_certificate(certificates, &metrics);
    }
    if let Some(people) = &people {
        count_sessions(people, &metrics);
        background.tend_sessions(people, &live);
    }
    watch::start(&parts.connections, &live, &metrics).map_err(|why| StartError::System {
        what: "the thread that watches connections",
        why,
    })?;
    let ledger = control.as_ref().map(|control| Arc::clone(&control.ledger));
    let begun = Begun {
        config: config.to_owned(),
        text,
        settings: settings.clone(),
        counts,
        guests,
        plans,
        certificates: parts.certificates.clone(),
        stored: control.map(|control| control.stored),
    };
    let (reloader, ask) = Reloader::new(Arc::clone(&live), Arc::clone(&metrics), begun);
    background.reload_on(hangups, ask);
    std::thread::Builder::new()
        .name("policy".to_owned())
        .spawn(move || reloader.run())
        .map_err(|why| StartError::System {
            what: "the thread that loads policy",
            why,
        })?;

    if upgrade {
        readiness::wait(&live);
    }
    let phases = server.watch_execution_phase();
    let (signals, again) = signals::watch(PathBuf::from(&server.configuration.upgrade_sock));
    std::thread::Builder::new()
        .name("server".to_owned())
        .spawn(move || {
            server.bootstrap();
            server.run(RunArgs {
                shutdown_signal: Box::new(signals),
            });
        })
        .map_err(|why| StartError::System {
            what: "the server's thread",
            why,
        })?;
    let ended = drain::wait(
        phases,
        &again,
        &[&metrics.connections, &metrics.authorize_connections],
    );
    // No request is served any more, so what is counted now is all there is.
    let totals = writer.finish(EVENTS_LIMIT);
    if let Some(ledger) = ledger
        && let Err(why) = noted.activity.write(ledger.store())
    {
        tracing::error!("when guests came last is not written down: {why}");
    }
    if let Some(exporter) = &exporter {
        background.tell_last_spans(exporter);
    }
    background.stop();
    ended?;
    match totals.map(|totals| totals.unwritten) {
        Some(0) => Ok(()),
        Some(events) => Err(StartError::Unwritten(events)),
        None => Err(StartError::WriterPanicked),
    }
}

/// What is opened once.
struct Parts {
    signer: Arc<Signer>,
    tokens: Arc<Tokens>,
    in_flight: InFlight,
    connections: Arc<Connections>,
    certificates: Option<Arc<Certificates>>,
}

impl Parts {
    fn new(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Self, StartError> {
        Ok(Self {
            signer: Arc::new(Signer::open(&settings.assertion, settings.tenant.id)?),
            tokens: Arc::new(
                Tokens::new(settings.runtime.token_cache, Arc::clone(metrics))
                    .map_err(|_| StartError::NoRandom)?,
            ),
            in_flight: InFlight::default(),
            connections: Arc::default(),
            certificates: settings
                .listen
                .tls
                .as_ref()
                .map(Certificates::open)
                .transpose()?,
        })
    }
}

fn put_in_force(loaded: Loaded, pages: Pages, metrics: &Metrics) -> Arc<Live> {
    let Loaded {
        settings,
        snapshot,
        issuers,
        hash,
        advisories,
        counts,
        sign_up,
        guests: _,
        store: _,
    } = loaded;
    for advisory in &advisories {
        tracing::warn!("{advisory}");
    }
    announce(metrics, FIRST, counts);
    Arc::new(Live::new(InForce {
        generation: FIRST,
        hash,
        snapshot,
        sign_up,
        routes: Arc::new(Routes::build(&settings, None, metrics)),
        issuers: Arc::new(issuers),
        issuers_since: FIRST,
        keys: Arc::new(Keys::default()),
        pages: Arc::new(pages),
        partner_sides: Arc::default(),
        staged: None,
    }))
}

fn show_certificate(certificates: &Arc<Certificates>, metrics: &Metrics) {
    let certificates = Arc::downgrade(certificates);
    metrics.on_scrape(move |metrics| {
        if let Some(at) = certificates.upgrade().and_then(|held| held.expiry()) {
            metrics.set_certificate_expiry(at);
        }
    });
}

fn count_sessions(people: &Arc<People>, metrics: &Metrics) {
    let people = Arc::downgrade(people);
    metrics.on_scrape(move |metrics| {
        let signed_in = people.upgrade().map_or(0, |people| people.signed_in());
        metrics
            .sessions
            .set(i64::try_from(signed_in).unwrap_or(i64::MAX));
    });
}

/// Has tokens that can never be accepted again leave whenever the metrics are read, besides when others come.
fn tidy_tokens(tokens: &Arc<Tokens>, live: &Arc<Live>, metrics: &Metrics) {
    let (tokens, live) = (Arc::downgrade(tokens), Arc::clone(live));
    metrics.on_scrape(move |_| {
        let now = UnixTime::new(jiff::Timestamp::now().as_duration().as_secs_f64());
        if let (Some(tokens), Some(now)) = (tokens.upgrade(), now) {
            tokens.sweep(live.in_force().basis(), now);
        }
    });
}

/// Tries every address, for the framework would only panic in a thread nobody watches.
fn check_addresses(settings: &Settings) -> Result<(), StartError> {
    let listen = &settings.listen;
    let (admin, metrics) = ([listen.admin], [listen.metrics]);
    let admin: &[SocketAddr] = match settings.policy {
        PolicySource::Sqlite(_) => &admin,
        PolicySource::Directory(_) => &[],
    };
    let listeners: [(&'static str, &[SocketAddr]); 5] = [
        ("proxy", &listen.proxy),
        ("egress", &listen.egress),
        ("authorize", &listen.authorize),
        ("admin", admin),
        ("metrics", &metrics),
    ];
    for (key, addresses) in listeners {
        for address in addresses {
            TcpListener::bind(address).map_err(|why| StartError::Address {
                key,
                address: *address,
                why,
            })?;
        }
    }
    Ok(())
}

/// Said once, when nothing stands in the way of serving.
fn tell_addresses(settings: &Settings) {
    let listen = &settings.listen;
    let admin = matches!(settings.policy, PolicySource::Sqlite(_)).then_some(listen.admin);
    tracing::info!(
        proxy = ?listen.proxy,
        egress = ?listen.egress,
        authorize = ?listen.authorize,
        admin = admin.map(tracing::field::display),
        metrics = %listen.metrics,
        tls = listen.tls.is_some(),
        "serving"
    );
}

/// Every address but that of operations, which answers for the others. A port of 0 is another one each time.
fn addresses(settings: &Settings) -> Vec<SocketAddr> {
    let listen = &settings.listen;
    let mut doors = [listen.proxy.as_slice(), &listen.egress, &listen.authorize].concat();
    if matches!(settings.policy, PolicySource::Sqlite(_)) {
        doors.push(listen.admin);
    }
    doors.retain(|door| door.port() != 0);
    doors
}

fn server_conf(settings: &Settings, config: &Path) -> ServerConf {
    let threads = match settings.runtime.workers {
        Workers::PerCore => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        Workers::Exactly(workers) => workers.get(),
    };
    let drain = settings.shutdown.drain;
    ServerConf {
        threads,
        // Each worker keeps its connections: nothing is handed from core to core while a request is served.
        work_stealing: false,
        upgrade_sock: upgrade::socket(config).display().to_string(),
        // Whole seconds, the next where there is a rest.
        grace_period_seconds: Some(drain.as_secs() + u64::from(drain.subsec_nanos() > 0)),
        graceful_shutdown_timeout_seconds: Some(CUT_OFF.as_secs()),
        ..ServerConf::default()
    }
}

/// The first generation of the policy.
const FIRST: u64 = 1;

/// How long sinks may take for the last events, and once more where they take some. `deploy/` has service managers wait for it beyond the drain.
const EVENTS_LIMIT: Duration = Duration::from_secs(5);

/// How long requests that outlast the drain may take to notice that they are cut off.
const CUT_OFF: Duration = Duration::from_secs(2);
