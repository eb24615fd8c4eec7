//! Guest records.

use std::collections::HashMap;

use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{Guest, Redemption, UserType};

use super::defaults::unenforced;
use crate::documents::guest::{ExternalUserState, GuestDocument, GuestUserType};
use crate::reader::path::At;
use crate::reader::report::{Notes, Slot};
use crate::reader::values::set;

/// Guest records so far.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    records: Vec<Guest>,
    ids: HashMap<Id, Slot>,
    live: HashMap<(TenantId, Id), Slot>,
}

impl Guests {
    /// Takes one record; its faults are noted.
    pub(crate) fn take(&mut self, document: GuestDocument, notes: &mut Notes<'_>) {
        let root = At::Root;
        let Some(id) = document.id else {
            notes.fault(
                &root.member("id"),
                "`id` is missing; expected the guest's id in the own directory",
            );
            return;
        };
        if let Some(first) = self.ids.insert(id.0.clone(), notes.slot) {
            let place = first.place(notes.name);
            notes.fault(
                &root.member("id"),
                format!(
                    "`{}` has a record already, `{place}`; keep one of them",
                    id.0
                ),
            );
        }
        if set(document.sign_in_sessions_valid_from_date_time) {
            notes.advise(
                &root.member("signInSessionsValidFromDateTime"),
                &unenforced("signInSessionsValidFromDateTime"),
            );
        }
        let home = document.crossgate.map(|home| home.0).unwrap_or_default();
        let home_tenant = home.home_tenant_id.map(|tenant| tenant.0);
        let home_user_id = home.home_user_id.map(|user| user.0);
        let deleted = document.deleted_date_time.is_some();
        if let (Some(tenant), Some(user), false) = (home_tenant, &home_user_id, deleted)
            && let Some(first) = self.live.insert((tenant, user.clone()), notes.slot)
        {
            let place = first.place(notes.name);
            let at = root.member("crossgate");
            notes.fault(
                &at.member("homeUserId"),
                format!(
                    "`{user}` of `{tenant}` is a guest already, `{place}`; keep one record, or mark one \
                     deleted"
                ),
            );
        }
        self.records.push(Guest {
            id: id.0,
            home_tenant,
            home_user_id,
            home_groups: home.home_groups.map(|groups| {
                let mut groups: Vec<Id> = groups.into_iter().map(|group| group.0).collect();
                groups.sort_unstable();
                groups.dedup();
                groups.into_boxed_slice()
            }),
            user_type: match document.user_type {
                Some(GuestUserType::Member) => UserType::Member,
                Some(GuestUserType::Guest) | None => UserType::Guest,
            },
            deleted,
            enabled: document.account_enabled != Some(false),
            redemption: match document.external_user_state {
                Some(ExternalUserState::PendingAcceptance) => Redemption::Pending,
                Some(ExternalUserState::Accepted) | None => Redemption::Accepted,
            },
            consent_given: home.consent_given != Some(false),
        });
    }

    /// The records.
    pub(crate) fn finish(self) -> Vec<Guest> {
        self.records
    }
}
