use super::*;
use crate::connections::{Asker, Lease, Opener};
use crate::request::headers::CorrelationId;
use crate::request::route::Routes;
use crate::request::testing::{self, OWN, PARTNER, known};
use crossgate_policy::ids::{Id, ResourceTenant};
use crossgate_policy::snapshot::{
    DirectoryMode, Expiry, FallbackProvider, Guest, GuestDirectory, GuestRecords, Redemption,
    Snapshot, UserType,
};
use crossgate_token::{Issuer, Issuers};
use serde_json::json;
use uuid::Uuid;

/// When tokens of tests end, with the minute of skew.
const END: i64 = 2_000_000_060;

struct Stage {
    connections: Arc<Connections>,
    in_force: Arc<InForce>,
}

/// Where payroll is, and what else.
fn routes(payroll: &str, others: &str) -> Arc<Routes> {
    let mut settings = crate::request::route::tests::settings(&format!(
        "[[app]]\nid = \"payroll\"\naudiences = [\"api://payroll\"]\n{payroll}\n{others}"
    ));
    settings.tenant.id = OWN;
    Arc::new(Routes::build(&settings, None, &Metrics::new().unwrap()))
}

impl Stage {
    fn new() -> Self {
        let mut in_force = testing::in_force();
        in_force.routes = routes("hosts = [\"a.example\"]", "");
        in_force.keys = Arc::new(testing::keys());
        Self {
            connections: Arc::default(),
            in_force: Arc::new(in_force),
        }
    }

    /// Puts something else in force.
    fn change(&mut self, change: impl FnOnce(&mut InForce)) {
        let mut next = InForce::clone(&self.in_force);
        change(&mut next);
        self.in_force = Arc::new(next);
    }

    /// The next generation.
    fn load(&mut self, change: impl FnOnce(&mut InForce)) {
        self.change(|next| {
            next.generation += 1;
            change(next);
        });
    }

    /// A request of a member that is told of, decided by what is in force.
    fn open(&self) -> (Lease, Arc<Open>) {
        let lease = self.connections.lease();
        let open = self.tell(&lease, &self.in_force);
        (lease, open)
    }

    fn tell(&self, lease: &Lease, in_force: &InForce) -> Arc<Open> {
        self.tell_of(lease, in_force, Opener::Token(Arc::new(known(OWN))))
    }

    fn tell_of(&self, lease: &Lease, in_force: &InForce, opener: Opener) -> Arc<Open> {
        self.tell_until(lease, in_force, opener, None)
    }

    fn tell_until(
        &self,
        lease: &Lease,
        in_force: &InForce,
        opener: Opener,
        expires: Option<Expiry>,
    ) -> Arc<Open> {
        let mount = testing::mount(&in_force.routes, "payroll");
        let mount = in_force.routes.mount(mount).unwrap();
        assert_eq!(mount.app.resource, ResourceTenant(OWN));
        let asker = Asker {
            opener,
            client_ip: None,
            restriction: None,
            correlation_id: CorrelationId::Own(Uuid::nil()),
            expires,
        };
        let open = Arc::new(Open::new(asker, mount, in_force));
        lease.begin(Instant::now());
        lease.publish(&open);
        open
    }

    fn look(&self, seconds: i64) -> Duration {
        let now = Timestamp::from_second(seconds).unwrap();
        look(&self.connections, &self.in_force, now, Instant::now())
    }

    /// Whether it is closed by what is in force, and why.
    fn closed(&self, open: &Open) -> Option<&'static str> {
        self.look(1_000_000_000);
        open.closing().map(|closing| closing.decision.reason())
    }
}

/// From now on a member of ours is a stranger, whom nobody speaks for.
fn refuse_members(in_force: &mut InForce) {
    let mut snapshot: Snapshot = testing::snapshot();
    snapshot.own.id = PARTNER;
    in_force.snapshot = Arc::new(snapshot);
}

