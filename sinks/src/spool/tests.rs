use std::fs;

use super::*;

const SIZE: u64 = 1 << 20;

fn open(folder: &Path) -> (Spool, Arc<Status>) {
    let status = Arc::new(Status::default());
    (Spool::open(folder, SIZE, false, &status).unwrap(), status)
}

fn lines(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let lines = numbers.into_iter().map(|number| {
        format!(
            "{{\"number\":{number},\"filler\":\"{}\"}}\n",
            "x".repeat(200)
        )
    });
    lines.collect::<String>().into_bytes()
}

fn numbers(batch: &Batch) -> Vec<u64> {
    let number = |event: &Spooled| {
        let value: serde_json::Value = serde_json::from_slice(&event.line).unwrap();
        value["number"].as_u64().unwrap()
    };
    batch.events.iter().map(number).collect()
}

/// Takes everything there is, in batches of seven.
fn drain(source: &mut Source) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        let batch = source.batch(7, 1 << 20).unwrap();
        if batch.events.is_empty() && batch.lost == 0 {
            return all;
        }
        all.extend(numbers(&batch));
        source.acknowledge(batch.next).unwrap();
    }
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let stream = folders(folder).unwrap().pop().unwrap();
    let firsts = segment::all(&stream).unwrap();
    firsts
        .into_iter()
        .map(|first| segment::path(&stream, first))
        .collect()
}

#[test]
fn events_come_in_order_and_again_until_they_are_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, status) = open(folder.path());
    spool.appender.append(&lines(1..=10)).unwrap();
    for _ in 0..2 {
        let batch = spool.source.batch(4, 1 << 20).unwrap();
        assert_eq!(numbers(&batch), [1, 2, 3, 4]);
        assert_eq!(batch.events[3].sequence, 4);
    }
    spool.source.acknowledge(3).unwrap();
    assert_eq!(status.events(), 8);
    assert!(status.oldest().is_some());
    assert_eq!(drain(&mut spool.source), (3..=10).collect::<Vec<_>>());
    assert_eq!((status.events(), status.oldest()), (0, None));
}

#[test]
fn what_a_process_left_behind_is_sent_by_the_next_one_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3_u64 {
        let (mut spool, status) = open(folder.path());
        assert_eq!(status.events(), round * 5);
        spool
            .appender
            .append(&lines(round * 10..round * 10 + 10))
            .unwrap();
        let batch = spool.source.batch(5, 1 << 20).unwrap();
        assert_eq!(batch.events[0].sequence, round * 5 + 1);
        assert_eq!(numbers(&batch)[0], round * 5);
        spool.source.acknowledge(batch.next).unwrap();
    }
    let (mut spool, _) = open(folder.path());
    assert_eq!(drain(&mut spool.source), (15..30).collect::<Vec<_>>());
    assert_eq!(folders(folder.path()).unwrap().len(), 1);
}

#[test]
fn what_is_delivered_makes_room_and_a_full_spool_takes_what_fits() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, status) = open(folder.path());
    let all = lines(0..6_000);
    let failed = spool.appender.append(&all).unwrap_err();
    assert_eq!(failed.error.kind(), io::ErrorKind::StorageFull);
    assert!(
        failed.error.to_string().contains("is full"),
        "{}",
        failed.error
    );
    assert!(status.bytes() <= SIZE && status.bytes() > SIZE - 1024);
    assert_eq!(all[failed.written - 1], b'\n');
    let taken = status.events();
    let batch = spool.source.batch(1_000, 1 << 20).unwrap();
    spool.source.acknowledge(batch.next).unwrap();
    let batch = spool.source.batch(1, 1 << 20).unwrap();
    spool.source.acknowledge(batch.next).unwrap();
    let rest = spool.appender.append(&all[failed.written..]).unwrap_err();
    assert!(rest.written > 0, "{} of {SIZE}", status.bytes());
    let mut got = drain(&mut spool.source);
    assert_eq!(got.remove(0), 1_001);
    assert!(got.len() as u64 > taken - 1_001);
    assert!(got.is_sorted());
    spool
        .appender
        .append(
            &all[failed.written + rest.written..]
                [..(all.len() - failed.written - rest.written).min(230)],
        )
        .unwrap();
}

#[test]
fn a_write_that_was_torn_by_a_crash_is_cut_off_and_the_rest_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(folder.path());
    spool.appender.append(&lines(0..10)).unwrap();
    drop(spool);
    let segment = segments(folder.path()).pop().unwrap();
    let whole = fs::read(&segment).unwrap();
    for cut in [1, 15, 100, 200] {
        fs::write(&segment, &whole[..whole.len() - cut]).unwrap();
        let (mut spool, status) = open(folder.path());
        assert_eq!(status.events(), 9);
        let batch = spool.source.batch(100, 1 << 20).unwrap();
        assert_eq!(numbers(&batch), (0..9).collect::<Vec<_>>());
        spool.appender.append(&lines([77])).unwrap();
        let batch = spool.source.batch(100, 1 << 20).unwrap();
        assert_eq!(numbers(&batch)[9], 77);
        assert_eq!(batch.events[9].sequence, 10);
    }
}

