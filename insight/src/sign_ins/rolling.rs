//! Rollups in a file: those of blocks become those of runs, and these become those of the whole file when it is put away.
//!
//! By what was asked for there is one for each hour, from the block on; by who asked, which has about as many rows as there are people, one for each
//! run, and one of all runs. All is written in the step that writes the events.

use rusqlite::{Transaction, params};

use super::adding::{add_block, blob};
use super::bytes::{Packer, Unpacker};
use super::error::Stop;
use super::rollup::{Pile, Rollup};
use super::segment::Place;
use super::sums::{HOUR, WHAT, WHO};
use super::tally::Tally;

/// Those of a block.
pub(super) fn write_block(
    step: &Transaction<'_>,
    block: &Place,
    packer: &mut Packer,
    unpacker: &mut Unpacker,
) -> Result<(), Stop> {
    let mut hour = block.first_at.div_euclid(HOUR) * HOUR;
    while hour <= block.last_at {
        let mut tally = Tally::default();
        let times = hour..hour + HOUR;
        add_block(step, block, &times, WHAT, &mut tally, unpacker)?;
        if !tally.is_empty() {
            write_hour(step, (hour, block.number), &tally.rollup(), packer)?;
        }
        hour += HOUR;
    }
    Ok(())
}

fn write_hour(
    step: &Transaction<'_>,
    (hour, first_block): (i64, i64),
    rollup: &Rollup<{ WHAT.len() }>,
    packer: &mut Packer,
) -> Result<(), Stop> {
    step.prepare_cached("INSERT INTO hours (hour, first_block, sums) VALUES (?1, ?2, ?3)")?
        .execute(params![hour, first_block, rollup.pack(packer)?])?;
    Ok(())
}

/// Makes one of those of each hour from a block on, and gives them to `take`.
fn join_hours(
    step: &Transaction<'_>,
    from: i64,
    packer: &mut Packer,
    unpacker: &mut Unpacker,
    mut take: impl FnMut(Rollup<{ WHAT.len() }>),
) -> Result<(), Stop> {
    let mut hours =
        step.prepare_cached("SELECT DISTINCT hour FROM hours WHERE first_block >= ?1")?;
    let hours: Vec<i64> = hours
        .query_map([from], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for hour in hours {
        let mut of =
            step.prepare_cached("SELECT sums FROM hours WHERE hour = ?1 AND first_block >= ?2")?;
        let mut rows = of.query((hour, from))?;
        let mut pile = Pile::default();
        let mut joined = 0;
        while let Some(row) = rows.next()? {
            pile.add_packed(blob(row, 0)?, unpacker)?;
            joined += 1;
        }
        let rollup = pile.merged();
        if joined > 1 {
            step.prepare_cached("DELETE FROM hours WHERE hour = ?1 AND first_block >= ?2")?
                .execute((hour, from))?;
            write_hour(step, (hour, from), &rollup, packer)?;
        }
        take(rollup);
    }
    Ok(())
}

/// Those of a run.
pub(super) fn write_run(
    step: &Transaction<'_>,
    run: &[Place],
    packer: &mut Packer,
    unpacker: &mut Unpacker,
) -> Result<(), Stop> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return Ok(());
    };
    join_hours(step, first.number, packer, unpacker, drop)?;
    let mut people = Tally::default();
    for place in run {
        let times = place.first_at..place.last_at + 1;
        add_block(step, place, &times, WHO, &mut people, unpacker)?;
    }
    write_people(step, (first.number, last.number), &people.rollup(), packer)
}

fn write_people(
    step: &Transaction<'_>,
    (first, last): (i64, i64),
    people: &Rollup<{ WHO.len() }>,
    packer: &mut Packer,
) -> Result<(), Stop> {
    step.prepare_cached("INSERT INTO people (first_block, last_block, sums) VALUES (?1, ?2, ?3)")?
        .execute(params![first, last, people.pack(packer)?])?;
    Ok(())
}

/// Those of a file whose blocks are all in runs.
pub(super) fn write_whole(step: &Transaction<'_>, packer: &mut Packer) -> Result<(), Stop> {
    let mut unpacker = Unpacker::new()?;
    let mut whole = Pile::default();
    join_hours(step, 0, packer, &mut unpacker, |hour| whole.add(hour))?;
    unmake_whole(step)?;
    step.execute(
        "INSERT INTO whole (sums) VALUES (?1)",
        [whole.merged().pack(packer)?],
    )?;
    // Those of the runs stay: a part of the file is asked for too.
    let mut people: Pile<{ WHO.len() }> = Pile::default();
    let mut last = -1_i64;
    let mut all = step.prepare("SELECT last_block, sums FROM people ORDER BY first_block")?;
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        people.add_packed(blob(row, 1)?, &mut unpacker)?;
    }
    step.execute(
        "INSERT INTO everybody (last_block, sums) VALUES (?1, ?2)",
        params![last, people.merged().pack(packer)?],
    )?;
    Ok(())
}

/// What is written to a file that was put away is not in what it knows as a whole.
pub(super) fn unmake_whole(step: &Transaction<'_>) -> Result<(), Stop> {
    step.execute("DELETE FROM whole", ())?;
    step.execute("DELETE FROM everybody", ())?;
    Ok(())
}