#[test]
fn nothing_is_decided_again_while_nothing_else_is_in_force() {
    let mut stage = Stage::new();
    let (_lease, open) = stage.open();
    stage.change(refuse_members);
    // It would be refused, and nobody has asked.
    assert_eq!(stage.closed(&open), None);
    stage.load(|_| ());
    assert!(stage.closed(&open).is_some());
    let closing = open.closing().unwrap();
    assert!(Arc::ptr_eq(&closing.in_force, &stage.in_force));
}

#[test]
fn what_stays_open_is_decided_once_for_each_change() {
    let mut stage = Stage::new();
    let (_lease, open) = stage.open();
    stage.load(|_| ());
    assert_eq!(stage.closed(&open), None);
    stage.change(refuse_members);
    assert_eq!(stage.closed(&open), None);
}

#[test]
fn what_was_decided_by_an_older_policy_is_decided_again_when_it_is_told_of() {
    let mut stage = Stage::new();
    let old = Arc::clone(&stage.in_force);
    stage.load(|_| ());
    stage.look(1_000_000_000);
    let woken = std::thread::current();
    stage.connections.watcher.set(woken).unwrap();
    let _new: Vec<_> = (0..100).map(|_| stage.open()).collect();
    let begun = Instant::now();
    std::thread::park_timeout(Duration::from_millis(20));
    assert!(
        begun.elapsed() >= Duration::from_millis(20),
        "woken for nothing"
    );
    let lease = stage.connections.lease();
    let open = stage.tell(&lease, &old);
    // Returns at once, or the test never ends.
    std::thread::park();
    stage.change(refuse_members);
    assert!(stage.closed(&open).is_some());
}

#[test]
fn what_a_newer_policy_permitted_is_not_closed_by_an_older_one() {
    let mut stage = Stage::new();
    stage.load(refuse_members);
    let mut newer = InForce::clone(&stage.in_force);
    newer.generation += 1;
    newer.snapshot = Arc::new(testing::snapshot());
    let lease = stage.connections.lease();
    let open = stage.tell(&lease, &newer);
    assert_eq!(stage.look(1_000_000_000), Duration::ZERO);
    assert!(open.closing().is_none());
    // Nor where it has ended by then: what is newer says so as well.
    stage.look(END);
    assert!(open.closing().is_none());
    stage.in_force = Arc::new(newer);
    assert_eq!(stage.look(1_000_000_000), PAUSE);
    assert!(open.closing().is_none());
}

#[test]
fn a_token_ends_at_its_very_second_and_is_waited_for() {
    let stage = Stage::new();
    let (_lease, open) = stage.open();
    assert_eq!(stage.look(END - 1_000), PAUSE);
    let now = Timestamp::from_millisecond(END * 1000 - 40).unwrap();
    let rest = look(&stage.connections, &stage.in_force, now, Instant::now());
    assert_eq!(rest, Duration::from_millis(40));
    assert!(open.closing().is_none());
    stage.look(END);
    let closing = open.closing().unwrap();
    assert_eq!(closing.decision.code(), 500_133);
}

#[test]
fn requests_are_asked_once_they_are_long_and_only_those_that_still_are_under_way() {
    let stage = Stage::new();
    let (new, old, over) = (
        stage.connections.lease(),
        stage.connections.lease(),
        stage.connections.lease(),
    );
    let begun = Instant::now();
    let later = begun + Duration::from_secs(2);
    old.begin(begun);
    over.begin(begun);
    over.end(false);
    new.begin(later);
    let now = Timestamp::from_second(1_000_000_000).unwrap();
    look(&stage.connections, &stage.in_force, now, later);
    assert_eq!((old.is_asked(), new.is_asked()), (true, false));
    // The next request of the connection is another one.
    over.begin(later);
    assert!(!over.is_asked());
}

