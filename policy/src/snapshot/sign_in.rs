//! How guests sign in for whom no tenant speaks: whose record somebody's is who comes from Google, a federation or a mailbox.

use std::hash::{BuildHasher as _, Hash, Hasher};

use super::guests::{Guest, Numbered, Redemption};
use super::index::{Hashes, Index};
use super::tables::Hashing;

/// What a guest record says of the accounts that its guest signs in with (Graph's `mail` and `identities` of a user).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SignInNames {
    /// `mail`.
    pub mail: Option<Box<str>>,
    /// The federated ones of `identities`.
    pub identities: Box<[SignInIdentity]>,
}

/// Graph's `objectIdentity` of sign-in type `federated`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignInIdentity {
    /// `issuer`: `mail`, `google.com`, `facebook.com`, or the URI of a federation.
    pub issuer: Box<str>,
    /// `issuerAssignedId`: the account's id there. `None` until it is known.
    pub assigned: Option<Box<str>>,
}

/// Who somebody is by the word of a provider that is no tenant.
#[derive(Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// The provider, as records name it.
    pub issuer: &'a str,
    /// The account's id there.
    pub assigned: Option<&'a str>,
    /// An address that the provider knows to be theirs.
    pub mail: Option<&'a str>,
    /// Whoever owns the address signs in at this provider: it is the mailbox itself, or that of the address's domain.
    pub owns_mail: bool,
}

impl Guest {
    /// Whether the record is that of whoever a provider has told of before: their account, or their address while the invitation to it
    /// is open.
    #[must_use]
    pub fn may_be(&self, who: &Witness<'_>) -> bool {
        let names = self.sign_in.as_ref().filter(|_| self.home_tenant.is_none());
        names.is_some_and(|names| {
            let is_invited = self.redemption == Redemption::Pending && names.has_mail_of(who);
            is_invited || names.is_of(who)
        })
    }
}

impl SignInNames {
    /// Whether this is the record of whoever the provider speaks of: the account that the record names there; or where
    /// it names none, the owner of its address, at the provider it names or at one that the address itself leads to.
    fn is_of(&self, who: &Witness<'_>) -> bool {
        let mut here = self.at(who.issuer).peekable();
        let same_mail = || self.has_mail_of(who);
        if here.peek().is_none() {
            return self.identities.is_empty() && who.owns_mail && same_mail();
        }
        here.any(|identity| match &identity.assigned {
            Some(assigned) => Some(&**assigned) == who.assigned,
            None => same_mail(),
        })
    }

    fn has_mail_of(&self, who: &Witness<'_>) -> bool {
        match (&self.mail, who.mail) {
            (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
            (Some(_) | None, Some(_) | None) => false,
        }
    }

    fn at(&self, issuer: &str) -> impl Iterator<Item = &SignInIdentity> {
        let identities = self.identities.iter();
        identities.filter(move |identity| *identity.issuer == *issuer)
    }

    /// What records are found by: an account or an address, with what tells the two apart.
    fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        let accounts = self.identities.iter().filter_map(|identity| {
            let assigned = identity.assigned.as_deref()?;
            Some(Key::Account(&identity.issuer, assigned))
        });
        accounts.chain(self.mail.as_deref().map(Key::Mail))
    }
}

/// Numbers of records, by all that their guests are found by. A key may be that of several.
#[derive(Clone, Debug, Default)]
pub(super) struct BySignIn {
    numbers: Index,
    hashing: Hashing,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Account(&'a str, &'a str),
    Mail(&'a str),
}

impl BySignIn {
    /// Hashes of all that a record is found by.
    pub(super) fn hashes(&self, record: &Guest) -> impl Iterator<Item = u64> {
        hashes(&self.hashing, record)
    }

    /// Adds records by their numbers and all of their hashes.
    pub(super) fn put(&mut self, entries: &[(u64, u32)], records: &Numbered) {
        let hashes_of = hashes_of(records, &self.hashing);
        self.numbers.put(entries, |_, _| false, hashes_of);
    }

    /// How many keys a record is found by.
    pub(super) fn count_keys(record: &Guest) -> usize {
        let names = record.sign_in.as_ref();
        names.map_or(0, |names| names.keys().count())
    }

    /// Makes room for more keys.
    pub(super) fn reserve(&mut self, more: usize, records: &Numbered) {
        let hashes_of = hashes_of(records, &self.hashing);
        self.numbers.reserve(more, hashes_of);
    }

    /// Removes a record with its number.
    pub(super) fn remove(&mut self, number: u32, record: &Guest) {
        let hashes = hashes(&self.hashing, record);
        self.numbers.remove(number, hashes);
    }

    pub(super) fn find<'r>(&self, who: &Witness<'_>, records: &'r Numbered) -> Option<&'r Guest> {
        let account = who.assigned.map(|id| Key::Account(who.issuer, id));
        let keys = [account, who.mail.map(Key::Mail)];
        let found = || {
            let keys = keys.iter().flatten();
            keys.filter_map(|key| self.only(*key, who, records))
        };
        // The account goes before the address, which is given to somebody else one day; and whoever is there before who was deleted.
        found()
            .find(|record| !record.deleted)
            .or_else(|| found().next())
    }

