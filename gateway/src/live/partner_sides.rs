//! Keeps what partners' gateways publish of their side of the settings (decision.md, section 7): fetched again and again, and let go of when
//! it expires.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crossgate_graph::PolicyFile;
use crossgate_policy::ids::{Cloud, TenantId, UnixTime};
use crossgate_policy::snapshot::{ByTenant, OwnTenant, PartnerSide};
use crossgate_token::{Algorithm, CrossTenant, ExpectedCrossTenant, KeySet, verify_cross_tenant};
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::fetch::{FetchFault, Fetcher};
use super::{InForce, Live};
use crate::ops::Metrics;
use crate::request::admit::unix_time;
use crate::request::assertion::JWKS_PATH;
use crate::request::cross_tenant::CROSS_TENANT_PATH;

/// A partner whose gateway publishes its side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publisher {
    /// The partner.
    pub tenant: TenantId,
    /// What metrics and logs call it.
    pub name: Box<str>,
    /// The origin of its gateway.
    pub gateway: Box<str>,
}

/// What is held of one.
struct Held {
    of: Publisher,
    side: Option<(PartnerSide, UnixTime)>,
    due: Instant,
    /// It was told that there is nothing, and is told again only when that has changed.
    told: bool,
}

/// Keeps the sides of whoever the settings in force name, for as long as anybody serves.
pub async fn keep(live: Weak<Live>, metrics: Arc<Metrics>, fetcher: Fetcher) {
    let mut all: Vec<Held> = Vec::new();
    let mut flights = JoinSet::new();
    loop {
        let Some(live) = live.upgrade() else {
            return;
        };
        let routes = Arc::clone(&live.in_force().routes);
        let of_settings = &routes.publishers;
        all.retain(|held| of_settings.contains(&held.of));
        for publisher in &**of_settings {
            if !all.iter().any(|held| held.of == *publisher) {
                all.push(Held::new(publisher));
            }
        }
        let due = Instant::now();
        // A flight ends before its partner is due again; one that crashed is made again then.
        for held in all.iter_mut().filter(|held| held.due <= due) {
            held.due = due + PAUSE + LONGEST_FLIGHT;
            let (fetcher, of, own) = (fetcher.clone(), held.of.clone(), routes.own_tenant);
            flights.spawn(async move {
                let fetching = fetch(&fetcher, &of, own);
                let fetched = tokio::time::timeout(LONGEST_FLIGHT, fetching).await;
                (of, fetched.unwrap_or(Err(Fault::TooSlow)))
            });
        }
        let now = unix_time(Timestamp::now());
        for held in &mut all {
            held.side = held.side.take().filter(|(_, expires)| now < *expires);
        }
        put_in_force(&live, &all);
        drop(live);
        let next = all
            .iter()
            .filter_map(|held| Some(until(held.side.as_ref()?.1, now)));
        let next = next.min().unwrap_or(LOOK).min(LOOK);
        // What has landed counts at once, and an end is not missed for a partner that is slow.
        if let Ok(Some(Ok((of, fetched)))) = tokio::time::timeout(next, landed(&mut flights)).await
            && let Some(held) = all.iter_mut().find(|held| held.of == of)
        {
            held.take(fetched, &metrics);
        }
    }
}

/// The next flight that lands; waits where none is under way.
async fn landed<T: 'static>(flights: &mut JoinSet<T>) -> Option<Result<T, JoinError>> {
    if flights.is_empty() {
        std::future::pending().await
    } else {
        flights.join_next().await
    }
}

impl Held {
    fn new(of: &Publisher) -> Self {
        Self {
            of: of.clone(),
            side: None,
            due: Instant::now(),
            told: false,
        }
    }

    fn take(&mut self, fetched: Result<(PartnerSide, UnixTime), Fault>, metrics: &Metrics) {
        self.due = Instant::now() + PAUSE;
        let name = &*self.of.name;
        metrics.partner_side_fetched(name, fetched.is_ok());
        match fetched {
            Ok(side) => {
                if self.told {
                    tracing::info!(partner = name, "the partner's gateway publishes its side");
                }
                (self.side, self.told) = (Some(side), false);
            }
            Err(error) => {
                if !self.told {
                    tracing::warn!(partner = name, %error, "the partner's side cannot be read; what was read before holds until it expires");
                }
                self.told = true;
            }
        }
    }
}

