//! Connections that only read: as many as there are callers at a time, so that nobody waits for a writer or another
//! reader.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::super::StoreError;
use super::open;
use super::stop::Stop;

/// Connections kept for the next caller. More than a few at a time is rare.
const IDLE: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::default(),
        }
    }

    /// Reads from one state of the store, whatever is written meanwhile.
    pub(super) fn read<T>(
        &self,
        context: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Stop>,
    ) -> Result<T, StoreError> {
        self.lend(context, |connection| {
            let state = connection.unchecked_transaction()?;
            let found = read(&state)?;
            state.finish()?;
            Ok(found)
        })
    }

    pub(super) fn lend<T>(
        &self,
        context: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Stop>,
    ) -> Result<T, StoreError> {
        let connection = self.take().map_err(|stop| stop.during(context))?;
        // After an error or a panic the connection is closed: a new one is known to be sound.
        let found = read(&connection).map_err(|stop| stop.during(context))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(found)
    }

    fn take(&self) -> Result<Connection, Stop> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.map_or_else(|| open::reader(&self.path), Ok)
    }
}
