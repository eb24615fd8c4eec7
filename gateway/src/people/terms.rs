//! Terms of use: who accepted which version, and asking who did not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use crossgate_config::TermsSettings;
use crossgate_policy::Decision;
use crossgate_policy::decision::Requirement;
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{PolicyState, Snapshot};
use crossgate_portal::pages::{Action, Does, Page, Why};
use http::Method;

use super::call::{Call, Reply, Told};
use super::forms::one;
use super::sign_in::{own_or_safe, unable};
use super::{People, PeopleSettings, PersonSession, place};
use crate::request::admit::admit_with_terms;
use crate::request::respond::{self, Answer, Shown};
use crate::request::route::{App, Door};

/// How a session stands by the settings in force: whether it is believed, and which terms its person has accepted. Found out
/// once for each settings.
#[derive(Debug)]
pub struct Standing {
    /// By which settings, and what they say: one number, so that a request reads no more of memory than that.
    believed: AtomicU64,
    /// By which generation of the policy, and whether the directory knows them by it: in the same way. Of guests alone.
    somebody: AtomicU64,
    /// Nothing for those who never accepted any, as most are never asked to.
    accepted: OnceLock<ArcSwap<Accepted>>,
}

/// What a person accepted.
#[derive(Debug, Default)]
struct Accepted {
    /// Agreements, in which version.
    versions: Vec<(Id, Box<str>)>,
    /// By which settings the rest was found.
    serial: u64,
    /// Those that count.
    counting: Arc<[Id]>,
}

