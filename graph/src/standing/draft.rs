//! The next policy while it is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossgate_policy::snapshot::{DefaultSettings, PartnerBook, RedemptionOrder};

use super::partners::{self, Share, in_shares, threads};
use super::reading::Reading;
use super::source::{Change, Documents};
use super::{Parts, Standing, assignments, guests, revocations};
use crate::advisory::Advisory;
use crate::compile::collaboration::Collaboration;
use crate::compile::defaults;
use crate::compile::partners::Beside;
use crate::compile::setting::{Fallback, Interner};
use crate::compile::templates;
use crate::document_kind::DocumentKind;
use crate::load::{advise_unmeetable_mfa, advise_unmeetable_mfa_by_default};
use crate::reader::fault::Fault;
use crate::reader::report::Notes;

/// The parts as far as they are made, and what was found on the way.
pub(super) struct Draft<'s> {
    standing: &'s Standing,
    next: Parts,
    reading: Reading,
    /// Whether the default changes.
    default: Option<Fallback>,
}

impl<'s> Draft<'s> {
    pub(super) fn new(standing: &'s Standing) -> Self {
        Self {
            standing,
            next: standing.parts.clone(),
            reading: Reading::default(),
            default: None,
        }
    }

    /// What is wrong, or the parts and what to know.
    pub(super) fn finish(self) -> Result<(Parts, Vec<Advisory>), Vec<Fault>> {
        let advisories = self.reading.finish()?;
        Ok((self.next, advisories.into_vec()))
    }

    /// Changes of documents of which there are few.
    pub(super) fn few(&mut self, changes: &[Change<'_>]) {
        let (mut rules, mut sign_up) = (Vec::new(), Vec::new());
        let mut collaborates = false;
        for change in changes {
            let Change { kind, key, text } = *change;
            if kind.is_single() && !key.is_empty() {
                let message =
                    "there is only one document of this kind; write its name alone".to_owned();
                self.reading.fault(kind, key, "", message);
                continue;
            }
            match kind {
                DocumentKind::Policy => self.policy(text),
                DocumentKind::Default => self.default(text),
                DocumentKind::PartnerTemplate => {
                    let check =
                        |document, notes: &mut Notes<'_>| templates::partner(&document, notes);
                    text.and_then(|text| self.reading.document((kind, key), text, check));
                }
                DocumentKind::SynchronizationTemplate => {
                    let check = |document, notes: &mut Notes<'_>| {
                        templates::synchronization(&document, notes)
                    };
                    text.and_then(|text| self.reading.document((kind, key), text, check));
                }
                DocumentKind::ConditionalAccess | DocumentKind::NamedLocation => rules.push(change),
                DocumentKind::Authorization => {
                    self.next.authorization = text.map(Arc::from);
                    collaborates = true;
                }
                DocumentKind::Domains => {
                    self.next.domains = text.map(Arc::from);
                    collaborates = true;
                }
                DocumentKind::ExternalIdentities => {
                    self.next.external_identities = text.map(Arc::from);
                    collaborates = true;
                }
                DocumentKind::Group => {
                    if let Some(text) = text {
                        assignments::check_group(key, text, &mut self.reading);
                    }
                }
                DocumentKind::Owner => {
                    if let Some(text) = text {
                        assignments::check_owner(key, text, &mut self.reading);
                    }
                }
                DocumentKind::AuthenticationFlows
                | DocumentKind::ApiConnector
                | DocumentKind::UserFlowAttribute
                | DocumentKind::UserFlow => sign_up.push(change),
                DocumentKind::Partner
                | DocumentKind::Guest
                | DocumentKind::Revocation
                | DocumentKind::AppRoleAssignment
                | DocumentKind::GroupMember
                | DocumentKind::RoleDefinition
                | DocumentKind::RoleAssignment
                | DocumentKind::Bootstrap
                | DocumentKind::Invitation
                | DocumentKind::Mail
                | DocumentKind::SynchronizedGroup
                | DocumentKind::AccessReview
                | DocumentKind::AccessReviewDecision
                | DocumentKind::SignUpRequest
                | DocumentKind::Draft
                | DocumentKind::DraftChange => {}
            }
        }
        if !sign_up.is_empty() {
            self.next.sign_up = (self.standing.parts.sign_up).changed(&sign_up, &mut self.reading);
        }
        if !rules.is_empty() {
            self.next.rules = self.standing.parts.rules.changed(&rules, &mut self.reading);
        }
        if collaborates {
            self.collaboration();
        }
    }

    fn policy(&mut self, text: Option<&str>) {
        let own = self.standing.own.cloud;
        let of = (DocumentKind::Policy, "");
        let clouds = text.and_then(|text| {
            let check =
                |document, notes: &mut Notes<'_>| defaults::allowed_clouds(&document, own, notes);
            self.reading.document(of, text, check)
        });
        self.next.allowed_clouds = clouds.unwrap_or_default().into();
    }

