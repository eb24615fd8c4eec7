//! Partner configurations, one or a million, and the halves that they take from the default.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::{
    DefaultSettings, Hashing, Kept, Origin, PartnerBook, PartnerSettings, Setting,
};
use indexmap::IndexSet;

use super::reading::Reading;
use super::source::Change;
use crate::compile::partners::{Beside, compile};
use crate::compile::setting::{Fallback, Interner, origin};
use crate::conflicts::conflict;
use crate::document_kind::DocumentKind;
use crate::reader::path::At;

/// Some of the configurations, compiled.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// What each tenant has from now on: a place among `distinct`, or nothing.
    tenants: Vec<(TenantId, Option<usize>)>,
    distinct: IndexSet<PartnerSettings, Hashing>,
    interner: Interner,
    reading: Reading,
}

impl Share {
    /// Takes one document.
    pub(super) fn take(&mut self, key: &str, text: &str, beside: Beside<'_>) {
        let interner = &mut self.interner;
        let of = (DocumentKind::Partner, key);
        let compiled = self.reading.document(of, text, |document, notes| {
            let (tenant, settings) = compile(&document, beside, interner, notes)?;
            if tenant_of(key) != Some(tenant) {
                let message = format!(
                    "`{tenant}` is not what the document is found by, `{key}`; both must be the same, \
                     the latter in lower case"
                );
                notes.fault(&At::Root.member("tenantId"), message);
            }
            Some((tenant, settings))
        });
        if let Some((tenant, settings)) = compiled.flatten() {
            let (place, _) = self.distinct.insert_full(settings);
            self.tenants.push((tenant, Some(place)));
        }
    }

    fn change(&mut self, change: &Change<'_>, beside: Beside<'_>) {
        match (change.text, tenant_of(change.key)) {
            (Some(text), _) => self.take(change.key, text, beside),
            (None, Some(tenant)) => self.tenants.push((tenant, None)),
            (None, None) => {
                let message = format!("`{}` is not a tenant id in lower case", change.key);
                self.reading
                    .fault(DocumentKind::Partner, change.key, "", message);
            }
        }
    }

    /// Settings that the tenants of this share have from now on.
    pub(super) fn settings(&self) -> impl Iterator<Item = (TenantId, &PartnerSettings)> {
        let tenants = self.tenants.iter();
        tenants.filter_map(|(tenant, place)| Some((*tenant, self.distinct.get_index((*place)?)?)))
    }

    /// Removes all tenants that change from the book.
    pub(super) fn clear(&self, book: &mut PartnerBook) {
        for (tenant, _) in &self.tenants {
            book.remove(*tenant);
        }
    }

    /// Puts the share into the book; gives what was found.
    pub(super) fn write(self, book: &mut PartnerBook) -> Reading {
        let kept: Vec<_> = self
            .distinct
            .into_iter()
            .map(|settings| book.keep(settings))
            .collect();
        for (tenant, place) in self.tenants {
            match place.and_then(|place| kept.get(place)) {
                Some(settings) => {
                    book.put_kept(tenant, *settings);
                }
                None => {
                    book.remove(tenant);
                }
            }
        }
        kept.into_iter().for_each(|kept| book.let_go(kept));
        self.reading
    }

    pub(super) const fn len(&self) -> usize {
        self.tenants.len()
    }
}