impl Standing {
    /// What was kept of acceptances: agreements and versions.
    #[must_use]
    pub fn new(accepted: &[(String, String)]) -> Self {
        let versions = accepted.iter();
        let kept = (!accepted.is_empty()).then(|| Accepted {
            versions: versions
                .map(|(id, version)| (Id::new(id), version.as_str().into()))
                .collect(),
            ..Accepted::default()
        });
        Self {
            believed: AtomicU64::new(0),
            somebody: AtomicU64::new(0),
            accepted: kept
                .map(ArcSwap::from_pointee)
                .map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    /// Goes by these settings from now on; whether the session is believed, which is asked where it is not known.
    pub fn by(&self, settings: &PeopleSettings, believes: impl FnOnce() -> bool) -> bool {
        // Each for itself: requests of two settings may do this at once, while one takes the other's place.
        if let Some(accepted) = self.accepted.get()
            && accepted.load().serial != settings.serial
        {
            accepted.rcu(|accepted| Accepted::of(accepted.versions.clone(), settings));
        }
        once(&self.believed, settings.serial, believes)
    }

    /// Whether the directory knows them, which is asked where it is not known for this generation of the policy.
    pub fn is_somebody(&self, generation: u64, asked: impl FnOnce() -> bool) -> bool {
        once(&self.somebody, generation, asked)
    }

    /// The agreements that count as accepted by these settings, whatever others ask by; `None` where none ever was.
    #[must_use]
    pub fn accepted(&self, settings: &PeopleSettings) -> Option<Arc<[Id]>> {
        let accepted = self.accepted.get()?.load();
        Some(if accepted.serial == settings.serial {
            Arc::clone(&accepted.counting)
        } else {
            Accepted::of(accepted.versions.clone(), settings).counting
        })
    }

    fn accept(&self, terms: &TermsSettings, settings: &PeopleSettings) {
        let accepted = self.accepted.get_or_init(ArcSwap::default);
        accepted.rcu(|accepted| {
            let others = accepted.versions.iter();
            let mut versions: Vec<_> = others.filter(|(id, _)| *id != terms.id).cloned().collect();
            versions.push((terms.id.clone(), terms.version.as_str().into()));
            Accepted::of(versions, settings)
        });
    }
}

/// What was found under this number, or is found now. Nothing has the number 0, so what was never asked is asked.
fn once(known: &AtomicU64, number: u64, asked: impl FnOnce() -> bool) -> bool {
    let (no, yes) = (number << 1, number << 1 | 1);
    let found = known.load(Ordering::Relaxed);
    if found == no || found == yes {
        return found == yes;
    }
    let answer = asked();
    known.store(if answer { yes } else { no }, Ordering::Relaxed);
    answer
}

impl Accepted {
    fn of(versions: Vec<(Id, Box<str>)>, settings: &PeopleSettings) -> Self {
        let counts = |terms: &&TermsSettings| {
            versions
                .iter()
                .any(|(id, version)| *id == terms.id && **version == *terms.version)
        };
        let counting = settings.terms.iter().filter(counts);
        Self {
            serial: settings.serial,
            counting: counting.map(|terms| terms.id.clone()).collect(),
            versions,
        }
    }
}

impl People {
    /// Sends a person who lacks an acceptance to where it is given.
    pub(super) fn to_terms(call: &Call<'_>, return_to: &str) -> Answer {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("return", return_to);
        let location = format!("{}?{}", place::TERMS, query.finish());
        if call.method == Method::POST {
            respond::go(&location)
        } else {
            respond::go_to_sign_in(&location)
        }
    }

    /// `/.crossgate/terms`: the terms that are lacking, or on to where the person wanted to be.
    pub(super) async fn terms(&self, call: &Call<'_>) -> Reply {
        if call.method != Method::POST {
            return self.accept_terms(call, false).await;
        }
        let ours = self.is_ours(call);
        let reply = self.accept_terms(call, ours).await;
        if ours {
            reply
        } else {
            Reply::to_another_site(reply.answer)
        }
    }

    async fn accept_terms(&self, call: &Call<'_>, accepts: bool) -> Reply {
        let query = call.query();
        let return_to = own_or_safe(one(&query, "return").unwrap_or("/"));
        let Some(session) = &call.session else {
            return Reply::of(respond::go(&return_to));
        };
        // A form goes where it was sent to, and that is where the terms are for.
        let resumed = match place::place(&return_to) {
            Some(place::Place::Resume(id)) => self.kept.path(&id),
            Some(_) | None => None,
        };
        let to = resumed.as_deref().unwrap_or(&return_to);
        let path = to.split('?').next().unwrap_or("/");
        let found = call.in_force.routes.find(Door::Proxy, call.host, path);
        let app = found.map_or(call.app, |found| found.app);
        if accepts {
            let named = one(&query, AGREEMENT);
            let mut all = call.settings.terms.iter();
            let terms = all.find(|terms| named == Some(&key(terms)));
            if let Some(terms) = terms
                && !self.keep_acceptance(call, session, terms).await
            {
                return unable(call, None, "acceptance_not_stored");
            }
        }
        match lacking(call, session, app) {
            Lacking::Nothing => Reply::of(respond::go(&return_to)),
            Lacking::Terms(terms) => self.show(call, terms, &return_to).await,
            Lacking::NotOurs(decision) => not_ours(call, *decision),
        }
    }

    async fn show(&self, call: &Call<'_>, terms: &TermsSettings, return_to: &str) -> Reply {
        let text = match tokio::fs::read_to_string(&terms.file).await {
            Ok(text) => text,
            Err(why) => {
                tracing::error!("[[terms]] file: `{}`: {why}", terms.file.display());
                return unable(call, None, "terms_not_read");
            }
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("return", return_to);
        query.append_pair(AGREEMENT, &key(terms));
        let action = format!("{}?{}", place::TERMS, query.finish());
        Reply::of(self.with_form_token(call, |csrf| {
            let page = Page::Terms {
                name: &terms.name,
                version: &terms.version,
                text: &text,
                action: &action,
                csrf,
            };
            respond::page(Shown::Asked, &call.render(&page))
        }))
    }

    async fn keep_acceptance(
        &self,
        call: &Call<'_>,
        session: &PersonSession,
        terms: &TermsSettings,
    ) -> bool {
        let who = session.subject.who();
        let Some(person) = who.key() else {
            return false;
        };
        let (store, now) = (Arc::clone(&self.store), call.now());
        let (agreement, version) = (terms.id.to_string(), terms.version.clone());
        let kept =
            tokio::task::spawn_blocking(move || store.accept(&person, &agreement, &version, now));
        match kept.await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                tracing::error!("[portal] store: an acceptance is not kept: {fault}");
                return false;
            }
            Err(_panicked) => return false,
        }
        tracing::info!(
            agreement = %terms.id,
            version = terms.version,
            correlation_id = call.correlation_id,
            "terms of use accepted"
        );
        let theirs = self
            .sessions
            .filter(|other| other.subject.who().person == who.person);
        for other in theirs {
            other.subject.standing.accept(terms, call.settings);
        }
        true
    }
}

/// What a person still has to accept.
enum Lacking<'s> {
    Nothing,
    Terms(&'s TermsSettings),
    /// Policy names an agreement that is not configured here.
    NotOurs(Box<Decision>),
}

/// Found by asking policy: of those that it names, one without which it refuses although all others were accepted.
fn lacking<'s>(call: &'s Call<'_>, session: &PersonSession, app: &App) -> Lacking<'s> {
    let token = session.subject.token();
    let subject = token.as_ref().map(|token| &*token.subject);
    let snapshot = call.in_force.policy_for(subject);
    let accepted = session.subject.standing.accepted(call.settings);
    let accepted = accepted.unwrap_or_default();
    let open: Vec<&TermsSettings> = call
        .settings
        .terms
        .iter()
        .filter(|terms| !accepted.contains(&terms.id) && is_named(snapshot, &terms.id))
        .collect();
    let asked = |ids: &[Id]| {
        let decision = admit_with_terms(call, &app.called.target, &session.subject, ids);
        let refusal = decision.outcome.as_ref().err()?;
        let terms = refusal.requirements.contains(&Requirement::TermsOfUse);
        terms.then(|| Box::new(decision))
    };
    let all = || open.iter().map(|terms| terms.id.clone());
    let with_all: Vec<Id> = accepted.iter().cloned().chain(all()).collect();
    if let Some(decision) = asked(&with_all) {
        return Lacking::NotOurs(decision);
    }
    let needed = open.iter().find(|terms| {
        let others: Vec<Id> = with_all
            .iter()
            .filter(|id| **id != terms.id)
            .cloned()
            .collect();
        asked(&others).is_some()
    });
    needed.map_or(Lacking::Nothing, |terms| Lacking::Terms(terms))
}

fn is_named(snapshot: &Snapshot, id: &Id) -> bool {
    snapshot.conditional_access.iter().any(|policy| {
        policy.state == PolicyState::Enabled && policy.controls.terms_of_use.contains(id)
    })
}

fn not_ours(call: &Call<'_>, decision: Decision) -> Reply {
    tracing::error!(
        correlation_id = call.correlation_id,
        "a policy asks for terms of use that no `[[terms]]` has; nobody can accept them"
    );
    let page = Page::Refused {
        why: Why::MoreNeededNotGiven,
        code: Some(&format!("AADSTS{}", decision.code())),
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
        who: None,
        actions: &[Action {
            does: Does::SeeWhoIAm,
            href: place::ME,
        }],
    };
    Reply {
        answer: respond::page(Shown::SignedOut, &call.render(&page)),
        told: Told::Decided(decision),
    }
}

/// What names an agreement and its version in a form: what was shown is what is accepted.
fn key(terms: &TermsSettings) -> String {
    format!("{} {}", terms.id, terms.version)
}

const AGREEMENT: &str = "agreement";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{OWN, issuers, known, sign_in_settings};

