//! Charts as SVG: what stands where. Their templates draw it, with a table for who does not see it.

use serde_json::{Value, json};

/// One bar of a chart over time.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// What it is called, in a word or two.
    pub(crate) label: String,
    /// How many came in, and how many went out.
    pub(crate) counts: [u64; 2],
}

const WIDTH: u32 = 720;
const HEIGHT: u32 = 180;
const BELOW: u32 = 24;
const LEFT: u32 = 48;
/// Room for half of the last label.
const RIGHT: u32 = 12;

/// Bars over time, those that came in and those that went out on top of each other.
pub(crate) fn bars(bars: &[Bar]) -> Value {
    let most = bars.iter().map(|bar| bar.counts.iter().sum::<u64>()).max();
    let top = nice(most.unwrap_or_default());
    let room = f64::from(WIDTH - LEFT - RIGHT);
    let step = room / count(bars.len().max(1));
    let height = |number: u64| f64::from(HEIGHT) * ratio(number, top);
    let every = bars.len().div_ceil(8).max(1);
    let drawn = bars.iter().enumerate().map(|(place, bar)| {
        let [inbound, outbound] = bar.counts;
        let x = f64::from(LEFT) + step * count(place);
        let (lower, upper) = (height(inbound), height(outbound));
        json!({
            "label": bar.label,
            "shown": place % every == 0,
            "x": round(x + step * 0.1),
            "middle": round(x + step * 0.5),
            "width": round((step * 0.8).max(1.0)),
            "inbound": { "y": round(f64::from(HEIGHT) - lower), "height": round(lower), "count": inbound },
            "outbound": { "y": round(f64::from(HEIGHT) - lower - upper), "height": round(upper), "count": outbound },
        })
    });
    let lines = [0_u64, 1, 2].map(|part| {
        let number = top * part / 2;
        json!({ "y": round(f64::from(HEIGHT) - height(number)), "count": number })
    });
    json!({
        "width": WIDTH,
        "height": HEIGHT + BELOW,
        "left": LEFT,
        "base": HEIGHT,
        "lines": lines,
        "bars": drawn.collect::<Vec<_>>(),
        "empty": most.unwrap_or_default() == 0,
    })
}

/// A small line without axes.
pub(crate) fn sparkline(numbers: &[u64]) -> Value {
    let (width, height) = (160.0, 36.0);
    let top = numbers.iter().copied().max().unwrap_or_default().max(1);
    let step = width / count(numbers.len().saturating_sub(1).max(1));
    let points = numbers.iter().enumerate().map(|(place, number)| {
        let y = height - 2.0 - (height - 4.0) * ratio(*number, top);
        format!("{},{}", round(step * count(place)), round(y))
    });
    json!({ "width": 160, "height": 36, "points": points.collect::<Vec<_>>().join(" ") })
}

/// How long a bar of a table is, in hundredths of the longest.
pub(crate) fn share(number: u64, most: u64) -> Value {
    json!(round(100.0 * ratio(number, most.max(1))))
}

fn ratio(number: u64, of: u64) -> f64 {
    // Whole thousandths are finer than a screen.
    let thousandths = number.saturating_mul(1000) / of.max(1);
    f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 1000.0
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// The next number above whose half is easily read too: 2, 4 or 10 with zeros.
fn nice(number: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [2, 4, 10] {
            let nice = power.saturating_mul(factor);
            if nice >= number {
                return nice;
            }
        }
        power = power.saturating_mul(10);
    }
}
