//! Where an app's requests go: the addresses behind its upstreams, in turn, without those that do not answer.
//!
//! Names are looked up and upstreams probed in the background; choosing one for a request reads finished values.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use crossgate_config::{Health, Limits, Probe, Scheme, Upstream};
use http::Extensions;
use pingora::lb::discovery::ServiceDiscovery;
use pingora::lb::health_check::{HealthCheck, HttpHealthCheck, TcpHealthCheck};
use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, Backends, LoadBalancer};
use pingora::protocols::ALPN;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::upstreams::peer::HttpPeer;
use thread_local::ThreadLocal;
use tokio::task::JoinSet;

/// The upstreams of one app.
pub struct Upstreams {
    made_of: MadeOf,
    known: Arc<Known>,
    balancer: LoadBalancer<RoundRobin>,
    /// What the balancer knew when it was tended last, ready to be taken.
    ready: ArcSwap<Ready>,
    /// Each worker takes upstreams in a turn of its own, which begins one behind that of the worker before.
    turns: ThreadLocal<Cell<usize>>,
    workers: AtomicUsize,
}

/// Upstreams that requests may go to.
#[derive(Default)]
struct Ready {
    healthy: Box<[Arc<HttpPeer>]>,
    all: Box<[Arc<HttpPeer>]>,
}

/// What upstreams are made of: of the same parts the same upstreams, whose health need not be found out anew.
#[derive(Clone, Debug, Eq, PartialEq)]
struct MadeOf {
    upstreams: Vec<Upstream>,
    health: Health,
    patience: Patience,
}

/// How long an upstream may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Patience {
    connect: Duration,
    read: Duration,
    write: Duration,
}

impl Patience {
    const fn of(limits: &Limits) -> Self {
        Self {
            connect: limits.upstream_connect_timeout,
            read: limits.upstream_read_timeout,
            write: limits.upstream_write_timeout,
        }
    }
}

/// The addresses found last, which is what the balancer discovers.
struct Known {
    backends: ArcSwap<BTreeSet<Backend>>,
}

impl Upstreams {
    /// Looks the names up, which may block, and starts with every upstream counted as healthy.
    ///
    /// A name that cannot be looked up keeps the addresses that `previous` knows of it.
    #[must_use]
    pub fn new(
        upstreams: &[Upstream],
        health: &Health,
        limits: &Limits,
        previous: Option<&Self>,
    ) -> Self {
        let made_of = MadeOf {
            upstreams: upstreams.to_vec(),
            health: health.clone(),
            patience: Patience::of(limits),
        };
        let found = made_of.upstreams.iter().map(|upstream| {
            let addresses = (bare(&upstream.host), upstream.port).to_socket_addrs();
            let addresses = addresses.map_or_else(
                |error| {
                    tracing::warn!(%upstream, %error, "upstream cannot be looked up");
                    previous.map_or_else(Vec::new, |previous| previous.known.of(upstream))
                },
                Iterator::collect,
            );
            (upstream, addresses)
        });
        let backends = made_of.backends(found);
        let known = Arc::new(Known {
            backends: ArcSwap::from_pointee(backends),
        });
        let mut views = Backends::new(Box::new(Discovery(Arc::clone(&known))));
        views.set_health_check(Box::new(Checks::new(&made_of)));
        Self {
            made_of,
            known,
            balancer: LoadBalancer::from_backends(views),
            ready: ArcSwap::default(),
            turns: ThreadLocal::new(),
            workers: AtomicUsize::new(0),
        }
        .discovered()
    }

    /// Whether these are the upstreams of such settings.
    #[must_use]
    pub fn are_of(&self, upstreams: &[Upstream], health: &Health, limits: &Limits) -> bool {
        self.made_of.upstreams == upstreams
            && self.made_of.health == *health
            && self.made_of.patience == Patience::of(limits)
    }

    /// Whether these lead where those settings lead, however they are probed.
    #[must_use]
    pub fn lead_to(&self, upstreams: &[Upstream]) -> bool {
        self.made_of.upstreams == upstreams
    }

    /// The next upstream in turn that is healthy and not among those that failed this request already. Where none is
    /// healthy each is tried all the same: probes fail first where everything is busy.
    #[must_use]
    pub fn next(&self, failed: &[PeerAddress], websocket: bool) -> Option<Box<HttpPeer>> {
        let turn = self
            .turns
            .get_or(|| Cell::new(self.workers.fetch_add(1, Ordering::Relaxed)));
        let turn = turn.replace(turn.get().wrapping_add(1));
        let ready = self.ready.load();
        let template =
            in_turn(&ready.healthy, turn, failed).or_else(|| in_turn(&ready.all, turn, failed))?;
        let mut peer = Box::new(HttpPeer::clone(template));
        if websocket {
            // HTTP/2 has no `Upgrade`.
            peer.options.alpn = ALPN::H1;
        }
        Some(peer)
    }