    /// Records with this address, whatever their guests sign in with, those that were deleted too.
    pub(super) fn with_mail<'r>(&self, mail: &str, records: &'r Numbered) -> Vec<&'r Guest> {
        self.all(Key::Mail(mail), records)
    }

    /// Records that name this account, in the same way.
    pub(super) fn with_account<'r>(
        &self,
        issuer: &str,
        id: &str,
        records: &'r Numbered,
    ) -> Vec<&'r Guest> {
        self.all(Key::Account(issuer, id), records)
    }

    fn all<'r>(&self, key: Key<'_>, records: &'r Numbered) -> Vec<&'r Guest> {
        let mut found: Vec<&Guest> = Vec::new();
        let all: Option<()> = self.numbers.find(hash(&self.hashing, key), |number| {
            let record = records.get(number)?;
            let names = record.sign_in.as_ref()?;
            let is_new = !found
                .iter()
                .any(|other| std::ptr::eq::<Guest>(*other, record));
            if is_new && names.keys().any(|other| other.is(key)) {
                found.push(record);
            }
            None
        });
        debug_assert!(all.is_none(), "all are looked at");
        found
    }

    /// The one record of that key; of several the one that is not deleted, or else the one whose own id comes first.
    fn only<'r>(
        &self,
        key: Key<'_>,
        who: &Witness<'_>,
        records: &'r Numbered,
    ) -> Option<&'r Guest> {
        let (mut alive, mut deleted): (Option<&Guest>, Option<&Guest>) = (None, None);
        let several = self.numbers.find(hash(&self.hashing, key), |number| {
            let record = records.get(number)?;
            // Whoever has a tenant signs in there and nowhere else.
            let names = record
                .sign_in
                .as_ref()
                .filter(|_| record.home_tenant.is_none())?;
            if !names.keys().any(|other| other.is(key)) || !names.is_of(who) {
                return None;
            }
            match (record.deleted, alive) {
                (true, _) => {
                    deleted = deleted
                        .filter(|before| before.id < record.id)
                        .or(Some(record));
                }
                (false, None) => alive = Some(record),
                (false, Some(before)) if std::ptr::eq::<Guest>(before, record) => {}
                (false, Some(_)) => return Some(()),
            }
            None
        });
        match several {
            Some(()) => None,
            None => alive.or(deleted),
        }
    }
}

/// Hashes of all that records are found by, by number.
fn hashes_of(records: &Numbered, hashing: &Hashing) -> impl Hashes {
    move |number, with: &mut dyn FnMut(u64)| {
        if let Some(record) = records.get(number) {
            hashes(hashing, record).for_each(with);
        }
    }
}

fn hashes(hashing: &Hashing, record: &Guest) -> impl Iterator<Item = u64> {
    let names = record.sign_in.iter();
    let keys = names.flat_map(|names| names.keys());
    keys.map(|key| hash(hashing, key))
}

fn hash(hashing: &Hashing, key: Key<'_>) -> u64 {
    match key {
        Key::Account(issuer, id) => hashing.hash_one((issuer, id)),
        Key::Mail(mail) => hashing.hash_one(AnyCase(mail)),
    }
}

impl Key<'_> {
    fn is(self, other: Key<'_>) -> bool {
        match (self, other) {
            (Self::Account(issuer, id), Key::Account(other_issuer, other_id)) => {
                (issuer, id) == (other_issuer, other_id)
            }
            (Self::Mail(mail), Key::Mail(other)) => mail.eq_ignore_ascii_case(other),
            (Self::Account(..), Key::Mail(_)) | (Self::Mail(_), Key::Account(..)) => false,
        }
    }
}

/// A text that hashes alike in any letter case.
struct AnyCase<'a>(&'a str);

