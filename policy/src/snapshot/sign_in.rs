//! How guests sign in for whom no tenant speaks: whose record somebody's is who comes from Google, a federation or a mailbox.

use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use super::guests::{Guest, Redemption};
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

/// Places of records, by all that their guests are found by. A key may be that of several.
#[derive(Debug, Default)]
pub(super) struct BySignIn {
    places: HashTable<(u64, u32)>,
    hashing: Hashing,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Account(&'a str, &'a str),
    Mail(&'a str),
}

impl BySignIn {
    pub(super) fn new(list: &[Guest]) -> Self {
        let mut index = Self::default();
        for (place, record) in list.iter().enumerate() {
            // More would not fit into memory.
            let (Some(names), Ok(place)) = (&record.sign_in, u32::try_from(place)) else {
                continue;
            };
            for key in names.keys() {
                let hash = index.hash(key);
                let entry = (hash, place);
                index.places.insert_unique(hash, entry, |(hash, _)| *hash);
            }
        }
        index
    }

    pub(super) fn find<'l>(&self, who: &Witness<'_>, list: &'l [Guest]) -> Option<&'l Guest> {
        let account = who.assigned.map(|id| Key::Account(who.issuer, id));
        let keys = [account, who.mail.map(Key::Mail)];
        let found = || {
            keys.iter()
                .flatten()
                .filter_map(|key| self.only(*key, who, list))
        };
        // The account goes before the address, which is given to somebody else one day; and whoever is there before who was deleted.
        found()
            .find(|record| !record.deleted)
            .or_else(|| found().next())
    }

    /// Records with this address, whatever their guests sign in with, those that were deleted too.
    pub(super) fn with_mail<'l>(
        &self,
        mail: &str,
        list: &'l [Guest],
    ) -> impl Iterator<Item = &'l Guest> {
        let hash = self.hash(Key::Mail(mail));
        let same_hash = self.places.iter_hash(hash);
        same_hash
            .filter(move |(other, _)| *other == hash)
            .filter_map(|(_, place)| list.get(*place as usize))
            .filter(move |record| {
                let names = record.sign_in.as_ref();
                let known = names.and_then(|names| names.mail.as_deref());
                known.is_some_and(|known| known.eq_ignore_ascii_case(mail))
            })
    }

    /// The one record of that key; of several the one that is not deleted.
    fn only<'l>(&self, key: Key<'_>, who: &Witness<'_>, list: &'l [Guest]) -> Option<&'l Guest> {
        let hash = self.hash(key);
        let same_hash = self.places.iter_hash(hash);
        let records = same_hash
            .filter(|(other, _)| *other == hash)
            .filter_map(|(_, place)| list.get(*place as usize))
            .filter(|record| {
                // Whoever has a tenant signs in there and nowhere else.
                let names = record
                    .sign_in
                    .as_ref()
                    .filter(|_| record.home_tenant.is_none());
                names.is_some_and(|names| names.is_of(who))
            });
        let (mut alive, mut deleted) = (None, None);
        for record in records {
            match (record.deleted, &alive) {
                (true, _) => deleted = Some(record),
                (false, None) => alive = Some(record),
                (false, Some(before)) if std::ptr::eq::<Guest>(*before, record) => {}
                (false, Some(_)) => return None,
            }
        }
        alive.or(deleted)
    }

    fn hash(&self, key: Key<'_>) -> u64 {
        match key {
            Key::Account(issuer, id) => self.hashing.hash_one((issuer, id)),
            Key::Mail(mail) => self.hashing.hash_one(mail.to_ascii_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;
    use crate::snapshot::{Redemption, UserType};

    fn guest(id: &str, mail: Option<&str>, identities: &[(&str, Option<&str>)]) -> Guest {
        Guest {
            id: Id::new(id),
            home_tenant: None,
            home_user_id: None,
            home_groups: None,
            user_type: UserType::Guest,
            deleted: false,
            enabled: true,
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
        let index = BySignIn::new(list);
        index.find(&who, list).map(|record| record.id.to_string())
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
