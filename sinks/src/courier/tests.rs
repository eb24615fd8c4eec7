//! Couriers and a receiver that answers over HTTP as it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use crossgate_config::{ClientTlsFiles, Form, HttpAuthorization, OnFull, Receiver};
use crossgate_testkit::programs::wait_up_to;

use super::*;
use crate::Sink;

const LIMIT: Duration = Duration::from_secs(20);

/// Refuses every request whose body has the word. An empty one is in all of them.
struct Refusing {
    address: SocketAddr,
    word: Arc<Mutex<String>>,
    requests: Arc<AtomicU64>,
    /// Of these it took so many.
    taken: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Refusing {
    fn start(word: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let word = Arc::new(Mutex::new(word.to_owned()));
        let requests = Arc::new(AtomicU64::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let taken = Arc::new(AtomicU64::new(0));
        let takes = Arc::clone(&taken);
        let (of, count, end) = (Arc::clone(&word), Arc::clone(&requests), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                takes.fetch_add(u64::from(answer(connection, &of)), Ordering::Relaxed);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self {
            address,
            word,
            requests,
            taken,
            over,
            thread: Some(thread),
        }
    }

    fn refuse(&self, word: &str) {
        word.clone_into(&mut self.word.lock().unwrap());
    }

    fn wait_for(&self, requests: u64) {
        let enough = wait_up_to(LIMIT, || {
            (self.requests.load(Ordering::Relaxed) >= requests).then_some(())
        });
        assert!(enough.is_some());
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Whether it was taken.
fn answer(connection: TcpStream, word: &Mutex<String>) -> bool {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let word = word.lock().unwrap_or_else(PoisonError::into_inner);
    let takes = !body.contains(&**word);
    let status = if takes { "200 OK" } else { "400 Bad Request" };
    let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let _ = reader.get_mut().write_all(answer.as_bytes());
    takes
}

#[derive(Clone, Default)]
struct Counted(Arc<[AtomicU64; 2]>);

impl Counted {
    fn both(&self) -> [u64; 2] {
        [0, 1].map(|of| self.0[of].load(Ordering::Relaxed))
    }
}

impl Tally for Counted {
    fn delivered(&self, events: u64) {
        self.0[0].fetch_add(events, Ordering::Relaxed);
    }

    fn rejected(&self, events: u64) {
        self.0[1].fetch_add(events, Ordering::Relaxed);
    }

    fn lost(&self, _: u64) {}

    fn failed(&self) {}
}

fn open(receiver: &Refusing, spool: &Path, batch: usize) -> (Sink, Counted) {
    let counted = Counted::default();
    let sink = open_with(receiver.address, spool, batch, counted.clone());
    (sink, counted)
}

fn open_with(
    receiver: SocketAddr,
    spool: &Path,
    batch: usize,
    tally: impl Tally + 'static,
) -> Sink {
    let settings = Settings {
        name: "test".to_owned(),
        receiver: Receiver::Http {
            address: format!("http://{receiver}/"),
            headers: Vec::new(),
            authorization: HttpAuthorization::None,
            tls: ClientTlsFiles::default(),
        },
        form: Form::Graph,
        receipts: false,
        spool: spool.to_owned(),
        spool_size: 1 << 20,
        on_full: OnFull::Refuse,
        timeout: LIMIT,
        batch,
    };
    Sink::open(&settings, "gw-1", false, tally).unwrap()
}

fn lines(ids: &[&str]) -> Vec<u8> {
    let line = |id: &&str| {
        format!(
            "{{\"id\":\"{id}\",\"createdDateTime\":\"2026-01-02T03:04:05.678Z\",\"crossgate\":{{\"outcome\":\"allow\"}}}}\n"
        )
    };
    ids.iter().map(line).collect::<String>().into_bytes()
}

fn wait_until_empty(sink: &Sink) {
    let status = sink.status();
    assert!(
        wait_up_to(LIMIT, || (status.events() == 0).then_some(())).is_some(),
        "{status:?}"
    );
}

#[test]
fn a_receiver_that_refuses_everything_is_sent_everything_again_and_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["a", "b", "c"])).unwrap();
    // Twice all of it, and each alone.
    receiver.wait_for(10);
    assert_eq!((counted.both(), sink.status().events()), ([0, 0], 3));
    assert!(!folder.path().join("rejected.jsonl").exists());
    receiver.refuse("nothing");
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [3, 0]);
}

#[test]
fn an_event_that_is_refused_is_given_up_when_another_one_is_taken_whatever_the_batch() {
    for batch in [1, 2, 100] {
        let folder = tempfile::tempdir().unwrap();
        let receiver = Refusing::start("bad");
        let (mut sink, counted) = open(&receiver, folder.path(), batch);
        sink.append(&lines(&["bad-1"])).unwrap();
        receiver.wait_for(2);
        assert_eq!((counted.both(), sink.status().events()), ([0, 0], 1));
        sink.append(b"no event\n").unwrap();
        sink.append(&lines(&["good-1", "bad-2"])).unwrap();
        sink.append(&lines(&["good-2"])).unwrap();
        wait_until_empty(&sink);
        assert_eq!(counted.both(), [2, 3], "batches of {batch}");
        let kept = std::fs::read_to_string(folder.path().join("rejected.jsonl")).unwrap();
        for one in ["bad-1", "no event", "bad-2"] {
            assert_eq!(kept.matches(one).count(), 1, "{kept}");
        }
        assert!(!kept.contains("good"), "{kept}");
    }
}

#[test]
fn a_batch_of_refused_events_is_given_up_where_what_was_taken_before_is_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("bad");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["good-1"])).unwrap();
    wait_until_empty(&sink);
    sink.append(&lines(&["bad-1", "bad-2", "bad-3"])).unwrap();
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [1, 3]);
    let kept = std::fs::read_to_string(folder.path().join("given-up.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 3, "{kept}");
    assert!(!folder.path().join("rejected.jsonl").exists());
    let taken = folder.path().join("taken.json");
    assert!(taken.exists(), "for the next batch, which may be as bad");
    // Three rounds of all, two halves, of which one is halved again, and the one that was taken; and that one at first.
    assert_eq!(receiver.requests.load(Ordering::Relaxed), 1 + 3 * 6);
    sink.append(&lines(&["good-2"])).unwrap();
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [2, 3]);
    assert!(!taken.exists());
}