#[test]
fn a_damaged_event_is_no_torn_end_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(folder.path());
    spool.appender.append(&lines(0..100)).unwrap();
    drop(spool);
    let segment = segments(folder.path()).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let size = bytes.len();
    bytes[size / 2] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let (mut spool, status) = open(folder.path());
    assert_eq!(status.events(), 100, "none is forgotten");
    spool.appender.append(&lines([100])).unwrap();
    let batch = spool.source.batch(1_000, 1 << 20).unwrap();
    let good = batch.next - 1;
    assert_eq!(numbers(&batch), (0..good).collect::<Vec<_>>());
    spool.source.acknowledge(batch.next).unwrap();
    let batch = spool.source.batch(1_000, 1 << 20).unwrap();
    assert_eq!(batch.lost, 100 - good);
    spool.source.acknowledge(batch.next).unwrap();
    let batch = spool.source.batch(1_000, 1 << 20).unwrap();
    assert_eq!(
        (numbers(&batch), batch.events[0].sequence),
        (vec![100], 101)
    );
    let kept = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|name| name == "damaged"));
    assert_eq!(fs::read(kept.unwrap()).unwrap().len(), size);
}

#[test]
fn what_a_disk_has_damaged_is_counted_as_lost_and_what_is_behind_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, status) = open(folder.path());
    // Several segments, of some 280 events each.
    spool.appender.append(&lines(0..1_000)).unwrap();
    let files = segments(folder.path());
    assert!(files.len() >= 3, "{files:?}");
    let mut bytes = fs::read(&files[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[1], bytes).unwrap();
    // The very first event of the last one, which is still written.
    let last = files.last().unwrap();
    let mut bytes = fs::read(last).unwrap();
    bytes[20] ^= 1;
    fs::write(last, bytes).unwrap();
    let (mut got, mut lost) = (Vec::new(), 0);
    loop {
        let batch = spool.source.batch(100, 1 << 20).unwrap();
        if batch.events.is_empty() && batch.lost == 0 {
            break;
        }
        got.extend(numbers(&batch));
        lost += batch.lost;
        spool.source.acknowledge(batch.next).unwrap();
    }
    assert_eq!(got.len() as u64 + lost, 1_000);
    assert!(
        got.is_sorted() && lost > 0 && got.len() > 400,
        "{}",
        got.len()
    );
    assert_eq!(status.events(), 0);
    spool.appender.append(&lines(1_000..1_010)).unwrap();
    assert_eq!(drain(&mut spool.source), (1_000..1_010).collect::<Vec<_>>());
}

#[test]
fn two_processes_that_hand_over_have_a_stream_each_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (mut old, _) = open(folder.path());
    old.appender.append(&lines(0..5)).unwrap();
    // Both stand at the same number.
    let batch = old.source.batch(2, 1 << 20).unwrap();
    old.source.acknowledge(batch.next).unwrap();
    let (mut new, status) = open(folder.path());
    new.appender.append(&lines(10..12)).unwrap();
    old.appender.append(&lines(5..8)).unwrap();
    assert_eq!(drain(&mut new.source), [10, 11]);
    new.source.look_around().unwrap();
    assert_eq!(drain(&mut new.source), [0; 0], "the old one has them");
    drop(old);
    new.source.look_around().unwrap();
    assert_eq!(status.events(), 6);
    new.appender.append(&lines([13])).unwrap();
    assert_eq!(drain(&mut new.source), [2, 3, 4, 5, 6, 7, 13]);
    new.appender.append(&lines([14])).unwrap();
    assert_eq!(drain(&mut new.source), [14]);
    assert_eq!(folders(folder.path()).unwrap().len(), 1);
}

#[test]
fn rejected_events_take_nothing_of_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(folder.path());
    fs::write(folder.path().join("rejected.jsonl"), "x".repeat(1 << 20)).unwrap();
    spool.appender.append(&lines([1])).unwrap();
}

#[test]
fn a_stream_is_nobody_elses_as_long_as_somebody_appends_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (Spool { appender, source }, _) = open(folder.path());
    drop(source);
    let (other, _) = open(folder.path());
    assert_eq!(folders(folder.path()).unwrap().len(), 2);
    drop((appender, other));
    open(folder.path());
    assert_eq!(folders(folder.path()).unwrap().len(), 2);
}

#[test]
fn a_folder_that_is_gone_meanwhile_is_no_stream_and_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let status = Arc::new(Status::default());
    let gone = folder.path().join("0198");
    assert!(Stream::open(gone, false, &status).unwrap().is_none());
}