impl Hash for AnyCase<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Some at a time, so that nothing is allocated; texts that are equal are parted alike.
        let mut lower = [0; 64];
        for part in self.0.as_bytes().chunks(lower.len()) {
            if let Some(lower) = lower.get_mut(..part.len()) {
                lower.copy_from_slice(part);
                lower.make_ascii_lowercase();
                state.write(lower);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{Id, TenantId};
    use crate::snapshot::{DirectoryMode, GuestDirectory, GuestRecords, Redemption, UserType};

    fn guest(id: &str, mail: Option<&str>, identities: &[(&str, Option<&str>)]) -> Guest {
        Guest {
            id: Id::new(id),
            home_tenant: None,
            home_user_id: None,
            home_groups: None,
            home_groups_complete: true,
            user_type: UserType::Guest,
            deleted: false,
            enabled: true,
            expires: None,
            redemption: Redemption::Accepted,
            consent_given: true,
            sign_in: Some(Box::new(SignInNames {
                mail: mail.map(Into::into),
                identities: identities
                    .iter()
                    .map(|(issuer, assigned)| SignInIdentity {
                        issuer: (*issuer).into(),
                        assigned: assigned.map(Into::into),
                    })
                    .collect(),
            })),
        }
    }

    fn found(list: &[Guest], who: Witness<'_>) -> Option<String> {
        let records = GuestRecords::new(list.to_vec(), |clash| panic!("{clash:?}"));
        let directory = GuestDirectory::new(DirectoryMode::Optional, Arc::new(records));
        directory
            .by_sign_in(&who)
            .map(|record| record.id.to_string())
    }

    const fn mailbox(mail: &str) -> Witness<'_> {
        Witness {
            issuer: "mail",
            assigned: None,
            mail: Some(mail),
            owns_mail: true,
        }
    }

    const fn google<'a>(id: &'a str, mail: &'a str, owns_mail: bool) -> Witness<'a> {
        Witness {
            issuer: "google.com",
            assigned: Some(id),
            mail: Some(mail),
            owns_mail,
        }
    }

    #[test]
    fn the_owner_of_an_address_is_found_in_any_letter_case_where_the_record_names_no_other_account()
    {
        let list = [
            guest("plain", Some("Ada@fabrikam.example"), &[]),
            guest("mailed", Some("bo@fabrikam.example"), &[("mail", None)]),
            guest(
                "tenant",
                Some("cy@fabrikam.example"),
                &[("ExternalAzureAD", None)],
            ),
        ];
        for (mail, id) in [
            ("ada@FABRIKAM.example", Some("plain")),
            ("bo@fabrikam.example", Some("mailed")),
            ("cy@fabrikam.example", None),
            ("di@fabrikam.example", None),
        ] {
            assert_eq!(found(&list, mailbox(mail)).as_deref(), id, "{mail}");
        }
    }

    #[test]
    fn an_account_that_is_named_counts_and_no_other_with_its_address() {
        let list = [guest(
            "ada",
            Some("ada@gmail.com"),
            &[("google.com", Some("1"))],
        )];
        assert_eq!(
            found(&list, google("1", "new@gmail.com", true)).as_deref(),
            Some("ada")
        );
        assert_eq!(found(&list, google("2", "ada@gmail.com", true)), None);
        assert_eq!(found(&list, mailbox("ada@gmail.com")), None);
    }

    #[test]
    fn a_provider_that_does_not_own_the_address_is_believed_only_where_the_record_names_it() {
        let plain = [guest("plain", Some("ada@fabrikam.example"), &[])];
        assert_eq!(
            found(&plain, google("1", "ada@fabrikam.example", false)),
            None
        );
        let named = [guest(
            "named",
            Some("ada@fabrikam.example"),
            &[("google.com", None)],
        )];
        let who = google("1", "ada@fabrikam.example", false);
        assert_eq!(found(&named, who).as_deref(), Some("named"));
    }

    #[test]
    fn an_address_finds_every_record_that_has_it_also_those_whose_guests_sign_in_at_a_tenant() {
        let mut list = ["one", "two", "gone"]
            .map(|id| guest(id, Some("Ada@fabrikam.example"), &[("mail", None)]));
        list[0].home_tenant = TenantId::parse("22222222-2222-4222-8222-222222222222");
        list[1].deleted = true;
        let mut records = GuestRecords::new(list.to_vec(), |clash| panic!("{clash:?}"));
        records.remove(&Id::new("gone"));
        let with = |mail| {
            let records = records.with_mail(mail);
            let mut found: Vec<_> = records.iter().map(|record| record.id.text()).collect();
            found.sort();
            found
        };
        assert_eq!(with("ada@FABRIKAM.example"), ["one", "two"]);
        assert!(with("bo@fabrikam.example").is_empty());
    }

    #[test]
    fn a_guest_of_a_tenant_is_nobody_who_comes_from_elsewhere_with_their_address_or_account() {
        let identities = [("mail", None), ("google.com", Some("1"))];
        let mut ada = guest("ada", Some("ada@fabrikam.example"), &identities);
        let google = google("1", "ada@fabrikam.example", true);
        let mailbox = mailbox("ada@fabrikam.example");
        let list = std::slice::from_ref(&ada);
        assert!(found(list, google).is_some() && found(list, mailbox).is_some());
        ada.home_tenant = TenantId::parse("22222222-2222-4222-8222-222222222222");
        let list = std::slice::from_ref(&ada);
        assert_eq!((found(list, google), found(list, mailbox)), (None, None));
    }

    #[test]
    fn of_two_guests_with_one_address_neither_is_taken_unless_one_is_deleted() {
        let mut list = [
            guest("one", Some("ada@fabrikam.example"), &[]),
            guest("two", Some("ada@fabrikam.example"), &[]),
        ];
        assert_eq!(found(&list, mailbox("ada@fabrikam.example")), None);
        list[0].deleted = true;
        assert_eq!(
            found(&list, mailbox("ada@fabrikam.example")).as_deref(),
            Some("two")
        );
        list[1].deleted = true;
        assert!(found(&list, mailbox("ada@fabrikam.example")).is_some());
    }
}