#[test]
fn nothing_is_asked_of_a_receiver_twice_while_there_is_no_room_for_what_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("bad");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["good"])).unwrap();
    wait_until_empty(&sink);
    let file = folder.path().join("given-up.jsonl");
    std::fs::write(&file, vec![b' '; 2 << 20]).unwrap();
    sink.append(&lines(&["bad"])).unwrap();
    receiver.wait_for(1 + 3);
    assert_eq!(counted.both(), [1, 0]);
    assert_eq!(receiver.taken.load(Ordering::Relaxed), 1);
    std::fs::remove_file(&file).unwrap();
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [1, 1]);
}

#[test]
fn what_was_given_up_stays_however_much_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("bad");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["good-1"])).unwrap();
    wait_until_empty(&sink);
    sink.append(&lines(&["bad-batch"])).unwrap();
    wait_until_empty(&sink);
    // Each beside one that is taken: more than both files of rejected ones hold.
    let long = format!("bad-{}", "x".repeat(50_000));
    for _ in 0..100 {
        sink.append(&lines(&["good", &long])).unwrap();
        wait_until_empty(&sink);
    }
    assert_eq!(counted.both(), [101, 101]);
    assert!(folder.path().join("rejected.older.jsonl").exists());
    let kept = std::fs::read_to_string(folder.path().join("given-up.jsonl")).unwrap();
    assert_eq!(kept.matches("bad-batch").count(), 1, "{kept}");
    assert_eq!(kept.lines().count(), 1, "{kept}");
}

#[test]
fn a_batch_of_large_events_is_given_up_in_a_small_spool_too() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("bad");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["good"])).unwrap();
    wait_until_empty(&sink);
    let long = format!("bad-{}", "x".repeat(60_000));
    // Of the spool's megabyte.
    sink.append(&lines(&[&*long; 13])).unwrap();
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [1, 13]);
}

#[test]
fn a_receiver_that_took_events_and_then_refuses_everything_is_sent_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("nothing");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["a"])).unwrap();
    wait_until_empty(&sink);
    // As with a certificate that has expired, or a stream that was renamed.
    receiver.refuse("");
    sink.append(&lines(&["b"])).unwrap();
    // Of each round two.
    receiver.wait_for(1 + 2 * 4);
    assert_eq!((counted.both(), sink.status().events()), ([1, 0], 1));
    assert!(!folder.path().join("rejected.jsonl").exists());
    receiver.refuse("nothing");
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [2, 0]);
}

#[test]
fn what_was_taken_before_tells_the_next_process_too() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("bad");
    let (mut sink, counted) = open(&receiver, folder.path(), 100);
    sink.append(&lines(&["good"])).unwrap();
    wait_until_empty(&sink);
    receiver.refuse("");
    sink.append(&lines(&["bad"])).unwrap();
    receiver.wait_for(3);
    drop(sink);
    assert_eq!(counted.both(), [1, 0]);
    receiver.refuse("bad");
    let (sink, counted) = open(&receiver, folder.path(), 100);
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [0, 1]);
}

