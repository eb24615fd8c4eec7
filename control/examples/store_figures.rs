//! Prints what the store takes for a million partners. Build it for release; the argument is a folder to work in.
#![expect(
    clippy::unwrap_used,
    reason = "figures of a store that fails are of no use"
)]

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::store::{Entry, Share, Sqlite, Store};
use jiff::Timestamp;
use uuid::Uuid;

const PARTNERS: usize = 1_000_000;
const CHANGES: usize = 300;

fn main() {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let path = folder.path().join("store.db");
    let store = Sqlite::open(&path).unwrap();

    let import = entry((0..PARTNERS).map(|_| partner("{}")).collect());
    let bytes: usize = import
        .writes
        .iter()
        .filter_map(|write| write.text.as_ref())
        .map(|text| text.len())
        .sum();
    println!(
        "documents: {PARTNERS} of {} bytes on average",
        bytes / PARTNERS
    );
    let took = timed("import in one append", || store.append(0, &import).unwrap());
    assert_eq!(took.sequence, 1);
    println!(
        "file: {} MB, log: {} MB",
        megabytes(&path),
        megabytes(&beside(&path, "-wal"))
    );

    drop(store);
    println!("file after closing: {} MB", megabytes(&path));
    let store = timed("open", || Sqlite::open(&path).unwrap());
    for round in 0..3 {
        for parts in [1, 2, 4] {
            timed(&format!("each, {parts} shares, round {round}"), || {
                assert_eq!(each(&store, parts), PARTNERS);
            });
        }
    }
    timed("count", || store.count(DocumentKind::Partner).unwrap());
    timed("changed_since, all", || {
        store.changed_since(0).unwrap().0.len()
    });

    let addresses: Vec<_> = import
        .writes
        .iter()
        .step_by(PARTNERS / CHANGES)
        .map(|write| write.address.clone())
        .collect();
    let mut known = 1;
    let mut times: Vec<Duration> = Vec::new();
    for address in addresses.iter().take(CHANGES) {
        let change = entry(vec![Write {
            address: address.clone(),
            text: Some(text(&address.key, r#"{"a":1}"#)),
        }]);
        let begin = Instant::now();
        known = store.append(known, &change).unwrap().sequence;
        times.push(begin.elapsed());
    }
    times.sort();
    let percentile = |part: usize| times.get(CHANGES * part / 100).unwrap();
    println!(
        "one append: p50 {:?}, p99 {:?}",
        percentile(50),
        percentile(99)
    );
    let one = addresses.last().unwrap();
    println!(
        "file: {} MB, log: {} MB",
        megabytes(&path),
        megabytes(&beside(&path, "-wal"))
    );
    many("head", || store.head().unwrap());
    many("get", || store.get(one).unwrap());
    many("history", || store.history(one).unwrap());
    many("changed_since, one change", || {
        store.changed_since(known - 1).unwrap()
    });
    many("page of 100", || {
        store.page(DocumentKind::Partner, Some("8"), 100).unwrap()
    });
    timed("each_at 1", || {
        let mut documents = 0;
        store
            .each_at(DocumentKind::Partner, 1, &mut |_, _| documents += 1)
            .unwrap();
        assert_eq!(documents, PARTNERS);
    });
    timed("verify", || store.verify(None).unwrap());
    let copy = folder.path().join("copy.db");
    timed("backup", || store.backup(&copy).unwrap());
    println!("copy: {} MB", megabytes(&copy));
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status
            .lines()
            .filter(|line| line.starts_with("VmHWM"))
            .for_each(|line| println!("{line}"));
    }
}

fn each(store: &Sqlite, parts: usize) -> usize {
    thread::scope(|scope| {
        let parts: Vec<_> = Share::split(NonZero::new(parts).unwrap())
            .map(|part| {
                scope.spawn(move || {
                    let (mut documents, mut bytes) = (0, 0);
                    store
                        .each(DocumentKind::Partner, part, &mut |key, text| {
                            documents += 1;
                            bytes += key.len() + text.len();
                        })
                        .unwrap();
                    std::hint::black_box(bytes);
                    documents
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    })
}

fn partner(inbound: &str) -> Write {
    let key = Uuid::new_v4().to_string();
    Write {
        text: Some(text(&key, inbound)),
        address: Address::new(DocumentKind::Partner, &key),
    }
}

fn text(key: &str, inbound: &str) -> Box<str> {
    format!(
        r#"{{"tenantId":"{key}","isServiceProvider":false,"inboundTrust":{{"isMfaAccepted":true,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}},"b2bCollaborationInbound":{inbound},"automaticUserConsentSettings":{{"inboundAllowed":false,"outboundAllowed":false}}}}"#
    )
    .into()
}

fn entry(writes: Vec<Write>) -> Entry {
    let id = Uuid::new_v4().to_string();
    Entry {
        at: Timestamp::now(),
        record: format!(r#"{{"id":"{id}"}}"#).into(),
        id: id.into(),
        writes,
    }
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = run();
    println!("{what}: {:?}", begin.elapsed());
    result
}

fn many<T>(what: &str, run: impl Fn() -> T) {
    let begin = Instant::now();
    for _ in 0..1000 {
        std::hint::black_box(run());
    }
    println!("{what}: {:?}", begin.elapsed() / 1000);
}

fn megabytes(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len() >> 20)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}