/// Ada of the partner is a guest until then.
fn guest_until(in_force: &mut InForce, expires: Option<Expiry>) {
    let ada = Guest {
        id: Id::new("ada here"),
        home_tenant: Some(PARTNER),
        home_user_id: Some(Id::new("ada")),
        home_groups: None,
        home_groups_complete: true,
        user_type: UserType::Guest,
        deleted: false,
        enabled: true,
        expires,
        redemption: Redemption::Accepted,
        consent_given: true,
        sign_in: None,
    };
    let records = GuestRecords::new(vec![ada], |clash| panic!("{clash:?}"));
    let mut snapshot: Snapshot = testing::snapshot();
    snapshot.guests = GuestDirectory::new(DirectoryMode::Optional, Arc::new(records));
    in_force.snapshot = Arc::new(snapshot);
}

#[test]
fn a_guest_ends_at_the_very_second_also_where_it_is_told_later_or_put_off_while_they_are_there() {
    let at = |seconds| Expiry::new(seconds);
    let mut stage = Stage::new();
    stage.load(|next| guest_until(next, at(1_500_000_000)));
    let (lease, put_off) = (stage.connections.lease(), stage.connections.lease());
    let tell = |lease| {
        let guest = Opener::Token(Arc::new(known(PARTNER)));
        stage.tell_until(lease, &stage.in_force, guest, at(1_500_000_000))
    };
    let (open, later) = (tell(&lease), tell(&put_off));
    let now = Timestamp::from_millisecond(1_499_999_999_960).unwrap();
    let rest = look(&stage.connections, &stage.in_force, now, Instant::now());
    assert_eq!(rest, Duration::from_millis(40));
    assert!(open.closing().is_none());
    stage.look(1_500_000_000);
    assert_eq!(open.closing().unwrap().decision.code(), 50_057);
    assert!(later.closing().is_some());

    // The end is put off, and then brought forward, while something is open.
    let lease = stage.connections.lease();
    stage.load(|next| guest_until(next, None));
    let guest = Opener::Token(Arc::new(known(PARTNER)));
    let open = stage.tell_until(&lease, &stage.in_force, guest, None);
    stage.load(|next| guest_until(next, at(1_600_000_000)));
    assert_eq!(stage.look(1_500_000_001), PAUSE);
    stage.load(|next| guest_until(next, at(1_700_000_000)));
    stage.look(1_600_000_000);
    assert!(open.closing().is_none());
    stage.look(1_699_999_999);
    assert!(open.closing().is_none());
    stage.look(1_700_000_000);
    assert_eq!(open.closing().unwrap().decision.code(), 50_057);
}

#[test]
fn where_an_app_only_reports_a_guest_who_has_ended_stays_and_is_not_asked_of_all_the_time() {
    let mut stage = Stage::new();
    stage.change(|next| {
        next.routes = routes("hosts = [\"a.example\"]\nenforcement = \"report-only\"", "")
    });
    stage.load(|next| guest_until(next, Expiry::new(1_500_000_000)));
    let lease = stage.connections.lease();
    let guest = Opener::Token(Arc::new(known(PARTNER)));
    let open = stage.tell_until(&lease, &stage.in_force, guest, Expiry::new(1_500_000_000));
    stage.look(1_500_000_000);
    assert_eq!(stage.look(1_500_000_001), PAUSE);
    assert!(open.closing().is_none());
}

/// The same issuers, but for that of members.
fn changed(change: impl Fn(&mut Issuer)) -> Arc<Issuers> {
    let issuers = testing::issuers();
    let issuers = issuers.iter().cloned().map(|mut issuer| {
        if &*issuer.name == "own" {
            change(&mut issuer);
        }
        issuer
    });
    Arc::new(Issuers::new(issuers))
}

