//! Where providers are asked for what: read from their discovery documents, and kept for some minutes.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossgate_portal::oidc::Endpoints;
use http::{Request, Response};

use super::settings::Provider;
use crate::live::fetch::{FetchFault, Fetcher};

/// A request on its way.
pub(super) type Sending =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, FetchFault>> + Send>>;

/// What was read.
#[derive(Debug)]
pub(super) struct KnownEndpoints {
    fetcher: Fetcher,
    known: Mutex<HashMap<String, (Instant, Arc<Endpoints>)>>,
}

impl KnownEndpoints {
    /// Nothing yet.
    #[must_use]
    pub(super) fn new(fetcher: Fetcher) -> Self {
        Self {
            fetcher,
            known: Mutex::default(),
        }
    }

    /// The addresses of a provider. Those of before do where it does not answer.
    ///
    /// # Errors
    /// They were never to be had.
    pub(super) async fn of(&self, provider: &Provider) -> Result<Arc<Endpoints>, FetchFault> {
        let issuer = &provider.issuer.issuer;
        let before = self.lock().get(issuer).cloned();
        if let Some((since, endpoints)) = &before
            && since.elapsed() < FRESH
        {
            return Ok(Arc::clone(endpoints));
        }
        match self.fetcher.endpoints(&provider.issuer).await {
            Ok(endpoints) => {
                let endpoints = Arc::new(endpoints);
                let entry = (Instant::now(), Arc::clone(&endpoints));
                self.lock().insert(issuer.clone(), entry);
                Ok(endpoints)
            }
            Err(fault) => match before {
                Some((_, endpoints)) => Ok(endpoints),
                None => Err(fault),
            },
        }
    }

    /// What sends the requests of a sign-in.
    pub(super) fn sender(
        &self,
    ) -> impl Fn(Request<Vec<u8>>) -> Sending + Send + Sync + 'static + use<> {
        let fetcher = self.fetcher.clone();
        move |request| {
            let fetcher = fetcher.clone();
            Box::pin(async move { fetcher.send(request).await })
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Arc<Endpoints>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Providers move their addresses once in years, and announce it.
const FRESH: Duration = Duration::from_secs(10 * 60);
