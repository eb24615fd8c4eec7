//! How many came, from where and for what, between two times.

use std::path::Path;

use rusqlite::Connection;

use super::block::{self, Values};
use super::bytes::Unpacker;
use super::column::Column;
use super::error::{Broken, Stop, StoreError};
use super::event::Facts;
use super::rollup::{Rollup, Rollups, Sum, WHAT, WHO};
use super::segment::{self, Place};
use super::walk::opened;

/// Sums of events.
#[derive(Clone, Debug, Default)]
pub struct Sums(Rollups);

/// Events that agree in what was asked for. `None` is `null`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the property of its name in Graph's `signIn`"
)]
pub struct What<'s> {
    pub home_tenant_id: Option<&'s str>,
    pub resource_tenant_id: Option<&'s str>,
    pub cross_tenant_access_type: Option<&'s str>,
    pub resource_id: Option<&'s str>,
    pub resource_display_name: Option<&'s str>,
    pub error_code: Option<&'s str>,
    /// How many.
    pub sum: Sum,
}

/// Events that agree in who asked. `None` is `null`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the property of its name in Graph's `signIn`"
)]
pub struct Who<'s> {
    pub home_tenant_id: Option<&'s str>,
    pub resource_tenant_id: Option<&'s str>,
    pub cross_tenant_access_type: Option<&'s str>,
    pub user_id: Option<&'s str>,
    pub user_principal_name: Option<&'s str>,
    /// How many.
    pub sum: Sum,
}

impl Sums {
    pub(crate) fn add(&mut self, facts: &Facts) {
        self.0.add(facts);
    }

    /// By what was asked for.
    pub fn what(&self) -> impl Iterator<Item = What<'_>> {
        self.0.what.rows().map(|(key, sum)| {
            let [home, resource, access, resource_id, name, code] = key;
            What {
                home_tenant_id: home,
                resource_tenant_id: resource,
                cross_tenant_access_type: access,
                resource_id,
                resource_display_name: name,
                error_code: code,
                sum,
            }
        })
    }

    /// By who asked; nothing where that was not summed up.
    pub fn who(&self) -> impl Iterator<Item = Who<'_>> {
        self.0.who.rows().map(|(key, sum)| {
            let [home, resource, access, user, name] = key;
            Who {
                home_tenant_id: home,
                resource_tenant_id: resource,
                cross_tenant_access_type: access,
                user_id: user,
                user_principal_name: name,
                sum,
            }
        })
    }

    /// All.
    #[must_use]
    pub fn total(&self) -> Sum {
        let mut total = Sum::default();
        for (_, sum) in self.0.what.rows() {
            total.add(sum);
        }
        total
    }

    /// Adds what one file knows.
    pub(super) fn add_file(&mut self, path: &Path, asked: &Asked) -> Result<(), StoreError> {
        Adding {
            sums: &mut self.0,
            asked,
        }
        .file(path)
        .map_err(|stop| stop.at(path))
    }
}

/// What is to be summed up.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// From this time on, itself included; in milliseconds since 1970.
    pub from: i64,
    /// Until before this time.
    pub to: i64,
    /// Also by who asked, which is more to read.
    pub who: bool,
}

struct Adding<'a> {
    sums: &'a mut Rollups,
    asked: &'a Asked,
}

impl Adding<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Stop> {
        let Some(connection) = opened(path)? else {
            return Ok(());
        };
        let mut unpacker = Unpacker::new()?;
        let places = segment::places(&connection, 0)?;
        let mut statement =
            connection.prepare("SELECT first_block, last_block, what, who FROM rollups")?;
        let mut rollups = statement.query(())?;
        while let Some(row) = rollups.next()? {
            let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
            let of = places
                .iter()
                .filter(|place| (first..=last).contains(&place.number));
            if of.clone().all(|place| self.is_all_asked(place)) {
                let blob = |column| -> Result<&[u8], Stop> {
                    Ok(row.get_ref(column)?.as_blob().unwrap_or_default())
                };
                self.sums.what.merge(blob(2)?, &mut unpacker)?;
                if self.asked.who {
                    self.sums.who.merge(blob(3)?, &mut unpacker)?;
                }
            } else {
                for place in of {
                    self.block(&connection, place, &mut unpacker)?;
                }
            }
        }
        let mut statement =
            connection.prepare("SELECT facts FROM tail WHERE at >= ?1 AND at < ?2")?;
        let mut waiting = statement.query((self.asked.from, self.asked.to))?;
        while let Some(row) = waiting.next()? {
            let facts = Facts::read(row.get_ref(0)?.as_blob().unwrap_or_default())?;
            self.sums.add(&facts);
        }
        Ok(())
    }

    const fn is_all_asked(&self, place: &Place) -> bool {
        place.first_at >= self.asked.from && place.last_at < self.asked.to
    }

    /// Adds what of a block was asked for.
    fn block(
        &mut self,
        connection: &Connection,
        place: &Place,
        unpacker: &mut Unpacker,
    ) -> Result<(), Stop> {
        if place.last_at < self.asked.from || place.first_at >= self.asked.to {
            return Ok(());
        }
        let at = segment::column(connection, place.number, block::AT)?;
        let at = block::times(&at, unpacker)?;
        let requests = segment::column(connection, place.number, block::REQUESTS)?;
        let requests = block::counts(&requests, unpacker)?;
        let mut rows = Vec::with_capacity(at.len());
        for (row, (at, requests)) in at.into_iter().zip(requests).enumerate() {
            if (self.asked.from..self.asked.to).contains(&at) {
                rows.push((
                    row,
                    Sum {
                        events: 1,
                        requests,
                    },
                ));
            }
        }
        let columns = columns(WHAT, connection, place, unpacker)?;
        add_rows(&mut self.sums.what, &columns, &rows);
        if self.asked.who {
            let columns = self::columns(WHO, connection, place, unpacker)?;
            add_rows(&mut self.sums.who, &columns, &rows);
        }
        Ok(())
    }
}

fn columns<const COLUMNS: usize>(
    of: [Column; COLUMNS],
    connection: &Connection,
    place: &Place,
    unpacker: &mut Unpacker,
) -> Result<[Values; COLUMNS], Stop> {
    let mut columns = Vec::with_capacity(COLUMNS);
    for column in of {
        let packed = segment::column(connection, place.number, column.number())?;
        columns.push(Values::unpack(&packed, unpacker)?);
    }
    columns.try_into().map_err(|_| Broken.into())
}

fn add_rows<const COLUMNS: usize>(
    rollup: &mut Rollup<COLUMNS>,
    columns: &[Values; COLUMNS],
    rows: &[(usize, Sum)],
) {
    for (row, sum) in rows {
        rollup.add(columns.each_ref().map(|column| column.value(*row)), *sum);
    }
}
