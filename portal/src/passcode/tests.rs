use std::collections::HashSet;
use std::net::IpAddr;

use super::*;

const NOW: u64 = 1_000_000;

/// Limits of which only those of a single code can be reached.
const MANY: Limits = Limits {
    seconds: 30 * 60,
    tries: 5,
    per_address: ENOUGH,
    per_attempt: ENOUGH,
    per_client: ENOUGH,
    most_kept: 1000,
};

const ENOUGH: Rate = Rate {
    most: usize::MAX,
    seconds: 60 * 60,
};

fn with(limits: Limits) -> Passcodes {
    Passcodes::new(&[7; KEY], limits)
}

fn passcodes() -> Passcodes {
    with(Limits::default())
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn ada() -> Address {
    address("ada@contoso.example")
}

fn client(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// What is mailed to Ada when she asks.
fn code(passcodes: &Passcodes, attempt: &str, now: u64) -> Option<String> {
    let asked = passcodes.ask(&ada(), attempt, None, true, now).unwrap();
    asked.send.map(|code| code.as_str().to_owned())
}

/// Another code than this one: the next number.
fn not(code: &str) -> String {
    let number: u64 = code.parse().unwrap();
    format!("{:08}", (number + 1) % 100_000_000)
}

#[test]
fn the_limits_are_those_that_people_are_told_of() {
    let limits = Limits::default();
    assert_eq!((limits.seconds, limits.tries), (1800, 5));
    let rates = [limits.per_address, limits.per_attempt, limits.per_client];
    assert_eq!(rates.map(|rate| rate.most), [5, 3, 20]);
    assert_eq!((rates[0].seconds, rates[2].seconds), (3600, 3600));
    assert_eq!(limits.most_kept, 100_000);
}

#[test]
fn a_code_is_eight_digits_and_no_two_are_the_same() {
    let codes: HashSet<String> = (0..200)
        .map(|_| Code::new().unwrap().as_str().to_owned())
        .collect();
    assert!(codes.len() > 195);
    for code in codes {
        assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()));
    }
}

#[test]
fn a_code_lets_in_once() {
    let passcodes = passcodes();
    let code = code(&passcodes, "a", NOW).unwrap();
    assert_eq!(passcodes.tell(&ada(), "a", &code, NOW), Ok(()));
    assert_eq!(passcodes.tell(&ada(), "a", &code, NOW), Err(Wrong));
    assert!(passcodes.is_empty());
}

#[test]
fn of_many_who_tell_the_same_code_at_once_one_gets_in() {
    let passcodes = with(Limits { tries: 100, ..MANY });
    let code = code(&passcodes, "a", NOW).unwrap();
    let told = std::thread::scope(|scope| {
        let tell = || passcodes.tell(&ada(), "a", &code, NOW).is_ok();
        let all: Vec<_> = (0..8).map(|_| scope.spawn(tell)).collect();
        all.into_iter()
            .map(|one| one.join().unwrap())
            .filter(|it| *it)
            .count()
    });
    assert_eq!(told, 1);
}

#[test]
fn a_code_counts_for_thirty_minutes() {
    let passcodes = passcodes();
    let late = code(&passcodes, "a", NOW).unwrap();
    let in_time = code(&passcodes, "b", NOW).unwrap();
    assert_eq!(passcodes.tell(&ada(), "b", &in_time, NOW + 1799), Ok(()));
    assert_eq!(passcodes.tell(&ada(), "a", &late, NOW + 1800), Err(Wrong));
    // A clock that is set back does not bring it back.
    assert_eq!(passcodes.tell(&ada(), "a", &late, NOW), Err(Wrong));
}

#[test]
fn the_fifth_try_may_be_the_right_one_and_after_five_the_code_is_dead() {
    let passcodes = passcodes();
    let fifth = code(&passcodes, "a", NOW).unwrap();
    let sixth = code(&passcodes, "b", NOW).unwrap();
    for _ in 0..4 {
        assert_eq!(passcodes.tell(&ada(), "a", &not(&fifth), NOW), Err(Wrong));
        assert_eq!(passcodes.tell(&ada(), "b", &not(&sixth), NOW), Err(Wrong));
    }
    assert_eq!(passcodes.tell(&ada(), "a", &fifth, NOW), Ok(()));
    assert_eq!(passcodes.tell(&ada(), "b", &not(&sixth), NOW), Err(Wrong));
    assert_eq!(passcodes.tell(&ada(), "b", &sixth, NOW), Err(Wrong));
    assert!(passcodes.is_empty());
}