#[test]
fn an_issuer_vouches_for_nobody_whom_it_vouched_for_before_it_was_changed() {
    let cases: [(Arc<Issuers>, _); 5] = [
        (Arc::new(Issuers::new([])), Some("unknown_issuer")),
        (
            changed(|issuer| issuer.algorithms = [].into()),
            Some("unknown_issuer"),
        ),
        (
            changed(|issuer| {
                issuer.kind = crossgate_token::IssuerKind::Entra {
                    tenants: crossgate_token::Tenants::Only([PARTNER].into()),
                }
            }),
            Some("unknown_issuer"),
        ),
        (changed(|_| ()), None),
        // Another one is nobody's business here.
        (
            Arc::new(Issuers::new(
                testing::issuers()
                    .named("own")
                    .into_iter()
                    .cloned()
                    .collect::<Vec<_>>(),
            )),
            None,
        ),
    ];
    for (issuers, reason) in cases {
        let mut stage = Stage::new();
        let (_lease, open) = stage.open();
        stage.load(|next| next.issuers = Arc::clone(&issuers));
        assert_eq!(stage.closed(&open), reason, "{issuers:?}");
    }
}

#[test]
fn a_microsoft_account_is_let_go_of_where_none_is_taken_any_more() {
    let mut stage = Stage::new();
    stage.change(|next| {
        let settings = testing::sign_in_settings("1");
        let metrics = Metrics::new().unwrap();
        next.routes = Arc::new(Routes::build(&settings, None, &metrics));
    });
    let theirs = testing::known_with("own", &json!({ "idp": "live.com" }));
    let open = |token| {
        let lease = stage.connections.lease();
        let opener = Opener::Session(Arc::new(testing::session(token)));
        let open = stage.tell_of(&lease, &stage.in_force, opener);
        (lease, open)
    };
    let ((_one, theirs), (_other, ours)) = (open(theirs), open(known(OWN)));
    stage.load(|_| ());
    assert_eq!(stage.closed(&theirs), None);
    stage.load(|next| {
        let mut snapshot = testing::snapshot();
        snapshot.redemption.fallback = FallbackProvider::EmailOneTimePasscode;
        next.snapshot = Arc::new(snapshot);
    });
    assert_eq!(stage.closed(&theirs), Some("session_ended"));
    assert_eq!(stage.closed(&ours), None);
}

#[test]
fn who_came_by_a_way_that_leads_elsewhere_is_closed() {
    let here = "hosts = [\"a.example\"]";
    let other = |keys: &str| format!("[[app]]\nid = \"other\"\n{keys}\n");
    for (payroll, others, closed) in [
        (here, String::new(), false),
        (
            "hosts = [\"b.example\", \"a.example\"]",
            other("hosts = [\"c.example\"]"),
            false,
        ),
        ("hosts = [\"b.example\"]", String::new(), true),
        (
            "hosts = [\"b.example\"]",
            other("hosts = [\"a.example\"]"),
            true,
        ),
        (
            "hosts = [\"a.example\"]\npaths = [\"/now/here\"]",
            String::new(),
            true,
        ),
    ] {
        let mut stage = Stage::new();
        let (_lease, open) = stage.open();
        stage.load(|next| next.routes = routes(payroll, &others));
        assert_eq!(stage.closed(&open).is_some(), closed, "{payroll} {others}");
    }
}

#[test]
fn a_look_that_crashes_is_counted_and_followed_by_another() {
    let metrics = Metrics::new().unwrap();
    assert_eq!(look_safely(&metrics, || panic!("on purpose")), PAUSE);
    let told = metrics.render().unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(
        told.contains("crossgate_connection_looks_failed_total 1"),
        "{told}"
    );
    assert_eq!(look_safely(&metrics, || Duration::ZERO), Duration::ZERO);
}

#[test]
fn a_line_that_is_given_back_is_taken_again_and_tells_nothing_of_before() {
    let stage = Stage::new();
    let (lease, open) = stage.open();
    drop(lease);
    assert_eq!(Arc::strong_count(&open), 1);
    let leases: Vec<Lease> = (0..1000).map(|_| stage.connections.lease()).collect();
    let lines = stage.connections.lines.load().len();
    drop(leases);
    let _again: Vec<Lease> = (0..1000).map(|_| stage.connections.lease()).collect();
    assert_eq!(stage.connections.lines.load().len(), lines);
}