/// Does something when the first event is delivered.
struct AtFirst<F>(F, AtomicBool);

impl<F: Fn() + Send> Tally for AtFirst<F> {
    fn delivered(&self, _: u64) {
        if !self.1.swap(true, Ordering::Relaxed) {
            (self.0)();
        }
    }

    fn rejected(&self, _: u64) {}

    fn lost(&self, _: u64) {}

    fn failed(&self) {}
}

#[test]
fn a_panic_ends_a_session_and_not_the_sink() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("nothing");
    let panics = AtFirst(|| panic!("on purpose"), AtomicBool::new(false));
    let mut sink = open_with(receiver.address, folder.path(), 10, panics);
    sink.append(&lines(&["a", "b"])).unwrap();
    wait_until_empty(&sink);
}

#[test]
fn the_end_waits_for_nothing_that_cannot_be_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("nothing");
    // As the system does that looks up a name.
    let hangs = || {
        drop(tokio::task::spawn_blocking(|| {
            std::thread::sleep(3 * LIMIT)
        }))
    };
    let mut sink = open_with(
        receiver.address,
        folder.path(),
        10,
        AtFirst(hangs, AtomicBool::new(false)),
    );
    sink.append(&lines(&["a", "b"])).unwrap();
    wait_until_empty(&sink);
    let begun = std::time::Instant::now();
    drop(sink);
    assert!(begun.elapsed() < LIMIT);
}

#[test]
fn what_another_process_has_left_is_found_while_the_receiver_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("");
    let (mut sink, counted) = open(&receiver, folder.path(), 10);
    sink.append(&lines(&["a"])).unwrap();
    let status = Arc::new(Status::default());
    let mut other = crate::spool::Spool::open(folder.path(), 1 << 20, false, &status).unwrap();
    other.appender.append(&lines(&["b", "c"])).unwrap();
    drop(other);
    let found = wait_up_to(LIMIT, || (sink.status().events() == 3).then_some(()));
    assert!(found.is_some());
    receiver.refuse("nothing");
    wait_until_empty(&sink);
    assert_eq!(counted.both(), [3, 0]);
}

#[test]
fn a_sink_that_is_told_ends_before_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody answers there: connections wait in its queue.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let mut sink = open_with(address, folder.path(), 10, Counted::default());
    sink.append(&lines(&["a"])).unwrap();
    sink.end();
    let is_over = || sink.thread.as_ref().unwrap().is_finished();
    assert!(wait_up_to(LIMIT, || is_over().then_some(())).is_some());
}

/// Ends another process at the first event, and counts streams at the three thousandth.
struct Handover {
    other: Mutex<Option<crate::spool::Spool>>,
    folder: std::path::PathBuf,
    delivered: AtomicU64,
    streams: Arc<AtomicU64>,
}

impl Tally for Handover {
    fn delivered(&self, events: u64) {
        let before = self.delivered.fetch_add(events, Ordering::Relaxed);
        drop(self.other.lock().unwrap().take());
        if before < 3_000 && before + events >= 3_000 {
            let entries = std::fs::read_dir(&self.folder).unwrap();
            let folders = entries.filter(|entry| entry.as_ref().unwrap().path().is_dir());
            self.streams
                .store(folders.count() as u64, Ordering::Relaxed);
        }
    }

    fn rejected(&self, _: u64) {}

    fn lost(&self, _: u64) {}

    fn failed(&self) {}
}

#[test]
fn what_another_process_has_left_is_found_however_much_there_is_to_send() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Refusing::start("nothing");
    let status = Arc::new(Status::default());
    let mut other = crate::spool::Spool::open(folder.path(), 1 << 20, false, &status).unwrap();
    other.appender.append(&lines(&["left"])).unwrap();
    let streams = Arc::new(AtomicU64::new(0));
    let tally = Handover {
        other: Mutex::new(Some(other)),
        folder: folder.path().to_owned(),
        delivered: AtomicU64::new(0),
        streams: Arc::clone(&streams),
    };
    let mut sink = open_with(receiver.address, folder.path(), 100, tally);
    let ids: Vec<String> = (0..4_000).map(|number| format!("e-{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    sink.append(&lines(&ids)).unwrap();
    wait_until_empty(&sink);
    let found = streams.load(Ordering::Relaxed);
    assert_eq!(found, 1, "found, sent and deleted before the end");
}