#[test]
fn what_cannot_be_a_code_is_a_try_too() {
    let passcodes = passcodes();
    let code = code(&passcodes, "a", NOW).unwrap();
    let long = "1".repeat(100_000);
    for odd in ["", "1234567", &format!("{code}0"), &long, "--------"] {
        assert_eq!(passcodes.tell(&ada(), "a", odd, NOW), Err(Wrong));
    }
    assert_eq!(passcodes.tell(&ada(), "a", &code, NOW), Err(Wrong));
}

#[test]
fn a_code_may_be_typed_with_spaces() {
    let passcodes = passcodes();
    let code = code(&passcodes, "a", NOW).unwrap();
    let spaced = format!(" {} {}\n", &code[..4], &code[4..]);
    assert_eq!(passcodes.tell(&ada(), "a", &spaced, NOW), Ok(()));
}

#[test]
fn the_newest_code_replaces_the_one_before() {
    let passcodes = passcodes();
    let old = code(&passcodes, "a", NOW).unwrap();
    let new = code(&passcodes, "a", NOW + 1).unwrap();
    assert_eq!(passcodes.len(), 1);
    assert_eq!(passcodes.tell(&ada(), "a", &old, NOW + 2), Err(Wrong));
    assert_eq!(passcodes.tell(&ada(), "a", &new, NOW + 2), Ok(()));
}

#[test]
fn the_code_before_counts_on_where_a_limit_let_no_other_be_sent() {
    let passcodes = passcodes();
    let sent: Vec<String> = (0..3).filter_map(|_| code(&passcodes, "a", NOW)).collect();
    assert_eq!(sent.len(), 3);
    assert_eq!(code(&passcodes, "a", NOW), None);
    assert_eq!(passcodes.tell(&ada(), "a", &sent[2], NOW), Ok(()));
}

#[test]
fn another_browser_cannot_use_the_code_nor_another_address() {
    let passcodes = passcodes();
    let code = code(&passcodes, "a", NOW).unwrap();
    let eve = address("eve@contoso.example");
    let asked = passcodes.ask(&eve, "b", None, true, NOW).unwrap();
    assert!(asked.send.is_some());
    for (address, attempt) in [(&ada(), "b"), (&ada(), ""), (&eve, "a"), (&eve, "b")] {
        assert_eq!(passcodes.tell(address, attempt, &code, NOW), Err(Wrong));
    }
    // Nor can they use up its tries.
    for _ in 0..10 {
        assert_eq!(passcodes.tell(&ada(), "b", &not(&code), NOW), Err(Wrong));
    }
    assert_eq!(passcodes.tell(&ada(), "a", &code, NOW), Ok(()));
}

#[test]
fn an_address_and_a_sign_in_do_not_run_into_each_other() {
    let passcodes = passcodes();
    let asked = passcodes.ask(&address("ada@a.com"), "mx", None, true, NOW);
    let code = asked.unwrap().send.unwrap();
    let other = address("ada@a.comm");
    assert_eq!(passcodes.tell(&other, "x", code.as_str(), NOW), Err(Wrong));
}

#[test]
fn capital_letters_make_no_other_address() {
    let passcodes = passcodes();
    let spelled = address("ADA@Contoso.example");
    let code = code(&passcodes, "a", NOW).unwrap();
    assert_eq!(passcodes.tell(&spelled, "a", &code, NOW), Ok(()));
    for attempt in ["b", "c", "d", "e"] {
        let asked = passcodes.ask(&spelled, attempt, None, true, NOW).unwrap();
        assert!(asked.send.is_some());
    }
    assert!(self::code(&passcodes, "f", NOW).is_none());
}

#[test]
fn an_address_is_sent_five_in_any_hour_whoever_asks() {
    let passcodes = passcodes();
    let ask = |number: u64, now| code(&passcodes, &format!("attempt {number}"), now).is_some();
    for number in 0..5 {
        assert!(ask(number, NOW + 1000 * number.min(2)));
    }
    assert!(!ask(5, NOW + 2000));
    assert!(!ask(6, NOW + 3599));
    // The first one is an hour old, and then the second.
    assert!(ask(7, NOW + 3600));
    assert!(!ask(8, NOW + 4599));
    assert!(ask(9, NOW + 4600));
    // Those that were not sent do not count.
    assert!((10..13).all(|number| ask(number, NOW + 5600)));
    // A clock that was set back gives nobody more.
    assert!(!ask(13, NOW));
}

