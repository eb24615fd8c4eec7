//! Sign-ins at the console, and those that came to nothing, leave events as at any app.

use std::sync::Arc;
use std::time::Instant;

use http::header::USER_AGENT;
use uuid::Uuid;

use super::ConsoleSettings;
use crate::ops::Metrics;
use crate::people::{Call, Here, Told};
use crate::request::admit::{Brought, admit_refused, admit_signed_in, unix_time};
use crate::request::respond::Answer;
use crate::request::restriction::restriction_values;
use crate::request::tokens::TokenDigest;
use crate::sign_ins::{Ending, Full, Observation, PolicyInForce, Seen, SignIns, Slot, bounded};

/// Where the events go.
#[derive(Debug)]
pub(in crate::admin) struct Record {
    pub(in crate::admin) sign_ins: SignIns,
    pub(in crate::admin) metrics: Arc<Metrics>,
}

/// A request to a place of a sign-in or for a page, as it was answered.
pub(super) struct Answered<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) settings: &'a ConsoleSettings,
    /// Who was signed in when it came.
    pub(super) here: Option<&'a Here>,
    /// The provider from which people come to the place; `None` at a page.
    pub(super) provider: Option<Arc<str>>,
    pub(super) begun: Instant,
    pub(super) answer: &'a Answer,
}

/// What an event says of somebody, and of what became of them.
struct Known {
    ending: Ending,
    here: Option<Here>,
    signed_in_at: Option<Arc<str>>,
}

impl Record {
    /// Keeps room for an event.
    ///
    /// # Errors
    /// There is none: nobody is to sign in without leaving one.
    pub(super) fn reserve(&self) -> Result<Slot, Full> {
        self.sign_ins.reserve()
    }

    /// The same for what lets nobody in, which is done where there is no room too: its event is counted as dropped then.
    pub(super) fn reserve_or_drop(&self) -> Slot {
        self.sign_ins.reserve_or_drop()
    }

    /// Records what was told of a request; nothing where nobody signed in or tried to.
    pub(super) fn of(&self, slot: Slot, answered: &Answered<'_>, told: Told) {
        let Some(known) = self.known(answered, told) else {
            slot.give_back();
            return;
        };
        let Answered { call, settings, .. } = answered;
        let Known {
            ending,
            here,
            signed_in_at,
        } = known;
        let (in_force, called) = (call.in_force, &settings.app.called);
        let token = here.as_ref().map(|here| &here.token);
        let token_digest = here
            .as_ref()
            .map_or(TokenDigest::NONE, |here| here.session.subject.digest);
        let seen = Seen {
            token: token_digest,
            app: Some(&called.target.id),
            outcome: ending.outcome(),
            reason: ending.reason(),
            client_address: call.client_ip,
            generation: in_force.generation,
            arrived: call.at,
            by_itself: true,
        };
        let agent = call.headers.get(USER_AGENT);
        slot.record(&seen, || Observation {
            trace: None,
            decision_id: Uuid::new_v4(),
            correlation_id: call.correlation_id.as_str().into(),
            arrived: call.at,
            shown: answered.answer.is_page(),
            duration: answered.begun.elapsed(),
            status: answered.answer.status,
            ending,
            app: Some(called.clone()),
            subject: token.map(|token| Arc::clone(&token.subject)),
            token: token.map(|token| Arc::clone(&token.facts)),
            token_digest,
            client_address: call.client_ip,
            user_agent: agent.and_then(|agent| agent.to_str().ok()).map(bounded),
            policy: Some(PolicyInForce {
                // Never what is staged: whoever stages a draft can return it here.
                snapshot: Arc::clone(&in_force.snapshot),
                generation: in_force.generation,
                hash: Arc::clone(&in_force.hash),
                key_set_generation: in_force.keys.epoch,
                over: None,
            }),
            signed_in_at,
            restriction: restriction_values(call.headers),
            partner_outbound_allowed: false,
            terms_accepted: here.as_ref().and_then(|here| here.accepted.clone()),
        });
    }

    fn known(&self, answered: &Answered<'_>, told: Told) -> Option<Known> {
        let Answered { call, settings, .. } = answered;
        let restriction = restriction_values(call.headers);
        let brought = Brought {
            now: unix_time(call.at),
            headers: call.headers,
            restriction: restriction.as_deref(),
            client_ip: call.client_ip,
            session: None,
            terms_accepted: &[],
        };
        let (snapshot, provider) = (&call.in_force.snapshot, answered.provider.clone());
        Some(match told {
            Told::Nothing => return None,
            Told::Decided(decision) => Known {
                ending: Ending::Decided(decision),
                here: answered.here.cloned(),
                signed_in_at: None,
            },
            Told::NotReady {
                reason,
                provider: wanted,
            } => Known {
                ending: Ending::NotReady(reason),
                here: None,
                signed_in_at: wanted.or(provider),
            },
            Told::Refused(refusal) => Known {
                ending: Ending::Decided(admit_refused(
                    snapshot,
                    &settings.app,
                    brought,
                    refusal,
                    &self.metrics,
                )),
                here: None,
                signed_in_at: provider,
            },
            Told::SignedIn(session) => {
                let signed_in = &session.subject;
                let accepted = signed_in.standing.accepted(&settings.people);
                let brought = Brought {
                    session: Some(signed_in),
                    terms_accepted: accepted.as_deref().unwrap_or_default(),
                    ..brought
                };
                let decision =
                    admit_signed_in(snapshot, &settings.app, brought, signed_in, &self.metrics);
                let signed_in_at = Some(Arc::clone(&session.provider));
                let here = signed_in.token().map(|token| Here {
                    session: Arc::clone(&session),
                    token,
                    accepted,
                });
                Known {
                    ending: Ending::Decided(decision),
                    here,
                    signed_in_at,
                }
            }
        })
    }
}
