//! Goes through everything that can come, until something is found.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;

use crossgate_config::{Place, Selection};
use crossgate_policy::context::Context;
use crossgate_policy::decision::AccessType;
use crossgate_policy::ids::{Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{Consent, Snapshot};
use crossgate_policy::subject::{Account, Home, Proofs, Subject, TokenGroups};
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision, Line, Step, decide, explain};

use super::Site;
use super::address;
use super::atoms::Atoms;
use super::people::{People, unnamed_in};
use super::selection::{Asked, Excepted, asks_what_was_shown, selects_shown, selects_who};
use super::tenants::Skeleton;
use super::unions::Lists;
use crate::case::Written;
use crate::replay::Said;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal<'a> {
    /// Somebody of these is let in.
    LetIn(&'a Selection),
    /// Somebody of these is let in whom the other policy refuses.
    New(&'a Selection),
    /// Some request is decided with a word of this.
    Reached(&'a Place),
}

/// There is more than may be gone through.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooLarge;

/// One request that shows something.
#[derive(Clone, Debug)]
pub struct Example {
    app: Id,
    issuer: Option<Arc<str>>,
    subject: Option<Subject>,
    address: Option<IpAddr>,
    partner_outbound_allowed: bool,
    partner_consents: Option<bool>,
    terms_accepted: Vec<Id>,
    now: jiff::Timestamp,
    /// What the policy in question answers.
    pub answer: Said,
    /// What the one before it answers.
    pub before: Option<Said>,
}

impl Example {
    /// The request as `crossgate decide` reads it.
    #[must_use]
    pub fn case(&self, id: &str) -> String {
        let written = Written {
            id,
            now: self.now,
            app: &self.app,
            issuer: self.issuer.as_deref(),
            caller: self
                .subject
                .as_ref()
                .map_or(Caller::Anonymous, Caller::Verified),
            anybody: false,
            headers: [&[]; 3],
            client_ip: self.address,
            partner_outbound_allowed: self.partner_outbound_allowed,
            partner_consents: self.partner_consents,
            terms_accepted: &self.terms_accepted,
        };
        // Only text, numbers and lists.
        serde_json::to_string(&written).unwrap_or_default()
    }
}

/// One search.
pub(super) struct Search<'a> {
    /// The policy in question, and the one before it where the two are compared.
    pub(super) sides: Vec<&'a Snapshot>,
    pub(super) site: Site<'a>,
    pub(super) goal: Goal<'a>,
    /// Ids whose guest records differ between the sides.
    changed: Vec<Id>,
    decided: u64,
}

/// One request of many.
#[derive(Clone, Copy)]
struct Request<'r> {
    target: &'r Target,
    skeleton: Option<&'r Skeleton>,
    subject: Option<&'r Subject>,
    address: Option<IpAddr>,
    outbound: bool,
    terms: &'r [Id],
}

type Found = ControlFlow<Result<Box<Example>, TooLarge>>;