#[test]
fn a_sign_in_is_sent_three_whatever_addresses_it_asks_for() {
    let passcodes = passcodes();
    let ask = |name: &str, known, now| {
        let address = address(&format!("{name}@contoso.example"));
        let asked = passcodes.ask(&address, "a", None, known, now).unwrap();
        asked.send.is_some()
    };
    assert!(ask("ada", true, NOW));
    assert!(!ask("nobody", false, NOW));
    assert!(ask("grace", true, NOW));
    assert!(!ask("ada", true, NOW));
    assert!(!ask("edsger", true, NOW + 7200));
}

#[test]
fn a_network_address_is_sent_twenty_an_hour_and_an_ipv6_network_counts_as_one() {
    for (first, same, other) in [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::ffff:1:2:3", "2001:db8:0:1::1"),
    ] {
        let passcodes = passcodes();
        let ask = |number: usize, from: &str, now| {
            let address = address(&format!("a{number}@contoso.example"));
            let attempt = number.to_string();
            let asked = passcodes.ask(&address, &attempt, client(from), true, now);
            asked.unwrap().send.is_some()
        };
        assert!((0..20).all(|number| ask(number, first, NOW)));
        assert!(!ask(20, first, NOW));
        assert!(!ask(21, same, NOW + 3599));
        assert!(ask(22, other, NOW));
        assert!(ask(23, same, NOW + 3600));
    }
}

#[test]
fn who_is_over_a_limit_does_not_use_up_that_of_an_address() {
    let passcodes = passcodes();
    for _ in 0..100 {
        let _ = code(&passcodes, "eve", NOW);
    }
    // Of five, three went to Eve's sign-in.
    assert!(code(&passcodes, "ada", NOW).is_some());
    assert!(code(&passcodes, "ada", NOW).is_some());
    assert!(code(&passcodes, "ada", NOW).is_none());
}

#[test]
fn asking_is_answered_the_same_for_known_unknown_and_limited_addresses() {
    let passcodes = passcodes();
    let ask = |attempt: &str, known| {
        let asked = passcodes.ask(&ada(), attempt, None, known, NOW).unwrap();
        (format!("{asked:?}"), asked.send.is_some())
    };
    let known = ask("a", true);
    let unknown = ask("b", false);
    for _ in 0..3 {
        let _ = ask("c", true);
    }
    let limited = ask("c", true);
    assert_eq!([known.1, unknown.1, limited.1], [true, false, false]);
    assert_eq!(known.0, unknown.0);
    assert_eq!(known.0, limited.0);
}

#[test]
fn a_wrong_an_old_a_used_and_an_unknown_ones_code_are_answered_the_same() {
    let passcodes = passcodes();
    let code = code(&passcodes, "a", NOW).unwrap();
    let wrong = passcodes.tell(&ada(), "a", &not(&code), NOW).unwrap_err();
    let old = passcodes.tell(&ada(), "a", &code, NOW + 1800).unwrap_err();
    let nobody = address("nobody@contoso.example");
    let asked = passcodes.ask(&nobody, "a", None, false, NOW).unwrap();
    assert!(asked.send.is_none());
    let unknown = passcodes.tell(&nobody, "a", &code, NOW).unwrap_err();
    let told = [wrong, old, unknown].map(|wrong| format!("{wrong} {wrong:?}"));
    assert!(told.iter().all(|one| *one == told[0]));
}

#[test]
fn what_is_left_of_the_askers_own_limits_does_not_tell_whether_an_address_is_known() {
    for known in [true, false] {
        let passcodes = passcodes();
        let ask = |address: &Address, attempt: &str, known| {
            let from = client("192.0.2.1");
            let asked = passcodes.ask(address, attempt, from, known, NOW).unwrap();
            asked.send.is_some()
        };
        let (own, other) = (address("eve@evil.example"), ada());
        // Others have used up what the address may be sent, if it is known.
        for attempt in ["1", "2", "3", "4", "5"] {
            let _ = passcodes.ask(&other, attempt, None, known, NOW).unwrap();
        }
        for _ in 0..2 {
            assert!(!ask(&other, "a", known));
        }
        assert!(ask(&own, "a", true));
        assert!(!ask(&own, "a", true));
        let left = (0..20).filter(|number| {
            let address = address(&format!("eve{number}@evil.example"));
            ask(&address, &number.to_string(), true)
        });
        assert_eq!(left.count(), 16, "{known}");
    }
}