/// Compiles changes; many of them in several threads.
pub(super) fn changed(changes: &[&Change<'_>], beside: Beside<'_>) -> Vec<Share> {
    in_parts(changes, |part| {
        let mut share = Share::default();
        for change in part {
            share.change(change, beside);
        }
        share
    })
}

/// Below so many documents, starting a thread costs more than it saves.
const WORTH_A_THREAD: usize = 1_000;

/// How many threads there is something to do for.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Works on parts of a list, in several threads where it is long; the results are in their order.
pub(super) fn in_parts<T: Sync, R: Send>(list: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let size = list.len().div_ceil(threads()).max(WORTH_A_THREAD);
    let parts: Vec<_> = list.chunks(size).collect();
    in_shares(parts.len(), |index| {
        work(parts.get(index).copied().unwrap_or_default())
    })
}

/// Works on shares, each in a thread of its own; the results are in their order.
pub(super) fn in_shares<T: Send>(shares: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let begun: Vec<_> = (1..shares)
            .map(|share| scope.spawn(move || work(share)))
            .collect();
        let first = (shares > 0).then(|| work(0));
        let others = begun.into_iter().map(|share| {
            let done = share.join();
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        first.into_iter().chain(others).collect()
    })
}

/// The tenant that a key names, in lower case.
fn tenant_of(key: &str) -> Option<TenantId> {
    let lower = !key.bytes().any(|byte| byte.is_ascii_uppercase());
    TenantId::parse(key).filter(|_| lower)
}

/// Fills what partners take from the default anew. Where one would contradict itself then, the default is at fault.
pub(super) fn refill(book: &mut PartnerBook, default: &DefaultSettings, reading: &mut Reading) {
    let mut refilled: Vec<(Kept, PartnerSettings)> = Vec::new();
    let mut conflicts: HashMap<Kept, Vec<(&str, String)>> = HashMap::new();
    for (kept, settings) in book.settings() {
        let mut next = settings.clone();
        for (name, setting, fallback) in settings_beside(&mut next, default) {
            let Some(filled) = setting
                .as_deref()
                .and_then(|setting| filled(setting, fallback))
            else {
                continue;
            };
            if let Some(conflict) = conflict(&filled) {
                conflicts.entry(kept).or_default().push((name, conflict));
            }
            *setting = Some(Arc::new(filled));
        }
        if next != *settings {
            refilled.push((kept, next));
        }
    }
    if conflicts.is_empty() {
        for (kept, settings) in refilled {
            book.replace(kept, settings);
        }
        return;
    }
    let mut partners: HashMap<_, (TenantId, usize)> = HashMap::new();
    for (tenant, kept) in book.tenants() {
        for conflict in conflicts.get(&kept).into_iter().flatten() {
            let (first, count) = partners.entry(conflict).or_insert((tenant, 0));
            *first = tenant.min(*first);
            *count += 1;
        }
    }
    for ((name, conflict), (tenant, count)) in partners {
        let others = match count - 1 {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        let message =
            format!("with this, partner `{tenant}`{others} contradicts itself: {conflict}");
        reading.fault(DocumentKind::Default, "", name, message);
    }
}

/// A partner's settings, each with its name and the one that missing halves are taken from.
fn settings_beside<'s>(
    partner: &'s mut PartnerSettings,
    default: &'s DefaultSettings,
) -> [(&'static str, &'s mut Option<Arc<Setting>>, &'s Setting); 5] {
    [
        (
            "b2bCollaborationInbound",
            &mut partner.collaboration_inbound,
            &default.collaboration_inbound,
        ),
        (
            "b2bCollaborationOutbound",
            &mut partner.collaboration_outbound,
            &default.collaboration_outbound,
        ),
        (
            "b2bDirectConnectInbound",
            &mut partner.direct_connect_inbound,
            &default.direct_connect_inbound,
        ),
        (
            "b2bDirectConnectOutbound",
            &mut partner.direct_connect_outbound,
            &default.direct_connect_outbound,
        ),
        (
            "tenantRestrictions",
            &mut partner.tenant_restrictions,
            &default.tenant_restrictions,
        ),
    ]
}

/// A setting with its missing halves from this one; `None` where it has both.
fn filled(setting: &Setting, fallback: &Setting) -> Option<Setting> {
    let mut next = setting.clone();
    if setting.users.origin != Origin::Written {
        next.users = fallback.users.clone();
        next.users.origin = origin(fallback.users.origin, Fallback::Default);
    }
    if setting.apps.origin != Origin::Written {
        next.apps = fallback.apps.clone();
        next.apps.origin = origin(fallback.apps.origin, Fallback::Default);
    }
    let written = [setting.users.origin, setting.apps.origin] == [Origin::Written; 2];
    (!written).then_some(next)
}