#[test]
fn a_process_begins_whatever_another_one_deletes_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let (mut other, _) = open(folder.path());
    let over = std::sync::atomic::AtomicBool::new(false);
    let is_over = || over.load(std::sync::atomic::Ordering::Relaxed);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over() {
                // Either of them may be late; what counts is that it comes up.
                let _ = other.source.look_around();
                let _ = other.source.batch(1, 1);
            }
        });
        for _ in 0..200 {
            let status = Arc::new(Status::default());
            let begun = Spool::open(folder.path(), SIZE, false, &status).map(drop);
            if begun.is_err() {
                over.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            begun.unwrap();
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn with_sync_the_disk_confirms_new_folders_and_what_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().join("spools").join("siem");
    let status = Arc::new(Status::default());
    let Spool {
        mut appender,
        mut source,
    } = Spool::open(&spool, SIZE, true, &status).unwrap();
    let stream = folders(&spool).unwrap().pop().unwrap();
    let confirmed = durable::tests::confirmed();
    let above = [folder.path().to_owned(), folder.path().join("spools")];
    let made = [spool.clone(), stream.clone(), stream.join("delivered")];
    for one in above.iter().chain(&made) {
        assert!(confirmed.contains(one), "{one:?} of {confirmed:?}");
    }
    appender.append(&lines([1])).unwrap();
    assert!(durable::tests::confirmed().contains(&stream));
    let batch = source.batch(1, 1 << 20).unwrap();
    source.acknowledge(batch.next).unwrap();
    assert_eq!(durable::tests::confirmed(), [stream.join("delivered")]);
    drop((appender, source));
    let (mut spool, _) = open(&spool);
    spool.appender.append(&lines([2])).unwrap();
    let batch = spool.source.batch(1, 1 << 20).unwrap();
    spool.source.acknowledge(batch.next).unwrap();
    assert_eq!(durable::tests::confirmed(), [] as [PathBuf; 0]);
}

#[test]
fn what_was_kept_aside_takes_room_until_somebody_takes_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, status) = open(folder.path());
    spool.appender.append(&lines(0..100)).unwrap();
    let before = status.bytes();
    let segment = segments(folder.path()).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[20] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let batch = spool.source.batch(1_000, 1 << 20).unwrap();
    assert_eq!(batch.lost, 100);
    spool.source.acknowledge(batch.next).unwrap();
    assert_eq!(status.bytes(), before);
    drop(spool);
    let (mut spool, status) = open(folder.path());
    assert_eq!(status.bytes(), before);
    let kept = fs::read_dir(folder.path()).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    let kept = kept.filter(|path| path.extension().is_some_and(|name| name == "damaged"));
    kept.for_each(|path| fs::remove_file(path).unwrap());
    spool.source.look_around().unwrap();
    assert_eq!(status.bytes(), 0);
}

#[test]
fn what_waits_in_a_spool_is_told_without_taking_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(folder.path());
    spool.appender.append(&lines(0..10)).unwrap();
    let batch = spool.source.batch(4, 1 << 20).unwrap();
    spool.source.acknowledge(batch.next).unwrap();
    assert_eq!(waiting(folder.path()).unwrap(), 6);
    drop(spool);
    assert_eq!(waiting(folder.path()).unwrap(), 6);
    let (mut spool, _) = open(folder.path());
    drain(&mut spool.source);
    assert_eq!(waiting(folder.path()).unwrap(), 0);
}

/// Damages a whole stream, and lets the source find it.
fn damage_all(folder: &Path) {
    let (mut spool, _) = open(folder);
    spool.appender.append(&lines(0..300)).unwrap();
    for segment in segments(folder) {
        let mut bytes = fs::read(&segment).unwrap();
        bytes[20] ^= 1;
        fs::write(&segment, &bytes).unwrap();
    }
    drain(&mut spool.source);
}

#[test]
fn a_disk_that_goes_on_damaging_leaves_room_and_what_it_takes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.damaged"), "x").unwrap();
    let damaged = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|name| name == "damaged"))
            .collect();
        paths.sort();
        paths
    };
    let mut latest = None;
    for _ in 0..10 {
        damage_all(folder.path());
        latest = damaged().into_iter().rfind(|path| damaged::is_ours(path));
    }
    let (mut spool, status) = open(folder.path());
    assert!(
        status.damaged() > SIZE / 8 && status.damaged() <= SIZE / 4,
        "{status:?}"
    );
    assert!(status.bytes() <= SIZE / 2, "{status:?}");
    let left = damaged();
    // The latest stays, and so does what is no file of ours.
    assert!(left.contains(&latest.unwrap()), "{left:?}");
    assert!(left.contains(&folder.path().join("mine.damaged")));
    let full = spool.appender.append(&lines(0..6_000)).unwrap_err().error;
    let words = full.to_string();
    assert!(
        words.contains("*.damaged") && words.contains(&status.damaged().to_string()),
        "{words}"
    );
    for path in left {
        fs::remove_file(path).unwrap();
    }
    spool.source.look_around().unwrap();
    assert_eq!(status.damaged(), 0);
    let full = spool.appender.append(&lines(0..6_000)).unwrap_err().error;
    assert!(!full.to_string().contains("damaged"), "{full}");
}