#[test]
fn whether_more_may_be_asked_for_is_told_the_same_for_every_address() {
    let told = [true, false].map(|known| {
        let passcodes = passcodes();
        // Others have used up what the address may be sent, if it is known.
        for attempt in ["1", "2", "3", "4", "5"] {
            let _ = passcodes.ask(&ada(), attempt, None, known, NOW).unwrap();
        }
        [0; 4].map(|_| {
            let asked = passcodes.ask(&ada(), "a", client("192.0.2.1"), known, NOW);
            asked.unwrap().may
        })
    });
    assert_eq!(told, [[true, true, true, false]; 2]);
}

#[test]
fn a_thousand_guesses_do_not_get_in_and_the_code_is_locked() {
    let passcodes = passcodes();
    let code = code(&passcodes, "a", NOW).unwrap();
    let mut guess = code.clone();
    for _ in 0..1000 {
        guess = not(&guess);
        assert_eq!(passcodes.tell(&ada(), "a", &guess, NOW), Err(Wrong));
    }
    assert_eq!(passcodes.tell(&ada(), "a", &code, NOW), Err(Wrong));
    // Nor do new codes give more than a few tries more, also from other sign-ins.
    let mut sent = 1;
    for number in 0..1000 {
        let attempt = format!("attempt {}", number / 3);
        sent += usize::from(self::code(&passcodes, &attempt, NOW).is_some());
    }
    assert_eq!(sent, 5);
}

#[test]
fn memory_is_bounded_and_the_oldest_code_goes_first() {
    let passcodes = with(Limits {
        most_kept: 100,
        ..MANY
    });
    let ask = |number: u32| {
        let from = Some(IpAddr::from(number.to_be_bytes()));
        let asked = passcodes.ask(&ada(), &number.to_string(), from, true, NOW);
        asked.unwrap().send.unwrap()
    };
    let first = ask(0);
    let codes: Vec<Code> = (1..1000).map(ask).collect();
    assert_eq!(passcodes.len(), 100);
    let last = codes.last().unwrap();
    assert_eq!(passcodes.tell(&ada(), "0", first.as_str(), NOW), Err(Wrong));
    assert_eq!(passcodes.tell(&ada(), "999", last.as_str(), NOW), Ok(()));
}

#[test]
fn asking_for_unknown_addresses_pushes_out_no_code_and_no_limit() {
    let passcodes = with(Limits {
        most_kept: 10,
        ..Limits::default()
    });
    let kept = code(&passcodes, "a", NOW).unwrap();
    for number in 0..5000 {
        let nobody = address(&format!("a{number}@contoso.example"));
        let attempt = number.to_string();
        let _ = passcodes.ask(&nobody, &attempt, None, false, NOW).unwrap();
    }
    assert_eq!(passcodes.len(), 1);
    let more = ["b", "c", "d", "e", "f"].map(|attempt| code(&passcodes, attempt, NOW).is_some());
    assert_eq!(more, [true, true, true, true, false]);
    assert_eq!(passcodes.tell(&ada(), "a", &kept, NOW), Ok(()));
}

#[test]
fn no_code_and_no_address_is_in_what_debug_shows() {
    let passcodes = passcodes();
    let asked = passcodes.ask(&ada(), "secret attempt", client("192.0.2.1"), true, NOW);
    let asked = asked.unwrap();
    let shown = format!("{passcodes:?} {asked:?} {:?} {:?}", ada(), asked.send);
    let code = asked.send.unwrap();
    for secret in [code.as_str(), "ada", "contoso", "secret", "192.0.2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_code_is_kept_as_a_hash_under_the_key_only() {
    let one = passcodes();
    let other = Passcodes::new(&[8; KEY], Limits::default());
    let parts = ["ada@contoso.example", "a", "12345678"];
    assert_eq!(one.hash("hash", &parts), passcodes().hash("hash", &parts));
    assert_ne!(one.hash("hash", &parts), other.hash("hash", &parts));
    assert_ne!(one.hash("hash", &parts), one.hash("code", &parts));
    let code = code(&one, "a", NOW).unwrap();
    let place = one.place("code", &["ada@contoso.example", "a"]);
    let kept = one.lock().codes.remove(place).unwrap().hash;
    assert_eq!(kept, one.hash("hash", &["ada@contoso.example", "a", &code]));
}