    fn default(&mut self, text: Option<&str>) {
        let mut interner = Interner::default();
        let of = (DocumentKind::Default, "");
        let compiled = text.map(|text| {
            let check = |document, notes: &mut Notes<'_>| {
                defaults::compile(&document, &mut interner, notes)
            };
            self.reading.document(of, text, check)
        });
        self.default = Some(match compiled {
            Some(None) => Fallback::FaultyDefault,
            Some(Some(_)) | None => Fallback::Default,
        });
        (self.next.default, self.next.redemption) = compiled
            .flatten()
            .unwrap_or_else(|| (DefaultSettings::initial(), RedemptionOrder::default()));
        self.next.of_default = interner;
    }

    fn collaboration(&mut self) {
        let mut collaboration = Collaboration::default();
        let documents = [
            (DocumentKind::Authorization, &self.next.authorization),
            (DocumentKind::Domains, &self.next.domains),
        ];
        for (kind, text) in documents {
            if let Some(text) = text {
                let check = |document, notes: &mut Notes<'_>| collaboration.take(&document, notes);
                self.reading.document((kind, ""), text, check);
            }
        }
        if let Some(text) = &self.next.external_identities {
            let check = |document, notes: &mut Notes<'_>| {
                collaboration.take_identities(&document, notes);
            };
            let of = (DocumentKind::ExternalIdentities, "");
            self.reading.document(of, text, check);
        }
        self.next.collaboration = collaboration.finish();
    }

    /// Every partner that the source has.
    pub(super) fn all_partners<S: Documents>(&mut self, source: &S) -> Result<(), S::Error> {
        let default = self.next.default.clone();
        let beside = self.beside(&default);
        let shares = threads();
        let shares = in_shares(shares, |index| {
            let mut part = Share::default();
            let take = &mut |key: &str, text: &str| part.take(key, text, beside);
            source.each(DocumentKind::Partner, (index, shares), take)?;
            Ok(part)
        });
        let shares = shares.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut book = PartnerBook::with_capacity(shares.iter().map(Share::len).sum());
        for share in shares {
            self.reading.extend(share.write(&mut book));
        }
        self.next.partners = Arc::new(book);
        Ok(())
    }

    /// Partners that change, and all that take something from a default that changes.
    pub(super) fn partners(&mut self, changes: &[Change<'_>]) {
        let changes: Vec<_> = of(DocumentKind::Partner, changes);
        if changes.is_empty() && self.default.is_none() {
            return;
        }
        let default = self.next.default.clone();
        let shares = partners::changed(&changes, self.beside(&default));
        if self.next.rules.want_mfa_of_direct_connect() {
            let advisories = self.reading.advisories();
            if self.default.is_some() {
                advise_unmeetable_mfa_by_default(&default, advisories);
            }
            let changed = shares.iter().flat_map(Share::settings);
            advise_unmeetable_mfa(&default, changed, advisories);
        }
        let book = Arc::make_mut(&mut self.next.partners);
        if self.default.is_some() {
            // What they had is of no account, so it must not be filled anew.
            shares.iter().for_each(|share| share.clear(book));
        }
        if self.default == Some(Fallback::Default) {
            partners::refill(book, &default, &mut self.reading);
        }
        for share in shares {
            self.reading.extend(share.write(book));
        }
    }

    fn beside<'b>(&self, default: &'b DefaultSettings) -> Beside<'b> {
        Beside {
            files: &[],
            own: self.standing.own.id,
            default,
            fallback_is: self.default.unwrap_or(Fallback::Default),
        }
    }

    /// Tells of direct connect users who come in and cannot do the MFA that they are asked for.
    pub(super) fn advise_of_partners(&mut self) {
        if self.next.rules.want_mfa_of_direct_connect() {
            let (default, partners) = (&self.next.default, self.next.partners.partners());
            advise_unmeetable_mfa_by_default(default, self.reading.advisories());
            advise_unmeetable_mfa(default, partners.iter(), self.reading.advisories());
        }
    }

    /// Guests that change.
    pub(super) fn guests(&mut self, changes: &[Change<'_>]) {
        let changes = of(DocumentKind::Guest, changes);
        if !changes.is_empty() {
            let records = Arc::make_mut(&mut self.next.guests);
            guests::change(records, &changes, &mut self.reading);
        }
    }

    /// Every guest that the source has.
    pub(super) fn all_guests<S: Documents>(&mut self, source: &S) -> Result<(), S::Error> {
        self.next.guests = Arc::new(guests::all(source, &mut self.reading)?);
        Ok(())
    }

    /// Every revocation that the source has.
    pub(super) fn all_revocations<S: Documents>(&mut self, source: &S) -> Result<(), S::Error> {
        let Self { next, reading, .. } = self;
        source.each(DocumentKind::Revocation, (0, 1), &mut |key, text| {
            if let Some(revocation) = revocations::read(key, text, reading) {
                next.revocations.add(revocation);
            }
        })
    }

    /// Every assignment and membership that the source has.
    pub(super) fn all_assignments<S: Documents>(&mut self, source: &S) -> Result<(), S::Error> {
        assignments::all(source, &mut self.next.assignments, &mut self.reading)
    }

    /// Assignments and memberships that change.
    pub(super) fn assignments<S: Documents>(
        &mut self,
        changes: &[Change<'_>],
        source: &S,
    ) -> Result<(), S::Error> {
        let Self { next, reading, .. } = self;
        assignments::change(changes, source, &mut next.assignments, reading)
    }

    /// Revocations that change.
    pub(super) fn revocations<S: Documents>(
        &mut self,
        changes: &[Change<'_>],
        source: &S,
    ) -> Result<(), S::Error> {
        let last: BTreeMap<_, _> = of(DocumentKind::Revocation, changes)
            .into_iter()
            .map(|change| (change.key, change.text))
            .collect();
        for (key, text) in last {
            let before = source.get(DocumentKind::Revocation, key)?;
            // It is in force, so nothing is wrong with it.
            let before =
                before.and_then(|text| revocations::read(key, &text, &mut Reading::default()));
            if let Some(before) = before {
                self.next.revocations.remove(&before);
            }
            if let Some(now) = text.and_then(|text| revocations::read(key, text, &mut self.reading))
            {
                self.next.revocations.add(now);
            }
        }
        Ok(())
    }
}

fn of<'c, 'd>(kind: DocumentKind, changes: &'c [Change<'d>]) -> Vec<&'c Change<'d>> {
    changes
        .iter()
        .filter(|change| change.kind == kind)
        .collect()
}