/// What tells apart what was decided with everything shown: those with the same go the same way with less.
#[derive(Eq, Hash, PartialEq)]
struct Way {
    access_type: Option<AccessType>,
    /// The same of the other policy, and whether it refuses.
    before: Option<(Option<AccessType>, bool)>,
    excepted: Excepted,
    applying: Vec<Vec<bool>>,
    outbound: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        asked: &'a Snapshot,
        before: Option<&'a Snapshot>,
        site: Site<'a>,
        goal: Goal<'a>,
    ) -> Self {
        Self {
            sides: std::iter::once(asked).chain(before).collect(),
            site,
            goal,
            changed: before.map_or_else(Vec::new, |before| changed(asked, before)),
            decided: 0,
        }
    }

    pub(super) fn own(&self) -> TenantId {
        let own = self.sides.first().map(|side| side.own.id);
        own.unwrap_or(TenantId::MICROSOFT_ACCOUNTS)
    }

    pub(super) fn now(&self) -> UnixTime {
        let now = UnixTime::new(self.site.now.as_duration().as_secs_f64());
        now.unwrap_or(UnixTime::from_secs(0))
    }

    /// When everybody signed in: as late as a token may say.
    pub(super) fn signed_in(&self) -> UnixTime {
        self.now().plus(crossgate_token::CLOCK_SKEW_SECONDS)
    }

    /// Looks through everything; answers what it found, and how many decisions that took.
    pub(super) fn run(mut self) -> (Result<Option<Example>, TooLarge>, u64) {
        let found = self.everything();
        let found = match found {
            ControlFlow::Continue(()) => Ok(None),
            ControlFlow::Break(Ok(example)) => Ok(Some(*example)),
            ControlFlow::Break(Err(too_large)) => Err(too_large),
        };
        (found, self.decided)
    }

    fn everything(&mut self) -> Found {
        let ids: BTreeSet<&'a Id> = self.site.apps.keys().collect();
        for id in ids {
            let Some(target) = self.site.apps.get(id) else {
                continue;
            };
            let unasked = self.goal.conditions().next().is_some_and(|condition| {
                let apps = condition.app.as_ref();
                apps.is_some_and(|apps| !apps.contains(id))
            });
            if unasked {
                continue;
            }
            if target.anonymous {
                self.anonymous(target)?;
            }
            for skeleton in self.skeletons(target) {
                self.shape(target, &skeleton)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// A call without a token.
    fn anonymous(&mut self, target: &'a Target) -> Found {
        let mut ranges = Vec::new();
        for condition in self.goal.conditions() {
            ranges.extend(condition.address.iter().flatten());
        }
        for address in address::classes(&ranges, false) {
            let request = Request {
                target,
                skeleton: None,
                subject: None,
                address,
                outbound: false,
                terms: &[],
            };
            self.ask(request, &mut HashSet::new(), &[], &[Vec::new()])?;
        }
        ControlFlow::Continue(())
    }

    /// Every token of a shape.
    fn shape(&mut self, target: &'a Target, skeleton: &Skeleton) -> Found {
        let (sides, changed) = (self.sides.clone(), std::mem::take(&mut self.changed));
        let found = self.shape_among(&sides, &changed, target, skeleton);
        self.changed = changed;
        found
    }

    fn shape_among(
        &mut self,
        sides: &[&'a Snapshot],
        changed: &[Id],
        target: &'a Target,
        skeleton: &Skeleton,
    ) -> Found {
        let atoms = Atoms::of(sides, self.goal, target, skeleton);
        let people = People {
            sides,
            target,
            skeleton,
            atoms: &atoms,
            changed,
            signed_in: self.signed_in(),
            now: self.now(),
        };
        let own_issued = skeleton.issuer == self.own();
        let (users, home_users) = (people.users(), people.home_users());
        let groups = atoms.groups.unions(MOST_UNIONS);
        let roles = if own_issued {
            atoms.roles.unions(MOST_UNIONS)
        } else {
            Some(vec![Vec::new()])
        };
        let terms: Vec<Id> = atoms.agreements.iter().copied().cloned().collect();
        let (Some(groups), Some(roles), Some(accepted)) =
            (groups, roles, self.accepted(terms.clone()))
        else {
            return ControlFlow::Break(Err(TooLarge));
        };
        let overages: &[bool] = match self.goal {
            // Who may be in more groups is included by doubt, and let in by none.
            Goal::LetIn(_) => &[false],
            Goal::New(_) | Goal::Reached(_) if groups.len() > 1 => &[false, true],
            Goal::New(_) | Goal::Reached(_) => &[false],
        };
        let accounts: &[Account] = if own_issued && atoms.policies {
            &[Account::Member, Account::Guest]
        } else {
            &[Account::Unstated]
        };
        let clients = clients(&atoms.clients);
        let app_roles = self.app_roles(target, skeleton);
        let addresses = address::classes(&atoms.ranges, atoms.located);
        let outbounds: &[bool] = match self.goal {
            Goal::LetIn(_) | Goal::Reached(_) => &[true],
            Goal::New(_) => &[true, false],
        };
        let product = [
            users.len(),
            home_users.len(),
            groups.len(),
            roles.len(),
            overages.len(),
            accounts.len(),
            clients.len(),
            app_roles.len(),
            addresses.len(),
            outbounds.len(),
        ];
        let product = product.iter().try_fold(1_u64, |product, classes| {
            product.checked_mul(*classes as u64)
        });
        if product.is_none_or(|product| self.decided.saturating_add(product) > self.site.most) {
            return ControlFlow::Break(Err(TooLarge));
        }
        let proofs = proofs(own_issued, atoms.methods);
        let mut seen = HashSet::new();
        let shared: Vec<Arc<[Id]>> = groups.into_iter().map(Arc::from).collect();
        let roles: Vec<Arc<[Id]>> = roles.into_iter().map(Arc::from).collect();
        let mut subject = self.subject(target, skeleton);
        for user in &users {
            subject.user_id.clone_from(user);
            for home_user in &home_users {
                subject.home_oid.clone_from(home_user);
                for group in &shared {
                    subject.groups.listed = Arc::clone(group);
                    for role in &roles {
                        subject.directory_roles = Arc::clone(role);
                        for (overage, account) in pairs(overages, accounts) {
                            subject.groups.overage = overage;
                            subject.account = account;
                            for client in &clients {
                                subject.client.clone_from(client);
                                for app_role in &app_roles {
                                    subject.app_roles = Arc::clone(app_role);
                                    for (address, outbound) in pairs(&addresses, outbounds) {
                                        let request = Request {
                                            target,
                                            skeleton: Some(skeleton),
                                            subject: Some(&subject),
                                            address,
                                            outbound,
                                            terms: &terms,
                                        };
                                        self.ask(request, &mut seen, &proofs, &accepted)?;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// One of who and where, with everything shown; and with less, where it may matter and was not gone through for another.
    fn ask(
        &mut self,
        request: Request<'_>,
        seen: &mut HashSet<Way>,
        proofs: &[Proofs],
        accepted: &[Vec<Id>],
    ) -> Found {
        let sides = self.sides.clone();
        let Some(asked) = sides.first().copied() else {
            return ControlFlow::Continue(());
        };
        let selection = match self.goal {
            Goal::Reached(place) => {
                let (decision, lines) = self.explained(asked, request);
                return if lines.iter().any(|line| speaks(line, place)) {
                    ControlFlow::Break(Ok(Box::new(self.example(request, &decision, None))))
                } else {
                    ControlFlow::Continue(())
                };
            }
            Goal::LetIn(selection) | Goal::New(selection) => selection,
        };
        let best = self.decided(asked, request);
        if best.outcome.is_err() {
            return ControlFlow::Continue(());
        }
        let of_best = Asked {
            policy: asked,
            target: request.target,
            subject: request.subject,
            address: request.address,
            decision: &best,
        };
        let Some(excepted) = selects_who(selection, of_best) else {
            return ControlFlow::Continue(());
        };
        let before = sides.get(1).copied();
        // With everything shown, first: usually that is all that there is to it.
        let before_best = before.map(|side| self.decided(side, request));
        let fits = before_best
            .as_ref()
            .is_none_or(|decision| decision.outcome.is_err());
        if fits && selects_shown(selection, excepted, &best) {
            let example = self.example(request, &best, before_best.as_ref());
            return ControlFlow::Break(Ok(Box::new(example)));
        }
        let shown_matters = asks_what_was_shown(&selection.all_of)
            || selection.except.as_ref().is_some_and(asks_what_was_shown);
        let Some(subject) = request
            .subject
            .filter(|_| before.is_some() || shown_matters)
        else {
            return ControlFlow::Continue(());
        };
        let mut applying = Vec::new();
        for side in &sides {
            applying.push(applying_policies(&self.explained(side, request).1));
        }
        let way = Way {
            access_type: best.access_type(),
            before: before_best
                .as_ref()
                .map(|before| (before.access_type(), before.outcome.is_err())),
            excepted,
            applying,
            outbound: request.outbound,
        };
        if !seen.insert(way) {
            return ControlFlow::Continue(());
        }
        let mut subject = subject.clone();
        for shown in proofs {
            subject.proofs = *shown;
            for terms in accepted {
                let request = Request {
                    subject: Some(&subject),
                    terms,
                    ..request
                };
                let decision = self.decided(asked, request);
                if decision.outcome.is_err() || !selects_shown(selection, excepted, &decision) {
                    continue;
                }
                let before = before.map(|side| self.decided(side, request));
                if before.as_ref().is_none_or(|before| before.outcome.is_err()) {
                    let example = self.example(request, &decision, before.as_ref());
                    return ControlFlow::Break(Ok(Box::new(example)));
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn decided(&mut self, side: &Snapshot, request: Request<'_>) -> Decision {
        self.decided += 1;
        let context = self.context(request);
        decide(side, request.caller(), request.target, &context)
    }

    fn explained(&mut self, side: &Snapshot, request: Request<'_>) -> (Decision, Vec<Line>) {
        self.decided += 1;
        let context = self.context(request);
        explain(side, request.caller(), request.target, &context)
    }

    fn context<'r>(&self, request: Request<'r>) -> Context<'r> {
        Context {
            client_ip: request.address,
            partner_outbound_allowed: request.outbound,
            terms_accepted: request.terms,
            ..Context::at(self.now())
        }
    }

    /// Somebody of this shape who shows everything.
    fn subject(&self, target: &Target, skeleton: &Skeleton) -> Subject {
        Subject {
            issuer: IssuerTenant(skeleton.issuer),
            home: skeleton.home,
            kind: skeleton.kind,
            user_id: None,
            home_oid: None,
            groups: TokenGroups::default(),
            directory_roles: Arc::default(),
            account: Account::Unstated,
            app_roles: Arc::default(),
            scopes: target.scopes.iter().cloned().collect(),
            client: None,
            proofs: EVERYTHING,
            auth_contexts: target.auth_contexts.iter().cloned().collect(),
            session: None,
            token_id: None,
            jwt_id: None,
            authenticated_at: Some(self.signed_in()),
            restriction_policy: None,
        }
    }

    /// The app roles that a token may carry: one that suits the app, and for comparisons none, where a document may assign instead.
    fn app_roles(&self, target: &Target, skeleton: &Skeleton) -> Vec<Arc<[Box<str>]>> {
        let resource = match target.resource {
            crossgate_policy::target::Resource::Own => self.own(),
            crossgate_policy::target::Resource::External { tenant, .. } => tenant.0,
        };
        if skeleton.issuer != resource {
            return vec![Arc::default()];
        }
        let suits: Box<str> = target
            .roles
            .first()
            .cloned()
            .unwrap_or_else(|| "role".into());
        let suits: Arc<[Box<str>]> = [suits].into();
        let compares = matches!(self.goal, Goal::New(_));
        if compares && target.assignment_required && target.roles.is_empty() {
            vec![suits, Arc::default()]
        } else {
            vec![suits]
        }
    }

    /// The terms that may have been accepted: all, and for comparisons every part of them.
    fn accepted(&self, all: Vec<Id>) -> Option<Vec<Vec<Id>>> {
        match self.goal {
            Goal::LetIn(_) | Goal::Reached(_) => Some(vec![all]),
            Goal::New(_) => {
                if all.len() > MOST_AGREEMENTS {
                    return None;
                }
                let mut parts = vec![Vec::new()];
                for id in all {
                    for part in parts.clone() {
                        parts.push(part.iter().cloned().chain([id.clone()]).collect());
                    }
                }
                Some(parts)
            }
        }
    }

    fn example(
        &self,
        request: Request<'_>,
        decision: &Decision,
        before: Option<&Decision>,
    ) -> Example {
        let home = request.subject.and_then(|subject| match subject.home {
            Home::Tenant { tenant, .. } => Some(tenant.0),
            Home::MicrosoftAccount | Home::NoTenant => None,
        });
        let facts = self.sides.first().zip(home);
        let facts = facts.and_then(|(side, home)| side.partner_facts.get(&home));
        let publishes = facts.is_some_and(|facts| facts.consent == Consent::Published);
        Example {
            app: request.target.id.clone(),
            issuer: request.skeleton.and_then(|skeleton| skeleton.named.clone()),
            subject: request.subject.cloned(),
            address: request.address,
            partner_outbound_allowed: request.outbound,
            partner_consents: publishes.then_some(true),
            terms_accepted: request.terms.to_vec(),
            now: self.site.now,
            answer: Said::of(decision),
            before: before.map(Said::of),
        }
    }
}

impl<'r> Request<'r> {
    const fn caller(self) -> Caller<'r> {
        match self.subject {
            Some(subject) => Caller::Verified(subject),
            None => Caller::Anonymous,
        }
    }
}

/// Ids of records that one of two policies has otherwise than the other.
fn changed(one: &Snapshot, other: &Snapshot) -> Vec<Id> {
    let both = one.guests.iter().chain(other.guests.iter());
    let differ =
        both.filter(|record| one.guests.by_id(&record.id) != other.guests.by_id(&record.id));
    let ids: BTreeSet<&Id> = differ.map(|record| &record.id).collect();
    ids.into_iter().cloned().collect()
}

/// Whether a line is a word of this document. A policy that does not apply has said nothing.
fn speaks(line: &Line, place: &Place) -> bool {
    line.document == place.document
        && line.property.starts_with(&place.property)
        && !line.result.ends_with(NOT_APPLIED)
}

/// Of each Conditional Access policy, whether it applies.
fn applying_policies(lines: &[Line]) -> Vec<bool> {
    lines
        .iter()
        .filter(|line| line.step == Step::ConditionalAccess)
        .map(|line| !line.result.ends_with(NOT_APPLIED))
        .collect()
}

/// What explanations say of a policy whose conditions do not hold.
const NOT_APPLIED: &str = "does not apply";

fn clients(lists: &Lists<'_>) -> Vec<Option<Id>> {
    if lists.named().is_empty() {
        return vec![None];
    }
    let named = lists.representatives().into_iter().cloned();
    let all = named.chain([unnamed_in(lists)]);
    std::iter::once(None).chain(all.map(Some)).collect()
}

fn pairs<'s, A: Copy, B: Copy>(one: &'s [A], other: &'s [B]) -> impl Iterator<Item = (A, B)> + 's {
    one.iter()
        .flat_map(move |a| other.iter().map(move |b| (*a, *b)))
}

/// Every combination of what a sign-in may show, as far as anything asks for it.
fn proofs(own_issued: bool, methods: bool) -> Vec<Proofs> {
    let both: &[bool] = &[true, false];
    let only: &[bool] = &[true];
    let none: &[bool] = &[false];
    let at_resource = if own_issued { both } else { none };
    let by_method = if methods { both } else { only };
    let mut all = Vec::new();
    for (mfa, resource_mfa) in pairs(both, at_resource) {
        for (compliant_device, hybrid_joined_device) in pairs(both, both) {
            for (passwordless, phishing_resistant) in pairs(by_method, by_method) {
                all.push(Proofs {
                    mfa,
                    resource_mfa,
                    compliant_device,
                    hybrid_joined_device,
                    passwordless,
                    phishing_resistant,
                });
            }
        }
    }
    all
}

const EVERYTHING: Proofs = Proofs {
    mfa: true,
    resource_mfa: true,
    compliant_device: true,
    hybrid_joined_device: true,
    passwordless: true,
    phishing_resistant: true,
};

/// Sets of groups, or of roles, of one token.
const MOST_UNIONS: usize = 1 << 14;

/// Their parts double with each.
const MOST_AGREEMENTS: usize = 8;