    /// How many upstreams are known; at most that many are tried.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.backends.load().len()
    }

    /// Whether none is known, which is so while no name can be looked up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks the names up again and probes every upstream once.
    pub async fn tend(&self) {
        self.look_up().await;
        if let Err(error) = self.balancer.update().await {
            tracing::warn!(%error, "upstreams cannot be updated");
        }
        self.balancer.backends().run_health_check(true).await;
        self.make_ready();
    }

    fn make_ready(&self) {
        let backends = self.balancer.backends();
        let set = backends.get_backend();
        let peers = |wanted: &dyn Fn(&Backend) -> bool| {
            let backends = set.iter().filter(|backend| wanted(backend));
            let peers = backends.filter_map(|backend| backend.ext.get::<Arc<HttpPeer>>());
            peers.cloned().collect()
        };
        self.ready.store(Arc::new(Ready {
            healthy: peers(&|backend| backends.ready(backend)),
            all: peers(&|_| true),
        }));
    }

    async fn look_up(&self) {
        let literal = |upstream: &&Upstream| bare(&upstream.host).parse::<IpAddr>().is_ok();
        if self
            .made_of
            .upstreams
            .iter()
            .all(|upstream| literal(&upstream))
        {
            return;
        }
        let mut found = Vec::with_capacity(self.made_of.upstreams.len());
        for upstream in &self.made_of.upstreams {
            let addresses = tokio::net::lookup_host((bare(&upstream.host), upstream.port)).await;
            let addresses = addresses.map_or_else(
                |error| {
                    // A name service that is down must not take upstreams down that are up.
                    tracing::warn!(%upstream, %error, "upstream cannot be looked up; its last addresses stay");
                    self.known.of(upstream)
                },
                Iterator::collect,
            );
            found.push((upstream, addresses));
        }
        let backends = self.made_of.backends(found.into_iter());
        self.known.backends.store(Arc::new(backends));
    }

    fn discovered(self) -> Self {
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};
        // `Discovery` never waits, so the first poll is the last; `tend` would catch up in any case.
        let mut update = Box::pin(self.balancer.update());
        let polled = pin!(&mut update).poll(&mut Context::from_waker(Waker::noop()));
        if !matches!(polled, Poll::Ready(Ok(()))) {
            tracing::warn!("upstreams are not known before they are probed for the first time");
        }
        drop(update);
        self.make_ready();
        self
    }
}

/// The next of these in turn that has not failed this request.
fn in_turn<'p>(
    peers: &'p [Arc<HttpPeer>],
    turn: usize,
    failed: &[PeerAddress],
) -> Option<&'p Arc<HttpPeer>> {
    let (before, from) = peers.split_at_checked(turn.checked_rem(peers.len())?)?;
    from.iter()
        .chain(before)
        .find(|peer| !failed.contains(&peer._address))
}

impl std::fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Upstreams")
            .field(&self.made_of.upstreams)
            .finish()
    }
}

impl Known {
    /// The addresses of one upstream.
    fn of(&self, upstream: &Upstream) -> Vec<SocketAddr> {
        let backends = self.backends.load();
        let addresses = backends.iter().filter_map(|backend| {
            let peer = backend.ext.get::<Arc<HttpPeer>>()?;
            let Named(name) = backend.ext.get()?;
            let address = backend.addr.as_inet()?;
            let is_it = **name == *bare(&upstream.host)
                && peer.is_tls() == is_tls(upstream.scheme)
                && address.port() == upstream.port;
            is_it.then_some(*address)
        });
        addresses.collect()
    }
}

/// Tends the upstreams in force, for as long as it is polled. What is in force is asked for anew each time.
pub async fn tend_all(current: impl Fn() -> (Vec<Arc<Upstreams>>, Duration)) {
    loop {
        let (all, pause) = current();
        let mut tasks = JoinSet::new();
        for upstreams in all {
            tasks.spawn(async move { upstreams.tend().await });
        }
        tasks.join_all().await;
        tokio::time::sleep(pause).await;
    }
}

