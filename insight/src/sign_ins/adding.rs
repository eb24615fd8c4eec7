//! Adds up what files know: rollups where all that they stand for is asked for, events where it is not.

use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, Row};

use super::block::{self, Values};
use super::bytes::Unpacker;
use super::column::Column;
use super::error::{Broken, Stop, StoreError};
use super::event::Facts;
use super::rollup::{Pile, Sum};
use super::schema;
use super::segment::{self, Place};
use super::sums::{Asked, HOUR, Sums, WHAT, WHO};
use super::tally::{Tallies, Tally};
use super::walk::opened;

/// Sums that are being made.
pub(super) struct Adding {
    asked: Asked,
    what: Pile<{ WHAT.len() }>,
    who: Pile<{ WHO.len() }>,
    /// Of events that are in no rollup.
    events: Tallies,
}

impl Adding {
    pub(super) fn new(asked: Asked) -> Self {
        Self {
            asked,
            what: Pile::default(),
            who: Pile::default(),
            events: Tallies::default(),
        }
    }

    /// Adds one file.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), StoreError> {
        self.add(path).map_err(|stop| stop.at(path))
    }

    pub(super) fn sums(mut self) -> Sums {
        self.what.add(self.events.what.rollup());
        self.who.add(self.events.who.rollup());
        Sums::of(self.what.merged(), self.who.merged())
    }

    fn add(&mut self, path: &Path) -> Result<(), Stop> {
        let Some(connection) = opened(path)? else {
            return Ok(());
        };
        let mut unpacker = Unpacker::new()?;
        let places = segment::places(&connection, 0)?;
        self.add_what(&connection, &places, &mut unpacker)?;
        if self.asked.who {
            self.add_who(&connection, &places, &mut unpacker)?;
        }
        let mut statement =
            connection.prepare("SELECT facts FROM tail WHERE at >= ?1 AND at < ?2")?;
        let mut waiting = statement.query((self.asked.from, self.asked.to))?;
        while let Some(row) = waiting.next()? {
            let facts = Facts::read(row.get_ref(0)?.as_blob().unwrap_or_default())?;
            if self.asked.who {
                self.events.add(&facts);
            } else {
                let values = WHAT.map(|column| facts.value(column));
                self.events.what.add(values, facts.sum());
            }
        }
        Ok(())
    }

    fn add_what(
        &mut self,
        connection: &Connection,
        places: &[Place],
        unpacker: &mut Unpacker,
    ) -> Result<(), Stop> {
        let asked = self.asked.from..self.asked.to;
        if !schema::has_rollups(connection)? {
            return self.scan_what(connection, places, &asked, unpacker);
        }
        if all_within(places, &asked) {
            let mut all = connection.prepare("SELECT sums FROM whole")?;
            let mut rows = all.query(())?;
            if let Some(row) = rows.next()? {
                return Ok(self.what.add_packed(blob(row, 0)?, unpacker)?);
            }
        }
        let hours = whole_hours(&asked);
        let mut statement =
            connection.prepare("SELECT sums FROM hours WHERE hour >= ?1 AND hour < ?2")?;
        let mut rows = statement.query((hours.start, hours.end))?;
        while let Some(row) = rows.next()? {
            self.what.add_packed(blob(row, 0)?, unpacker)?;
        }
        self.scan_what(connection, places, &(asked.start..hours.start), unpacker)?;
        self.scan_what(connection, places, &(hours.end..asked.end), unpacker)
    }

    fn scan_what(
        &mut self,
        connection: &Connection,
        places: &[Place],
        times: &Range<i64>,
        unpacker: &mut Unpacker,
    ) -> Result<(), Stop> {
        for place in places.iter().filter(|place| place.may_have(times)) {
            let tally = &mut self.events.what;
            add_block(connection, place, times, WHAT, tally, unpacker)?;
        }
        Ok(())
    }

    fn add_who(
        &mut self,
        connection: &Connection,
        places: &[Place],
        unpacker: &mut Unpacker,
    ) -> Result<(), Stop> {
        let asked = self.asked.from..self.asked.to;
        let mut rest = places;
        if schema::has_rollups(connection)? {
            if schema::knows_everybody(connection)? && all_within(places, &asked) {
                // A program that does not know this sum leaves it behind where it writes blocks.
                let mut all =
                    connection.prepare("SELECT sums FROM everybody WHERE last_block = ?1")?;
                let mut rows = all.query([places.last().map_or(-1, |place| place.number)])?;
                if let Some(row) = rows.next()? {
                    return Ok(self.who.add_packed(blob(row, 0)?, unpacker)?);
                }
            }
            let mut statement =
                connection.prepare("SELECT last_block, sums FROM people ORDER BY first_block")?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                let last: i64 = row.get(0)?;
                let length = rest.partition_point(|place| place.number <= last);
                let (of, others) = rest.split_at(length);
                rest = others;
                if all_within(of, &asked) {
                    self.who.add_packed(blob(row, 1)?, unpacker)?;
                } else {
                    self.scan_who(connection, of, &asked, unpacker)?;
                }
            }
        }
        self.scan_who(connection, rest, &asked, unpacker)
    }

    fn scan_who(
        &mut self,
        connection: &Connection,
        places: &[Place],
        times: &Range<i64>,
        unpacker: &mut Unpacker,
    ) -> Result<(), Stop> {
        for place in places.iter().filter(|place| place.may_have(times)) {
            let tally = &mut self.events.who;
            add_block(connection, place, times, WHO, tally, unpacker)?;
        }
        Ok(())
    }
}

