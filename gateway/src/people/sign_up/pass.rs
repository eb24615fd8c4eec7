//! What a form carries of a sign-up under way: who it is of, sealed, for the browser that was shown it and a while.

use crossgate_control::invitations::Acceptance;
use crossgate_control::signing_up::Applicant;
use crossgate_policy::ids::{Id, TenantId};
use crossgate_portal::attempt::Attempt;
use crossgate_portal::return_path::ReturnPath;
use crossgate_portal::seal::NoRandom;
use serde::{Deserialize, Serialize};

use super::super::People;
use super::super::call::Call;
use super::super::forms::Browser;
use super::super::guests::Acquaintance;
use super::candidate::{Candidate, Origin, Stranger};

/// As it is sealed.
#[derive(Deserialize, Serialize)]
pub(super) struct Pass {
    host: String,
    browser: String,
    since: u64,
    app: String,
    provider: String,
    addresses: Vec<String>,
    name: Option<String>,
    who: Who,
}

#[derive(Deserialize, Serialize)]
enum Who {
    Tenant {
        tenant: String,
        user: String,
        return_to: ReturnPath,
    },
    Account {
        issuer: String,
        assigned: Option<String>,
        attempt: Box<Attempt>,
        acquaintance: Box<Acquaintance>,
    },
}

impl Pass {
    /// The text for the form that this browser is shown.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn seal(
        people: &People,
        call: &Call<'_>,
        candidate: &Candidate,
        browser: &Browser,
    ) -> Result<String, NoRandom> {
        let applicant = &candidate.applicant;
        let who = match (&candidate.origin, &applicant.identity) {
            (Origin::Session { return_to }, Acceptance::Tenant { tenant, user }) => Who::Tenant {
                tenant: tenant.to_string(),
                user: user.to_string(),
                return_to: return_to.clone(),
            },
            (Origin::Provider(stranger), Acceptance::Account { issuer, assigned }) => {
                Who::Account {
                    issuer: issuer.clone(),
                    assigned: assigned.clone(),
                    attempt: Box::new(stranger.attempt.clone()),
                    acquaintance: Box::new(stranger.who.clone()),
                }
            }
            // Tenants' people come with sessions, and others from their providers.
            (Origin::Session { .. }, Acceptance::Account { .. })
            | (Origin::Provider(_), Acceptance::Tenant { .. }) => return Err(NoRandom),
        };
        let pass = Self {
            host: call.host.to_owned(),
            browser: browser.id().to_owned(),
            since: call.now(),
            app: applicant.app.to_string(),
            provider: applicant.provider.clone(),
            addresses: applicant.addresses.clone(),
            name: applicant.name.clone(),
            who,
        };
        let plain = serde_json::to_vec(&pass).map_err(|_| NoRandom)?;
        people.sealer.seal(PURPOSE, &plain)
    }

    /// Who a form is of; `None` where it was not shown to this browser here, or too long ago.
    pub(super) fn open(
        people: &People,
        call: &Call<'_>,
        sealed: Option<&str>,
    ) -> Option<Candidate> {
        let plain = people.sealer.open(PURPOSE, sealed?)?;
        let pass: Self = serde_json::from_slice(&plain).ok()?;
        let browser = Browser::of(call.headers).ok()?;
        let is_here = pass.host == call.host && pass.browser == browser.id() && !browser.is_new;
        if !is_here || call.now() >= pass.since.saturating_add(LONGEST) {
            return None;
        }
        let (identity, origin) = match pass.who {
            Who::Tenant {
                tenant,
                user,
                return_to,
            } => (
                Acceptance::Tenant {
                    tenant: TenantId::parse(&tenant)?,
                    user: Id::new(&user),
                },
                Origin::Session { return_to },
            ),
            Who::Account {
                issuer,
                assigned,
                attempt,
                acquaintance,
            } => (
                Acceptance::Account { issuer, assigned },
                Origin::Provider(Box::new(Stranger {
                    attempt: *attempt,
                    who: *acquaintance,
                })),
            ),
        };
        Some(Candidate {
            applicant: Applicant {
                identity,
                addresses: pass.addresses,
                provider: pass.provider,
                app: Id::new(&pass.app),
                name: pass.name,
                language: call.language().tag().to_owned(),
                origin: call.origin.clone(),
            },
            origin,
        })
    }
}

const PURPOSE: &str = "sign-up";

/// Seconds to fill it in, with every correction anew.
const LONGEST: u64 = 30 * 60;
