//! Guest records.

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{
    Guest, GuestRecords, Redemption, SameGuest, SignInIdentity, SignInNames, UserType,
};

use super::defaults::unenforced;
use crate::documents::guest::{ExternalUserState, GuestDocument, GuestUserType, IdentityDocument};
use crate::load::PolicyFile;
use crate::reader::lines::{Piece, in_pieces};
use crate::reader::path::{At, Step};
use crate::reader::read;
use crate::reader::report::{Found, Mark, Notes, Report, Slot};
use crate::reader::values::{Object, set};

/// Guest records so far.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    parts: Vec<Vec<Guest>>,
    /// Where each of them stands.
    places: Vec<(usize, Slot)>,
}

/// The records of a piece of a file.
#[derive(Debug)]
struct Part {
    records: Vec<Guest>,
    slots: Vec<Slot>,
    report: Report,
}

impl Guests {
    /// Takes a file with a record a line, long ones in several threads; what is wrong goes to the report.
    pub(crate) fn file(&mut self, file: usize, name: &str, text: &str, report: &mut Report) {
        let parts = in_pieces(text, |piece| Part::of(file, name, piece));
        self.places
            .reserve(parts.iter().map(|part| part.records.len()).sum());
        for part in parts {
            self.parts.push(part.records);
            self.places
                .extend(part.slots.into_iter().map(|slot| (file, slot)));
            report.extend(part.report);
        }
    }

    /// The records; two for one guest are told.
    pub(crate) fn finish(self, files: &[PolicyFile<'_>], report: &mut Report) -> GuestRecords {
        let Self { parts, places } = self;
        let (mut records, mut clashes) = (GuestRecords::default(), Vec::new());
        records.extend(parts, |clash| clashes.push(clash));
        for clash in clashes {
            let (SameGuest::Id(first, second) | SameGuest::Home(first, second)) = clash;
            let place = |index: usize| places.get(index).copied();
            let (Some((of, first)), Some((file, slot)), Some(record)) =
                (place(first), place(second), records.get(second))
            else {
                continue;
            };
            let first = first.place(files.get(of).map_or("", |file| file.path));
            report.found(file, slot, [same_guest(clash, record, &first)]);
        }
        records
    }
}

/// What is wrong with a record for a guest that has one already, at this place.
pub(crate) fn same_guest(clash: SameGuest, record: &Guest, first: &str) -> Found {
    let (path, message) = match (clash, record.home()) {
        (SameGuest::Home(..), Some((tenant, user))) => (
            &["crossgate", "homeUserId"][..],
            format!(
                "`{user}` of `{tenant}` is a guest already, `{first}`; keep one record, or mark one deleted"
            ),
        ),
        (SameGuest::Home(..) | SameGuest::Id(..), _) => (
            &["id"][..],
            format!(
                "`{}` has a record already, `{first}`; keep one of them",
                record.id
            ),
        ),
    };
    Found {
        steps: path
            .iter()
            .map(|name| Step::Member((*name).to_owned()))
            .collect(),
        mark: Mark::Value,
        message,
    }
}

impl Part {
    fn of(file: usize, name: &str, piece: Piece<'_>) -> Self {
        let mut part = Self {
            records: Vec::with_capacity(piece.count()),
            slots: Vec::with_capacity(piece.count()),
            report: Report::default(),
        };
        for (slot, line) in piece.lines() {
            let Some(document) = read::line(file, slot, line, &mut part.report) else {
                continue;
            };
            let mut notes = Notes {
                file,
                name,
                slot,
                unread: &document.unread,
                report: &mut part.report,
            };
            if let Some(record) = compile(document.value, &mut notes) {
                part.records.push(record);
                part.slots.push(slot);
            }
        }
        part
    }
}

/// Compiles one record; `None` where it has no id, which is noted.
pub(crate) fn compile(document: GuestDocument, notes: &mut Notes<'_>) -> Option<Guest> {
    let root = At::Root;
    let Some(id) = document.id else {
        notes.fault(
            &root.member("id"),
            "`id` is missing; expected the guest's id in the own directory",
        );
        return None;
    };
    if set(document.sign_in_sessions_valid_from_date_time) {
        notes.advise(
            &root.member("signInSessionsValidFromDateTime"),
            &unenforced("signInSessionsValidFromDateTime"),
        );
    }
    let home = document.crossgate.map(|home| home.0).unwrap_or_default();
    let sign_in = sign_in_names(document.mail, document.identities);
    Some(Guest {
        sign_in,
        id: id.0,
        home_tenant: home.home_tenant_id.map(|tenant| tenant.0),
        home_user_id: home.home_user_id.map(|user| user.0),
        home_groups: home.home_groups.map(|groups| {
            let mut groups: Vec<Id> = groups.into_iter().map(|group| group.0).collect();
            groups.sort_unstable();
            groups.dedup();
            groups.into_boxed_slice()
        }),
        home_groups_complete: home.home_groups_complete != Some(false),
        user_type: match document.user_type {
            Some(GuestUserType::Member) => UserType::Member,
            Some(GuestUserType::Guest) | None => UserType::Guest,
        },
        deleted: document.deleted_date_time.is_some(),
        enabled: document.account_enabled != Some(false),
        expires: home.expires_date_time.map(|expires| expires.0),
        redemption: match document.external_user_state {
            Some(ExternalUserState::PendingAcceptance) => Redemption::Pending,
            Some(ExternalUserState::Accepted) | None => Redemption::Accepted,
        },
        consent_given: home.consent_given != Some(false),
    })
}

/// How somebody signs in for whom no tenant speaks; `None` where the record does not tell.
fn sign_in_names(
    mail: Option<String>,
    identities: Option<Vec<Object<IdentityDocument>>>,
) -> Option<Box<SignInNames>> {
    let filled = |text: String| (!text.is_empty()).then(|| text.into_boxed_str());
    let identities = identities.unwrap_or_default().into_iter();
    let federated = identities.filter_map(|Object(identity)| {
        // The others are names that the own tenant gave.
        let federated = identity.sign_in_type.as_deref() == Some("federated");
        let issuer = identity.issuer.and_then(filled).filter(|_| federated)?;
        // Letter case counts, but in a GUID.
        let assigned = identity.issuer_assigned_id.and_then(filled);
        let assigned = assigned.map(|id| Id::new(&id).to_string().into_boxed_str());
        Some(SignInIdentity { issuer, assigned })
    });
    let names = SignInNames {
        identities: federated.collect(),
        mail: mail.and_then(filled),
    };
    (names != SignInNames::default()).then(|| Box::new(names))
}
