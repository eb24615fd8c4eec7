//! Places for those whose forms are being read: whoever sends one slowly holds a place, and one network holds few.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossgate_portal::passcode::network;

/// Who is being read.
#[derive(Debug, Default)]
pub(super) struct Readers {
    /// By network; none that has no reader.
    readers: Mutex<HashMap<String, usize>>,
}

/// A place, for as long as it is held.
#[derive(Debug)]
pub struct Reader {
    readers: Arc<Readers>,
    network: String,
}

impl Readers {
    /// A place; `None` where all are taken, or all that this network may have.
    pub(super) fn enter(self: &Arc<Self>, client: Option<IpAddr>) -> Option<Reader> {
        let network = client.map(network).unwrap_or_default();
        let mut readers = self.lock();
        if readers.values().sum::<usize>() >= MOST {
            return None;
        }
        let own = readers.entry(network.clone()).or_default();
        if *own >= MOST_OF_ONE {
            return None;
        }
        *own += 1;
        Some(Reader {
            readers: Arc::clone(self),
            network,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut readers = self.readers.lock();
        if let Some(own) = readers.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                readers.remove(&self.network);
            }
        }
    }
}

/// At a time: those that wait must leave the queue of events its room.
const MOST: usize = 1024;

/// Of one network. A form that a browser sends is read within moments, so this many people send theirs at once.
const MOST_OF_ONE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: usize) -> Option<IpAddr> {
        Some(IpAddr::from([
            198,
            51,
            u8::try_from(number / 256).unwrap(),
            u8::try_from(number % 256).unwrap(),
        ]))
    }

    #[test]
    fn one_network_takes_few_places_and_all_together_no_more_than_there_are() {
        let readers = Arc::<Readers>::default();
        let mut held: Vec<Reader> = (0..MOST_OF_ONE)
            .map(|_| readers.enter(client(0)).unwrap())
            .collect();
        assert!(readers.enter(client(0)).is_none());
        held.extend((1..=MOST - MOST_OF_ONE).map(|number| readers.enter(client(number)).unwrap()));
        assert!(readers.enter(client(MOST + 1)).is_none());
        drop(held);
        assert!(readers.lock().is_empty());
        assert!(readers.enter(client(0)).is_some());
    }
}