fn all_within(places: &[Place], times: &Range<i64>) -> bool {
    places.iter().all(|place| place.is_within(times))
}

/// The hours of which all is asked for; none, and nothing before them, where there is no such hour.
fn whole_hours(asked: &Range<i64>) -> Range<i64> {
    let begun = asked.start.rem_euclid(HOUR) != 0;
    let first = (asked.start.div_euclid(HOUR) + i64::from(begun)).saturating_mul(HOUR);
    let end = asked.end.div_euclid(HOUR).saturating_mul(HOUR);
    if first < end {
        first..end
    } else {
        asked.start..asked.start
    }
}

/// Adds the events of a block that are of these times.
pub(super) fn add_block<const COLUMNS: usize>(
    connection: &Connection,
    place: &Place,
    times: &Range<i64>,
    columns: [Column; COLUMNS],
    tally: &mut Tally<COLUMNS>,
    unpacker: &mut Unpacker,
) -> Result<(), Stop> {
    let read = |column| segment::column(connection, place.number, column);
    let at = block::times(&read(block::AT)?, unpacker)?;
    let requests = block::counts(&read(block::REQUESTS)?, unpacker)?;
    let mut values = Vec::with_capacity(COLUMNS);
    for column in columns {
        values.push(Values::unpack(&read(column.number())?, unpacker)?);
    }
    let values: [Values; COLUMNS] = values.try_into().map_err(|_| Broken)?;
    let rows = at.into_iter().zip(requests).enumerate();
    let rows = rows.filter(|(_, (at, _))| times.contains(at));
    tally.add_rows(
        &values,
        rows.map(|(row, (_, requests))| (row, Sum::of(requests))),
    );
    Ok(())
}

pub(super) fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], Stop> {
    let value = row.get_ref(column)?;
    value.as_blob().map_err(|_| schema::ODD_ROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_whole_where_all_of_them_is_asked_for() {
        assert_eq!(whole_hours(&(1..3 * HOUR + 5)), HOUR..3 * HOUR);
        assert_eq!(whole_hours(&(-HOUR..HOUR)), -HOUR..HOUR);
        assert_eq!(whole_hours(&(1..HOUR + 1)), 1..1, "parts of two");
        let all = whole_hours(&(i64::MIN..i64::MAX));
        assert!(all.start < -1_000_000 * HOUR && all.end > 1_000_000 * HOUR);
    }
}