    #[test]
    fn whoever_asks_by_some_settings_gets_their_answer_whatever_others_ask_by() {
        let settings = |terms| PeopleSettings::of(&sign_in_settings(terms)).unwrap();
        let (old, new) = (settings("1"), settings("2"));
        let standing = Standing::new(&[("rules".to_owned(), "1".to_owned())]);
        let rules = [Id::new("rules")];
        for _ in 0..2 {
            assert!(standing.by(&old, || true) && standing.by(&new, || true));
            assert_eq!(standing.accepted(&old).as_deref(), Some(&rules[..]));
            assert_eq!(standing.accepted(&new).as_deref(), Some(&[][..]));
        }
        standing.accept(&new.terms[0], &new);
        assert_eq!(standing.accepted(&new).as_deref(), Some(&rules[..]));
        assert_eq!(standing.accepted(&old).as_deref(), Some(&[][..]));
    }

    #[test]
    fn whether_a_session_is_believed_is_asked_once_for_each_settings() {
        let settings = || PeopleSettings::of(&sign_in_settings("1")).unwrap();
        let (one, other) = (settings(), settings());
        let standing = Standing::new(&[]);
        assert!(standing.by(&one, || true));
        assert!(standing.by(&one, || panic!("it is known")));
        assert!(!standing.by(&other, || false));
        assert!(standing.by(&one, || true));
        assert_eq!(standing.accepted(&one), None);
        assert!(standing.is_somebody(7, || true));
        assert!(standing.is_somebody(7, || panic!("it is known")));
        assert!(!standing.is_somebody(8, || false));
    }

    #[test]
    fn a_session_of_a_provider_that_is_gone_is_believed_by_nobody() {
        let settings = PeopleSettings::of(&sign_in_settings("1")).unwrap();
        assert!(!settings.still_believes("elsewhere", &known(OWN), &issuers()));
    }
}
