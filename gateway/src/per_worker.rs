//! A shared thing, reached through a handle for each worker: counting the holders of a handle touches a line of memory of
//! that worker alone. A counter that all cores share costs more, the more of them there are.

use std::ops::Deref;
use std::sync::Arc;

use thread_local::ThreadLocal;

/// The shared thing.
#[derive(Debug, Default)]
pub struct PerWorker<T: Send + Sync> {
    shared: Arc<T>,
    handles: ThreadLocal<Arc<Handle<T>>>,
}

/// One worker's handle.
#[derive(Debug)]
pub struct Handle<T>(Arc<T>);

impl<T> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync> PerWorker<T> {
    /// Shares it.
    #[must_use]
    pub fn new(shared: Arc<T>) -> Self {
        Self {
            shared,
            handles: ThreadLocal::new(),
        }
    }

    /// This worker's handle.
    #[must_use]
    pub fn handle(&self) -> Arc<Handle<T>> {
        let make = || Arc::new(Handle(Arc::clone(&self.shared)));
        Arc::clone(self.handles.get_or(make))
    }
}