impl MadeOf {
    fn backends<'a>(
        &self,
        found: impl Iterator<Item = (&'a Upstream, Vec<SocketAddr>)>,
    ) -> BTreeSet<Backend> {
        found
            .flat_map(|(upstream, addresses)| {
                // A name with addresses of both families is one server more often than two; IPv4 goes first, as an
                // upstream on `localhost` usually listens there only.
                let any_v4 = addresses.iter().any(SocketAddr::is_ipv4);
                addresses
                    .into_iter()
                    .filter(move |address| address.is_ipv4() == any_v4)
                    .map(|address| self.backend(upstream, address))
            })
            .collect()
    }

    fn backend(&self, upstream: &Upstream, address: SocketAddr) -> Backend {
        let tls = is_tls(upstream.scheme);
        // Without TLS nobody asks for the name, and an empty one is cheaper to hand out.
        let name = if tls { bare(&upstream.host) } else { "" };
        let mut peer = HttpPeer::new(address, tls, name.to_owned());
        let options = &mut peer.options;
        options.connection_timeout = Some(self.patience.connect);
        options.total_connection_timeout = Some(self.patience.connect);
        options.read_timeout = Some(self.patience.read);
        options.write_timeout = Some(self.patience.write);
        options.idle_timeout = Some(UPSTREAM_IDLE);
        options.max_h2_streams = UPSTREAM_STREAMS;
        options.alpn = if tls { ALPN::H2H1 } else { ALPN::H1 };
        let mut ext = Extensions::new();
        ext.insert(Arc::new(peer));
        ext.insert(Named(bare(&upstream.host).into()));
        Backend {
            addr: PeerAddress::Inet(address),
            weight: 1,
            ext,
        }
    }
}

/// The host that an address was found for.
#[derive(Clone, Debug)]
struct Named(Box<str>);

struct Discovery(Arc<Known>);

#[async_trait]
impl ServiceDiscovery for Discovery {
    async fn discover(&self) -> pingora::Result<(BTreeSet<Backend>, HashMap<u64, bool>)> {
        Ok((BTreeSet::clone(&self.0.backends.load()), HashMap::new()))
    }
}

/// Whether a connection can be made. For all upstreams: it brings the system's roots of trust, a fifth of a megabyte.
static CONNECTS: LazyLock<Box<TcpHealthCheck>> = LazyLock::new(TcpHealthCheck::new);

/// Probes each upstream in its own way.
struct Checks {
    /// One for each name and scheme; empty where connecting is enough.
    get: HashMap<(String, bool), HttpHealthCheck>,
}

impl Checks {
    fn new(made_of: &MadeOf) -> Self {
        let mut get = HashMap::new();
        if let Probe::Get(path) = &made_of.health.probe {
            for upstream in &made_of.upstreams {
                let (host, tls) = (bare(&upstream.host), upstream.scheme == Scheme::Https);
                let mut check = HttpHealthCheck::new(host, tls);
                match check.req.set_raw_path(path.as_bytes()) {
                    Ok(()) => {
                        get.insert((host.to_owned(), tls), check);
                    }
                    Err(error) => {
                        tracing::warn!(%error, path, "upstreams cannot be asked for this path")
                    }
                }
            }
        }
        Self { get }
    }
}

#[async_trait]
impl HealthCheck for Checks {
    async fn check(&self, target: &Backend) -> pingora::Result<()> {
        let get = target.ext.get::<Arc<HttpPeer>>().and_then(|peer| {
            let Named(name) = target.ext.get()?;
            self.get.get(&(name.to_string(), peer.is_tls()))
        });
        match get {
            Some(check) => check.check(target).await,
            None => CONNECTS.check(target).await,
        }
    }

    async fn health_status_change(&self, target: &Backend, healthy: bool) {
        let address = &target.addr;
        if healthy {
            tracing::info!(%address, "upstream is back");
        } else {
            tracing::warn!(%address, "upstream does not answer and is left out");
        }
    }

    fn backend_summary(&self, target: &Backend) -> String {
        target.addr.to_string()
    }

    fn health_threshold(&self, _success: bool) -> usize {
        1
    }
}

const fn is_tls(scheme: Scheme) -> bool {
    match scheme {
        Scheme::Http => false,
        Scheme::Https => true,
    }
}

/// An IPv6 address without its brackets; anything else as it is.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Shorter than the 75 s of common servers, so that we close first and never send into a closed connection.
const UPSTREAM_IDLE: Duration = Duration::from_secs(60);