/// Tells requests, where something is different from before. What is under way is decided again.
fn put_in_force(live: &Live, all: &[Held]) {
    let sides: ByTenant<PartnerSide> = all
        .iter()
        .filter_map(|held| Some((held.of.tenant, held.side.as_ref()?.0.clone())))
        .collect();
    if *live.in_force().partner_sides == sides {
        return;
    }
    let sides = Arc::new(sides);
    live.replace(|current| InForce {
        generation: current.generation + 1,
        partner_sides: Arc::clone(&sides),
        ..current.clone()
    });
}

/// Why a partner's side is not known.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Fetch(#[from] FetchFault),
    #[error("`{url}`: {why}")]
    Document { url: String, why: String },
    #[error("it takes more than {} s", LONGEST_FLIGHT.as_secs())]
    TooSlow,
}

async fn fetch(
    fetcher: &Fetcher,
    of: &Publisher,
    own: TenantId,
) -> Result<(PartnerSide, UnixTime), Fault> {
    let keys_at = format!("{}{JWKS_PATH}", of.gateway);
    let keys = fetcher.document(&keys_at).await?;
    let keys = KeySet::read(&keys, &[Algorithm::Es256]).map_err(|why| Fault::Document {
        url: keys_at,
        why: why.to_string(),
    })?;
    let url = format!("{}{CROSS_TENANT_PATH}{own}", of.gateway);
    let document = fetcher.document(&url).await?;
    let fault = |why: String| Fault::Document {
        url: url.clone(),
        why,
    };
    let document = std::str::from_utf8(&document).map_err(|why| fault(why.to_string()))?;
    let expected = ExpectedCrossTenant {
        partner: of.tenant,
        own,
        now: unix_time(Timestamp::now()),
    };
    let verified = verify_cross_tenant(document.trim(), &expected, &keys)
        .map_err(|why| fault(why.to_string()))?;
    let expires = verified.expires.earlier(expected.now.plus(LONGEST));
    let side = read(of.tenant, own, verified).map_err(fault)?;
    Ok((side, expires))
}

/// A partner's settings towards us are a partner's configuration as we have them: ours is the partner there.
fn read(partner: TenantId, own: TenantId, document: CrossTenant) -> Result<PartnerSide, String> {
    let text = Value::Object(document.settings).to_string();
    let files = [PolicyFile {
        path: "partners.json",
        text: &text,
    }];
    let theirs = OwnTenant {
        id: partner,
        cloud: Cloud::Global,
        domains: Box::default(),
    };
    let read = crossgate_graph::load(&files, &theirs).map_err(|faults| {
        let faults = faults.iter().map(ToString::to_string);
        faults.collect::<Vec<_>>().join("; ")
    })?;
    let settings = read.partners.get(own);
    let settings = settings.ok_or("it is not for this gateway's tenant")?;
    let direct_connect = settings.direct_connect_outbound.clone();
    Ok(PartnerSide {
        automatic_consent_outbound: settings.automatic_consent_outbound == Some(true),
        // What it does not say holds by Entra's initial value there: nobody.
        direct_connect_outbound: direct_connect
            .unwrap_or_else(|| Arc::clone(&read.default.direct_connect_outbound)),
    })
}

fn until(then: UnixTime, now: UnixTime) -> Duration {
    Duration::try_from_secs_f64(then.seconds() - now.seconds()).unwrap_or_default()
}

/// Between two readings of a partner's side: what it changed binds here after as long.
const PAUSE: Duration = Duration::from_secs(10);

/// Seconds that a document counts at most, whatever it says: so long may a partner go by what it took back and cannot tell.
const LONGEST: f64 = 300.0;

/// For keys and document of one partner.
const LONGEST_FLIGHT: Duration = Duration::from_secs(10);

/// Between two looks at the settings.
const LOOK: Duration = Duration::from_secs(1);
