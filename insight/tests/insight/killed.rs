//! A writer of the store of sign-ins is killed at any moment, and what it had said is there.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crossgate_insight::sign_ins::{Answer, Asked, Condition, Query, Step, Store};
use crossgate_testkit::sign_ins::Invention;

use crate::filling::{KEEP, until};

const FOLDER: &str = "SIGN_INS_OF_THE_WRITER";

/// Days of few events: a block, a run and the end of a day are never far.
fn invention() -> Invention {
    Invention {
        days: 4,
        tenants: 20,
        users: 300,
        ..Invention::of(400_000, until().as_millisecond())
    }
}

/// The writer. Says after each batch how many events are kept.
#[test]
#[ignore = "started by the test below, which kills it"]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let invention = invention();
    let store = Store::open(folder.as_ref(), KEEP, false).unwrap();
    let mut number = store.sums(&ALL).unwrap().total().events;
    while number < invention.events {
        let mut text = String::new();
        // Of any size, so that blocks are made of what waits and of what comes.
        let last = invention.events.min(number + 1 + number * 7919 % 9000);
        let mut at = 0;
        for number in number..last {
            let event = invention.event(number);
            event.write(&mut text);
            at = event.at;
        }
        store.append(text.as_bytes()).unwrap();
        store
            .tend(jiff::Timestamp::from_millisecond(at).unwrap())
            .unwrap();
        number = last;
        println!("kept {number}");
    }
}

#[test]
fn what_a_killed_writer_kept_is_there_once_and_in_all_sums() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = 0;
    for lines in [1, 2, 4, 7] {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "killed::writes_until_it_is_killed",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(writer.stdout.take().unwrap()).lines();
        let said = said.map_while(Result::ok);
        let numbers = said.filter_map(|line| {
            let (_, number) = line.rsplit_once("kept ")?;
            number.parse::<u64>().ok()
        });
        let last = numbers.take(lines).last().unwrap();
        // In the midst of the next batch.
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(last > kept);
        kept = agreed(&Store::open_to_read(folder.path()).unwrap(), last);
    }
}

/// Events, sums, and sums by day and by who are the same, and what was said is among them.
fn agreed(store: &Store, said: u64) -> u64 {
    let query = Query {
        from: None,
        to: None,
        descending: false,
        after: None,
        condition: Condition::Unknown,
        patience: None,
    };
    let invention = invention();
    let mut number = 0;
    let end = store.walk(&query, &mut |found| {
        let event = invention.event(number);
        assert!(found.line.contains(&event.id), "event {number}");
        number += 1;
        Answer::Hit
    });
    end.unwrap();
    assert!(number >= said, "{number} are there, {said} were kept");
    let sums = store.sums(&ALL).unwrap();
    assert_eq!(sums.total().events, number);
    assert_eq!(sums.who().map(|who| who.sum.events).sum::<u64>(), number);
    let hours = store.sums_by(&ALL, Step::Hour).unwrap();
    let of_hours = hours.iter().map(|(_, sums)| sums.total().events);
    assert_eq!(of_hours.sum::<u64>(), number);
    number
}

const ALL: Asked = Asked {
    from: i64::MIN,
    to: i64::MAX,
    who: true,
};