/// Requests that share one HTTP/2 connection to an upstream; what servers commonly grant.
const UPSTREAM_STREAMS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn upstreams(ports: &[u16]) -> Upstreams {
        let settings = settings();
        let list: Vec<Upstream> = ports
            .iter()
            .map(|port| Upstream {
                scheme: Scheme::Http,
                host: "127.0.0.1".to_owned(),
                port: *port,
            })
            .collect();
        Upstreams::new(&list, &settings.health, &settings.limits, None)
    }

    fn settings() -> crossgate_config::Settings {
        let text = "[tenant]\nid = \"11111111-1111-4111-8111-111111111111\"\n";
        crossgate_config::Settings::parse(
            text,
            std::path::Path::new("/"),
            crossgate_config::Purpose::Decide,
            &|_| None,
        )
        .unwrap()
    }

    fn ports_of(upstreams: &Upstreams, times: usize) -> BTreeSet<u16> {
        (0..times)
            .filter_map(|_| upstreams.next(&[], false))
            .map(|peer| peer._address.as_inet().unwrap().port())
            .collect()
    }

    #[test]
    fn upstreams_are_taken_in_turn_before_any_was_probed() {
        let upstreams = upstreams(&[1001, 1002, 1003]);
        assert_eq!(ports_of(&upstreams, 3), BTreeSet::from([1001, 1002, 1003]));
        assert_eq!(upstreams.len(), 3);
    }

    #[test]
    fn workers_that_serve_few_requests_each_do_not_all_begin_with_the_same_upstream() {
        let upstreams = upstreams(&[1001, 1002, 1003]);
        // All at work at once: one that ends leaves its turn to the next.
        let at_once = std::sync::Barrier::new(3);
        let ports = std::thread::scope(|scope| {
            let worker = || {
                let ports = ports_of(&upstreams, 1);
                at_once.wait();
                ports
            };
            let workers = [(); 3].map(|()| scope.spawn(worker));
            workers.map(|worker| worker.join().unwrap())
        });
        let ports: BTreeSet<u16> = ports.into_iter().flatten().collect();
        assert_eq!(ports, BTreeSet::from([1001, 1002, 1003]));
    }

    #[test]
    fn one_that_failed_this_request_is_not_tried_again_for_it() {
        let upstreams = upstreams(&[1001, 1002]);
        let failed = PeerAddress::Inet(([127, 0, 0, 1], 1001).into());
        for _ in 0..4 {
            let peer = upstreams
                .next(std::slice::from_ref(&failed), false)
                .unwrap();
            assert_eq!(peer._address.as_inet().unwrap().port(), 1002);
        }
    }

    #[tokio::test]
    async fn one_that_does_not_answer_is_left_out() {
        let alive = TcpListener::bind("127.0.0.1:0").unwrap();
        let dead = TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = [&alive, &dead].map(|listener| listener.local_addr().unwrap().port());
        drop(dead);
        let upstreams = upstreams(&ports);
        upstreams.tend().await;
        assert_eq!(ports_of(&upstreams, 4), BTreeSet::from([ports[0]]));
        // Where none answers, one that is only too busy for probes may still serve.
        drop(alive);
        upstreams.tend().await;
        let peer = upstreams.next(&[], false).unwrap();
        assert!(
            upstreams
                .next(std::slice::from_ref(&peer._address), false)
                .is_some()
        );
    }

    #[test]
    fn a_name_that_cannot_be_looked_up_keeps_its_last_addresses() {
        let settings = settings();
        let nowhere = [Upstream {
            scheme: Scheme::Http,
            host: "nowhere.invalid".to_owned(),
            port: 80,
        }];
        let new = |previous| Upstreams::new(&nowhere, &settings.health, &settings.limits, previous);
        let before = new(None);
        assert!(before.next(&[], false).is_none());
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let found = before
            .made_of
            .backends([(&nowhere[0], vec![address])].into_iter());
        before.known.backends.store(Arc::new(found));
        let after = new(Some(&before));
        let peer = after.next(&[], false).unwrap();
        assert_eq!(peer._address.as_inet(), Some(&address));
    }

    #[test]
    fn a_change_of_other_limits_keeps_upstreams_and_what_is_known_of_them() {
        let settings = settings();
        let list = [];
        let upstreams = Upstreams::new(&list, &settings.health, &settings.limits, None);
        let mut limits = settings.limits;
        limits.max_connections += 1;
        assert!(upstreams.are_of(&list, &settings.health, &limits));
        limits.upstream_read_timeout += Duration::from_secs(1);
        assert!(!upstreams.are_of(&list, &settings.health, &limits));
    }
}
