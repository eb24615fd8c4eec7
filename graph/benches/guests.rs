//! What a million guest records cost, of tenants' guests and of those who sign in by mail or a social account: prints load from a
//! file and from a store, memory, and the change of one.
#![expect(
    clippy::expect_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a program that prints figures"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crossgate_graph::{Change, DocumentKind, Documents, PolicyFile, Standing, load};
use crossgate_policy::ids::{Cloud, Guid, TenantId};
use crossgate_policy::snapshot::OwnTenant;

const GUESTS: u64 = 1_000_000;

/// Documents in memory, by number.
struct Written {
    text: String,
    /// Where each document ends.
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Tenants,
    Mailboxes,
}

/// A GUID as it is drawn: no two of them stand in an order.
fn guid(kind: u64, number: u64) -> Guid {
    let mixed = |number: u64| {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from(number ^ (number >> 31))
    };
    let seed = number * 8 + kind * 2;
    Guid::from_u128(mixed(seed) << 64 | mixed(seed + 1))
}

fn guest(number: u64, user: u64, of: Of) -> String {
    let id = guid(0, number);
    match of {
        Of::Tenants => format!(
            r#"{{"id":"{id}","userType":"Guest","crossgate":{{"homeTenantId":"{}","homeUserId":"{}"}}}}"#,
            guid(1, user % 1_000),
            guid(2, user)
        ),
        Of::Mailboxes => format!(
            r#"{{"id":"{id}","userType":"Guest","mail":"guest.{user}@fabrikam.example","identities":[{{"signInType":"federated","issuer":"google.com","issuerAssignedId":"{}"}}]}}"#,
            100_000_000_000_000_000_000_u128 + u128::from(user)
        ),
    }
}

impl Written {
    fn new(of: Of) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for number in 0..GUESTS {
            text.push_str(&guest(number, number, of));
            ends.push(text.len());
            text.push('\n');
        }
        Self { text, ends }
    }
}

impl Documents for Written {
    type Error = Infallible;

    fn each(
        &self,
        kind: DocumentKind,
        (share, of): (usize, usize),
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), Infallible> {
        if kind != DocumentKind::Guest {
            return Ok(());
        }
        let mut begin = 0;
        for (number, end) in self.ends.iter().enumerate() {
            if let Some(text) = self.text.get(begin..*end).filter(|_| number % of == share) {
                take(text.get(7..43).unwrap_or_default(), text);
            }
            begin = end + 1;
        }
        Ok(())
    }

    fn get(&self, _: DocumentKind, _: &str) -> Result<Option<Box<str>>, Infallible> {
        Ok(None)
    }
}

/// Bytes in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// The processor time of all threads so far.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    let hundredths: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(hundredths * 10)
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get((times.len() - 1) * share / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "  {what}: least {:?}, p50 {:?}, p99 {:?}, most {:?}",
        at(0),
        at(50),
        at(99),
        at(100)
    );
}

fn loaded<T>(from: &str, load: impl Fn() -> T) {
    const TIMES: u32 = 7;
    let (mut times, before) = (Vec::new(), processor());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let loaded = load();
        times.push(begun.elapsed());
        drop(loaded);
    }
    let each = (processor() - before) / TIMES;
    told(&format!("load from a {from}"), times);
    println!("  load from a {from} and give up: {each:?} of processors");
}

fn main() {
    let own = OwnTenant {
        id: TenantId(Guid::from_u128(1)),
        cloud: Cloud::Global,
        domains: Box::new([]),
    };
    // What is asked for alone is measured with all memory to itself.
    let asked = std::env::args().find_map(|argument| match &*argument {
        "tenants" => Some(vec![Of::Tenants]),
        "mailboxes" => Some(vec![Of::Mailboxes]),
        _ => None,
    });
    let all = vec![Of::Tenants, Of::Mailboxes];
    for of in asked.unwrap_or(all) {
        println!("{GUESTS} guests of {of:?}");
        let source = Written::new(of);
        let before = resident();
        let begun = Instant::now();
        let mut standing = Standing::load(&own, &source).expect("documents in order");
        println!(
            "  first load from a store: {:?}, {} bytes each",
            begun.elapsed(),
            (resident() - before) / GUESTS
        );
        let file = PolicyFile {
            path: "guests.jsonl",
            text: &source.text,
        };
        loaded("store", || {
            Standing::load(&own, &source).expect("documents in order")
        });
        loaded("file", || load(&[file], &own).expect("a file in order"));
        let (mut proposed, mut given_up) = (Vec::new(), Vec::new());
        let mut in_force = standing.compiled();
        for round in 0..2_000_u64 {
            let number = round * 7_919 % GUESTS;
            let key = guid(0, number + round % 3 / 2 * GUESTS).to_string();
            let text = guest(number + round % 3 / 2 * GUESTS, GUESTS + round, of);
            let change = Change {
                kind: DocumentKind::Guest,
                key: &key,
                // One is removed, one replaced, and one added.
                text: (round % 3 > 0).then_some(&text),
            };
            let begun = Instant::now();
            let proposal = standing
                .propose(&[change], &source)
                .expect("a change in order");
            let next = proposal.compiled();
            standing.accept(proposal);
            proposed.push(begun.elapsed());
            let begun = Instant::now();
            in_force = next;
            given_up.push(begun.elapsed());
        }
        black_box(&in_force);
        told("propose, compile and accept one guest", proposed);
        told("give up the old snapshot", given_up);
    }
}
