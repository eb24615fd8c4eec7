//! How long pages take over a large log: printed, and judged by nobody.

use std::time::Duration;

use crate::site::console::lobby;
use crate::site::people::Doors;

/// The folder of the log, which is left with the events of this visit.
const LOG: &str = "SIGN_INS_FOLDER";

#[test]
#[ignore = "prints times over a log of many events that end now, which SIGN_INS_FOLDER names: see docs/console.md"]
fn pages_over_a_large_log_are_timed() {
    let folder = std::env::var(LOG).unwrap_or_else(|_| panic!("{LOG} names no folder"));
    let kept = format!("store = \"{folder}\"\nstore_size = \"1024GiB\"");
    let doors = lobby()
        .configure(|setup| setup.section("sign_ins", &kept))
        .open();
    let tab = doors.administrator("ada");
    for (path, visits) in [
        ("/console", 41),
        ("/console/sign-ins?range=30d", 11),
        ("/console/activity?range=24h", 3),
        ("/console/activity?range=30d", 3),
    ] {
        let mut times: Vec<Duration> = (0..visits).map(|_| took(&doors, &tab, path)).collect();
        let first = times[0];
        times.sort_unstable();
        println!(
            "{path:<28} first {:>6.0} ms, then median {:>6.0} ms, longest {:>6.0} ms",
            ms(first),
            ms(times[visits / 2]),
            ms(times[visits - 1])
        );
    }
}

fn took(doors: &Doors, tab: &crossgate_testkit::browser::Tab<'_>, path: &str) -> Duration {
    let answer = doors.curl_console(tab, path).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.waited
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
