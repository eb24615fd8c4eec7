//! Properties of a policy, proved over everything that can come: a counter-example is one request, and where there is none, there is none.
//!
//! # Why this is a proof
//!
//! [`decide`](crossgate_policy::decide()) reads its input in few ways: it looks an id up in lists, finds a record by an id, compares a tenant,
//! tests an address against ranges, and reads flags. So what a policy cannot tell apart it decides alike, and one representative stands for
//! all of its class. The classes are finite, for lists, records, partners and ranges are. They are made anew for each property, of
//! everything that the policies in question and the property itself name:
//!
//! | dimension | classes |
//! |---|---|
//! | app | each that is configured |
//! | who signed the token, whose account it is | the own tenant, the home tenant, outbound the owner of the app: nobody else's word gets past the token step. Homes: the own tenant, none, Microsoft accounts, and tenants by what is written about them: their partner entry, cloud, consent, mentions in conditions, the issuers that may speak for them, and which classes of guest records they have; tenants that nothing is written about are one class |
//! | cloud | the issuer's; of a home that `idp` names each that it can name |
//! | user ids, here and at home | by the lists that name them, the records that are found by them, and documents that assign them; an id that nothing names; none |
//! | groups, roles | every union of lists that a set of them can be in: lists are read by "any of these" alone |
//! | client | by the lists that name it; none |
//! | address | by the ranges that hold it (ranges are nested or apart, so each class begins at the start of one or behind the end of one); unknown |
//! | what the sign-in showed, terms accepted | every combination that some control asks for |
//! | standing (`acct`), person or workload, app roles | each |
//!
//! # What is left out, and why that loses nothing
//!
//! A property is about being let in, and these can only keep somebody out, so the best of them lets in whom any other does:
//! - **Restriction headers and `xms_trpid`.** Step 3 refuses or passes, and a header makes restrictions bind that did not. None come.
//! - **Revocations** of the past: whoever signs in after them passes. Everybody signs in a minute ahead of now, the latest that a token may
//!   say; a revocation that is dated later still binds. So that a draft lifts a revocation is not seen as letting somebody in.
//! - **Groups beyond those that the token lists.** An unknown membership includes in a policy and never excludes, and no setting admits by it.
//!   (For `nobody_new`, and for documents, both.)
//! - **Scopes, authentication contexts, app roles, clients' proof of keys**: what the configuration demands is there. It is the same before
//!   and after a draft.
//! - **The partner's side**: it publishes what suits the caller, and allows automatic consent. (For `nobody_new` both ways.)
//!
//! # What is taken apart
//!
//! The classes of who comes and from where, and the combinations of what the sign-in showed, multiply. But which Conditional Access policies
//! apply is a matter of the former alone (`decide/conditional_access/applies.rs` reads no proof), and with that, the access type and the home
//! tenant given, whether their controls are met is one of the latter alone (`controls.rs` reads nobody's id). So each of who and where is
//! decided once, with everything shown: whom that does not let in, nothing does, for proofs and accepted terms only ever meet controls.
//! Of the rest one for each set of policies that apply is decided with every combination. The tests hold all of this against the plain
//! product of everything, policy by policy.
//!
//! Where the classes are too many to be gone through, that is the answer: nothing is sampled.

mod address;
mod atoms;
mod people;
mod search;
mod selection;
mod tenants;
mod unions;

use std::borrow::Cow;
use std::sync::Arc;

use crossgate_config::{Property, Says};
use crossgate_policy::snapshot::{Access, Consent, PartnerSide, Setting, Snapshot};
use crossgate_token::Issuers;

use crate::verify::Apps;
pub use search::Example;
use search::{Goal, Search};

/// What a policy stands beside: the same before and after a draft.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The apps.
    pub apps: &'a Apps,
    /// Who may sign tokens.
    pub issuers: &'a Issuers,
    /// People sign in with browsers, so that the gateway itself vouches for some without a tenant.
    pub signs_in: bool,
    /// The time that it holds for: guests expire.
    pub now: jiff::Timestamp,
    /// More decisions than this are too many.
    pub most: u64,
}

/// What became of a property.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It holds. An example shows it where one is all it takes.
    Holds(Option<Box<Example>>),
    /// It does not. An example shows it, unless what it lacks is any.
    Fails(Option<Box<Example>>),
    /// There are more classes than could be gone through.
    TooLarge,
    /// It compares a draft with the policy in force, and there is no draft.
    NeedsDraft,
}

/// A property's verdict, and how many decisions it took.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What became of it.
    pub verdict: Verdict,
    /// Decisions that were made.
    pub decided: u64,
}

/// Proves a property of a policy, or finds what contradicts it. `before` is what the policy is to take the place of.
#[must_use]
pub fn prove(
    property: &Property,
    policy: &Snapshot,
    before: Option<&Snapshot>,
    site: Site<'_>,
) -> Proof {
    let asked = as_suits_callers(policy);
    let before = before.map(as_suits_callers);
    let (goal, before) = match &property.says {
        Says::Never(selection) | Says::Possible(selection) => (Goal::LetIn(selection), None),
        Says::NobodyNew(selection) => match before {
            Some(before) => (Goal::New(selection), Some(before)),
            None => {
                let verdict = Verdict::NeedsDraft;
                return Proof {
                    verdict,
                    decided: 0,
                };
            }
        },
        Says::Reached(place) | Says::Unreached(place) => (Goal::Reached(place), None),
    };
    let search = Search::new(&asked, before.as_deref(), site, goal);
    let (found, decided) = search.run();
    let verdict = match (found, &property.says) {
        (Err(search::TooLarge), _) => Verdict::TooLarge,
        (Ok(Some(example)), Says::Never(_) | Says::NobodyNew(_) | Says::Unreached(_)) => {
            Verdict::Fails(Some(Box::new(example)))
        }
        (Ok(Some(example)), Says::Possible(_) | Says::Reached(_)) => {
            Verdict::Holds(Some(Box::new(example)))
        }
        (Ok(None), Says::Never(_) | Says::NobodyNew(_) | Says::Unreached(_)) => {
            Verdict::Holds(None)
        }
        (Ok(None), Says::Possible(_) | Says::Reached(_)) => Verdict::Fails(None),
    };
    Proof { verdict, decided }
}

/// The policy where every partner that publishes its side publishes what lets its people out: what it does is not ours to say.
fn as_suits_callers(policy: &Snapshot) -> Cow<'_, Snapshot> {
    let publish = policy.partner_facts.iter();
    let publish = publish.filter(|(_, facts)| facts.consent == Consent::Published);
    let side = PartnerSide {
        automatic_consent_outbound: false,
        direct_connect_outbound: Arc::new(Setting::initial(Access::Allowed)),
    };
    let sides: crossgate_policy::snapshot::ByTenant<PartnerSide> =
        publish.map(|(tenant, _)| (*tenant, side.clone())).collect();
    if sides.is_empty() && policy.partner_sides.is_empty() {
        return Cow::Borrowed(policy);
    }
    Cow::Owned(Snapshot {
        partner_sides: Arc::new(sides),
        ..policy.clone()
    })
}
