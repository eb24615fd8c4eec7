//! The own directory's guest records.

mod expiry;
mod numbered;
mod records;

pub use expiry::Expiry;
pub use records::{GuestRecords, SameGuest};

use std::sync::Arc;

pub(super) use self::numbered::Numbered;
use super::sign_in::{SignInNames, Witness};
use crate::ids::{Id, TenantId, UnixTime};

/// How the directory is used (`[guests] directory`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DirectoryMode {
    /// A record counts where there is one.
    Optional,
    /// A guest that our own service vouches for needs a record.
    Required,
    /// There are no records.
    Off,
}

/// One guest record.
#[derive(Clone, Debug, PartialEq)]
pub struct Guest {
    /// Own user id.
    pub id: Id,
    /// Where the account lives, if the record says.
    pub home_tenant: Option<TenantId>,
    /// The user id there.
    pub home_user_id: Option<Id>,
    /// Groups of the home tenant; `None` where they are not known from here. INVARIANT: sorted.
    pub home_groups: Option<Box<[Id]>>,
    /// Those are all. Of others, where it is false, nothing is known from here.
    pub home_groups_complete: bool,
    /// `userType`.
    pub user_type: UserType,
    /// `deletedDateTime` is set.
    pub deleted: bool,
    /// `accountEnabled` is not false.
    pub enabled: bool,
    /// `crossgate.expiresDateTime`: from then on it is as if it were not enabled.
    pub expires: Option<Expiry>,
    /// `externalUserState`.
    pub redemption: Redemption,
    /// The guest agreed to the organisation's use of their data.
    pub consent_given: bool,
    /// How the guest is known where no tenant speaks for them, and their address; `None` where nothing is told.
    pub sign_in: Option<Box<SignInNames>>,
}

impl Guest {
    /// The home identity, if the record says it whole.
    #[must_use]
    pub fn home(&self) -> Option<(TenantId, &Id)> {
        Some((self.home_tenant?, self.home_user_id.as_ref()?))
    }

    /// Whether it may let somebody in at this time, whatever else is asked of them.
    #[must_use]
    pub fn is_active(&self, now: UnixTime) -> bool {
        self.enabled && !self.deleted && !self.has_expired(now)
    }

    /// Whether its time is up.
    #[must_use]
    pub fn has_expired(&self, now: UnixTime) -> bool {
        self.expires.is_some_and(|expires| expires.has_come(now))
    }
}

/// `userType`; a record without one is a guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserType {
    /// `Guest`.
    Guest,
    /// `Member`.
    Member,
}

/// `externalUserState`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Redemption {
    /// `PendingAcceptance`.
    Pending,
    /// `Accepted`, or none needed.
    Accepted,
}

/// The guest records, and how they are used.
#[derive(Clone, Debug)]
pub struct GuestDirectory {
    mode: DirectoryMode,
    /// None where the directory is off. Where there are no guests too: then who calls need not be hashed.
    used: Option<Arc<GuestRecords>>,
}

impl GuestDirectory {
    /// A directory of these records.
    #[must_use]
    pub fn new(mode: DirectoryMode, records: Arc<GuestRecords>) -> Self {
        let used = match mode {
            DirectoryMode::Off => None,
            DirectoryMode::Optional | DirectoryMode::Required => {
                Some(records).filter(|records| !records.is_empty())
            }
        };
        Self { mode, used }
    }

    /// A directory without records.
    #[must_use]
    pub const fn empty(mode: DirectoryMode) -> Self {
        Self { mode, used: None }
    }

    /// How the directory is used.
    #[must_use]
    pub const fn mode(&self) -> DirectoryMode {
        self.mode
    }

    /// Every record; none where the directory is off.
    pub fn iter(&self) -> impl Iterator<Item = &Guest> {
        self.used.iter().flat_map(|records| records.iter())
    }

    /// The record with this own id; none where the directory is off.
    #[must_use]
    pub fn by_id(&self, id: &Id) -> Option<&Guest> {
        self.used.as_ref()?.by_id(id)
    }

    /// The record of this home identity; none where the directory is off.
    #[must_use]
    pub fn by_home(&self, tenant: TenantId, user: &Id) -> Option<&Guest> {
        self.used.as_ref()?.by_home(tenant, user)
    }

    /// The one record of somebody for whom no tenant speaks; none where there are several that are not deleted, or the
    /// directory is off.
    #[must_use]
    pub fn by_sign_in(&self, who: &Witness<'_>) -> Option<&Guest> {
        self.used.as_ref()?.by_sign_in(who)
    }

    /// Records with this address in any letter case, whatever their guests sign in with, deleted ones too; none where the
    /// directory is off.
    #[must_use]
    pub fn with_mail(&self, mail: &str) -> Vec<&Guest> {
        let used = self.used.iter();
        used.flat_map(|records| records.with_mail(mail)).collect()
    }
}
