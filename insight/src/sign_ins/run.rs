//! 64 blocks that know in which of them a value may be, and who came in them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::block::{self, Values};
use super::bytes::{Packer, Unpacker};
use super::column::Column;
use super::error::Stop;
use super::names::{self, Names, Wanted};
use super::needles::{self, Needles, RUN, bucket};
use super::rolling;
use super::schema;
use super::segment::{self, Place};

/// A run of a file that is read.
pub(super) struct Run<'c> {
    connection: &'c Connection,
    unpacker: &'c mut Unpacker,
    /// The number of its first block.
    first: i64,
}

impl<'c> Run<'c> {
    pub(super) const fn new(
        connection: &'c Connection,
        unpacker: &'c mut Unpacker,
        first: i64,
    ) -> Self {
        Self {
            connection,
            unpacker,
            first,
        }
    }

    /// The blocks, by bits, in which a value may be.
    pub(super) fn has(&mut self, column: Column, value: &str) -> Result<u64, Stop> {
        if column.is_name() {
            return self.names(column, &value.to_ascii_lowercase(), Wanted::Text);
        }
        let fingerprint = column.fingerprint(value);
        let place = bucket_place(self.first, bucket(fingerprint));
        let mut needles = self
            .connection
            .prepare_cached("SELECT data FROM needles WHERE place = ?1")?;
        let mut rows = needles.query([place])?;
        let row = rows.next()?.ok_or(Stop::Broken("a bucket is missing"))?;
        let bytes = row.get_ref(0)?.as_blob().unwrap_or_default();
        Ok(needles::blocks_of(bytes, fingerprint)?)
    }

    /// The same of values that begin so.
    pub(super) fn begins(&mut self, column: Column, start: &str) -> Result<u64, Stop> {
        if column.is_name() {
            self.names(column, &start.to_ascii_lowercase(), Wanted::Start)
        } else {
            Ok(u64::MAX)
        }
    }

    fn names<'t>(
        &mut self,
        column: Column,
        text: &'t str,
        wanted: impl Fn(&'t str) -> Wanted<'t>,
    ) -> Result<u64, Stop> {
        let wanted = wanted(text);
        let key = (self.first, column.number(), text.as_bytes());
        let mut before = self.connection.prepare_cached(
            "SELECT data FROM names WHERE run = ?1 AND column = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1",
        )?;
        let piece: Option<Vec<u8>> = before.query_row(key, |row| row.get(0)).optional()?;
        let mut blocks = match piece {
            None => 0,
            Some(piece) => names::blocks_of(&self.unpacker.unpack(&piece)?, wanted)?,
        };
        if let Wanted::Start(start) = wanted {
            let mut behind = self.connection.prepare_cached(
                "SELECT first, data FROM names WHERE run = ?1 AND column = ?2 AND first > ?3 ORDER BY first",
            )?;
            let mut pieces = behind.query(key)?;
            while let Some(piece) = pieces.next()?
                && blocks != u64::MAX
            {
                let first = piece.get_ref(0)?.as_blob().unwrap_or_default();
                if !first.starts_with(start.as_bytes()) {
                    break;
                }
                let piece = piece.get_ref(1)?.as_blob().unwrap_or_default();
                blocks |= names::blocks_of(&self.unpacker.unpack(piece)?, wanted)?;
            }
        }
        Ok(blocks)
    }
}

/// The first block of each run, and how many it has.
pub(super) fn all(connection: &Connection) -> Result<Vec<(i64, i64)>, Stop> {
    if !schema::has_rollups(connection)? {
        return Ok(Vec::new());
    }
    let mut runs =
        connection.prepare_cached("SELECT first_block, blocks FROM runs ORDER BY first_block")?;
    let runs = runs.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(runs.collect::<Result<_, _>>()?)
}

/// Makes runs of the blocks that are in none, where there are so many.
pub(super) fn make(step: &Transaction<'_>, least: usize, packer: &mut Packer) -> Result<(), Stop> {
    let last = "SELECT coalesce(max(first_block + blocks - 1), 0) FROM runs";
    let mut after: i64 = step.query_row(last, (), |row| row.get(0))?;
    loop {
        let mut run = segment::places(step, after)?;
        run.truncate(RUN);
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        if run.len() < least {
            return Ok(());
        }
        let (first, last) = (first.number, last.number);
        after = last;
        step.execute(
            "INSERT INTO runs (first_block, blocks) VALUES (?1, ?2)",
            (first, last - first + 1),
        )?;
        let mut unpacker = Unpacker::new()?;
        write_needles(step, &run, &mut unpacker)?;
        for column in Column::KEPT.into_iter().filter(|column| column.is_name()) {
            write_names(step, &run, column, packer, &mut unpacker)?;
        }
        rolling::write_run(step, &run, packer, &mut unpacker)?;
    }
}

fn write_needles(
    step: &Transaction<'_>,
    run: &[Place],
    unpacker: &mut Unpacker,
) -> Result<(), Stop> {
    let mut needles = Needles::default();
    for (block, place) in run.iter().enumerate() {
        for kept in Column::KEPT.into_iter().filter(|kept| !kept.is_name()) {
            let packed = segment::column(step, place.number, kept.number())?;
            let values = Values::unpack(&packed, unpacker)?;
            for value in values.texts() {
                needles.add(kept.fingerprint(value), block);
            }
        }
        for kept in Column::FINGERPRINTS {
            let packed = segment::column(step, place.number, kept.number())?;
            for fingerprint in block::fingerprints(&packed, unpacker)? {
                needles.add(fingerprint, block);
            }
        }
    }
    let first = run.first().map_or(0, |place| place.number);
    let mut insert = step.prepare_cached("INSERT INTO needles (place, data) VALUES (?1, ?2)")?;
    for (bucket, data) in needles.pack() {
        insert.execute(params![bucket_place(first, bucket), data])?;
    }
    Ok(())
}

fn write_names(
    step: &Transaction<'_>,
    run: &[Place],
    column: Column,
    packer: &mut Packer,
    unpacker: &mut Unpacker,
) -> Result<(), Stop> {
    let mut names = Names::default();
    for (block, place) in run.iter().enumerate() {
        let packed = segment::column(step, place.number, column.number())?;
        for value in Values::unpack(&packed, unpacker)?.texts() {
            names.add(value, block);
        }
    }
    let first = run.first().map_or(0, |place| place.number);
    let mut insert = step
        .prepare_cached("INSERT INTO names (run, column, first, data) VALUES (?1, ?2, ?3, ?4)")?;
    for piece in names.pieces() {
        let packed = packer.pack(&piece.bytes)?;
        insert.execute(params![
            first,
            column.number(),
            piece.first.as_bytes(),
            packed
        ])?;
    }
    Ok(())
}

/// Where a bucket of a run stands.
fn bucket_place(first_block: i64, bucket: u8) -> i64 {
    (first_block << 8) | i64::from(bucket)
}
