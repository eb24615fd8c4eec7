//! Where providers are asked for what: read from their discovery documents, and kept for some minutes.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossgate_config::IssuerSettings;
use crossgate_portal::oidc::Endpoints;
use http::{Request, Response};

use super::provider::Oidc;
use crate::live::fetch::{FetchFault, Fetcher, discovery_url};

/// A request on its way.
pub(super) type Sending =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, FetchFault>> + Send>>;

/// What was read.
#[derive(Debug)]
pub(super) struct KnownEndpoints {
    fetcher: Fetcher,
    known: Mutex<HashMap<Asked, Arc<Entry>>>,
}

/// What an issuer is called, and where it is asked: tenants of Entra have the one in common.
type Asked = (String, String);

/// What is known of one issuer.
#[derive(Debug, Default)]
struct Entry {
    known: Mutex<Option<Known>>,
    /// Held by who asks it: nobody asks besides.
    flight: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug)]
enum Known {
    Endpoints {
        until: Instant,
        endpoints: Arc<Endpoints>,
    },
    Unreachable {
        until: Instant,
    },
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

    /// The addresses of a provider. Those of before do while it is asked again, and where it does not answer.
    ///
    /// # Errors
    /// They were never to be had.
    pub(super) async fn of(&self, provider: &Oidc) -> Result<Arc<Endpoints>, FetchFault> {
        let issuer = &provider.issuer;
        let entry = Arc::clone(lock(&self.known).entry(asked(issuer)).or_default());
        if let Some(known) = entry.usable(issuer) {
            let (is_fresh, endpoints) = known?;
            if !is_fresh && let Ok(flight) = Arc::clone(&entry.flight).try_lock_owned() {
                let (fetcher, issuer) = (self.fetcher.clone(), issuer.clone());
                tokio::spawn(async move {
                    entry.learn(fetcher.endpoints(&issuer).await);
                    drop(flight);
                });
            }
            return Ok(endpoints);
        }
        let _flight = entry.flight.lock().await;
        // Somebody else may have asked meanwhile.
        if let Some(known) = entry.usable(issuer) {
            return known.map(|(_, endpoints)| endpoints);
        }
        match self.fetcher.endpoints(issuer).await {
            Ok(endpoints) => {
                let endpoints = Arc::new(endpoints);
                entry.keep(Known::Endpoints {
                    until: Instant::now() + FRESH,
                    endpoints: Arc::clone(&endpoints),
                });
                Ok(endpoints)
            }
            Err(fault) => {
                entry.learn(Err(fault));
                Err(unreachable_now(issuer))
            }
        }
    }

    /// What asks over HTTPS.
    pub(super) const fn fetcher(&self) -> &Fetcher {
        &self.fetcher
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
}

impl Entry {
    /// What to go by without asking; and whether it is fresh.
    fn usable(
        &self,
        issuer: &IssuerSettings,
    ) -> Option<Result<(bool, Arc<Endpoints>), FetchFault>> {
        let now = Instant::now();
        match &*lock(&self.known) {
            Some(Known::Endpoints { until, endpoints }) => {
                Some(Ok((now < *until, Arc::clone(endpoints))))
            }
            Some(Known::Unreachable { until }) if now < *until => {
                Some(Err(unreachable_now(issuer)))
            }
            Some(Known::Unreachable { .. }) | None => None,
        }
    }

    /// Takes an answer up. Where there is none, what was known before goes on for a while.
    fn learn(&self, answer: Result<Endpoints, FetchFault>) {
        match answer {
            Ok(endpoints) => self.keep(Known::Endpoints {
                until: Instant::now() + FRESH,
                endpoints: Arc::new(endpoints),
            }),
            Err(fault) => {
                tracing::warn!("a provider cannot be asked where people sign in: {fault}");
                let until = Instant::now() + BETWEEN_TRIES;
                let mut known = lock(&self.known);
                *known = Some(match known.take() {
                    Some(Known::Endpoints { endpoints, .. }) => {
                        Known::Endpoints { until, endpoints }
                    }
                    Some(Known::Unreachable { .. }) | None => Known::Unreachable { until },
                });
            }
        }
    }

    fn keep(&self, what: Known) {
        *lock(&self.known) = Some(what);
    }
}

fn asked(issuer: &IssuerSettings) -> Asked {
    (issuer.issuer.clone(), discovery_url(issuer))
}

fn unreachable_now(issuer: &IssuerSettings) -> FetchFault {
    FetchFault::NoAnswer {
        url: issuer.issuer.clone(),
        why: "it did not a moment ago".to_owned(),
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Providers move their addresses once in years, and announce it.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// A provider that is down is not to be asked by everybody who comes.
const BETWEEN_TRIES: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossgate_config::{Purpose, Settings};

    use super::*;

    #[test]
    fn what_is_known_of_one_tenant_of_entra_is_not_taken_for_anothers() {
        let text = r#"
            tenant.id = "11111111-1111-4111-8111-111111111111"
            [[issuer]]
            name = "contoso"
            kind = "entra"
            tenants = ["11111111-1111-4111-8111-111111111111"]
            [[issuer]]
            name = "fabrikam"
            kind = "entra"
            tenants = ["22222222-2222-4222-8222-222222222222"]
            [[issuer]]
            name = "others"
            kind = "entra"
        "#;
        let settings = Settings::parse(text, Path::new("/"), Purpose::Decide, &|_| None).unwrap();
        let asked: std::collections::HashSet<Asked> = settings.issuers.iter().map(asked).collect();
        assert_eq!(asked.len(), 3, "{asked:?}");
    }
}
