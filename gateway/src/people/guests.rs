//! Guests for whom no tenant speaks: whose record somebody's is, and what is vouched for.

use std::borrow::Cow;

use crossgate_policy::ids::{Id, UnixTime};
use crossgate_policy::newest_revocation;
use crossgate_policy::snapshot::{Guest, Snapshot, Witness};
use crossgate_portal::attempt::Attempt;
use crossgate_portal::store::IdToken;

use serde::{Deserialize, Serialize};

use super::call::Call;
use super::provider::Provider;
use super::redeem::returned_to;
use super::sign_up::Stranger;
use super::vouched::{Told, Voucher};
use super::welcome::{Arrived, Failed};
use super::{People, PeopleSettings};
use crate::request::subject::subject;
use crate::request::token::KnownToken;

/// Somebody whom a provider without a tenant knows.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Acquaintance {
    /// Their account there.
    pub(super) id: Option<String>,
    /// An address of theirs that the provider has confirmed.
    pub(super) mail: Option<String>,
    /// The provider's session (`sid`), by which it tells of its end.
    pub(super) session: Option<String>,
    /// What people call them.
    pub(super) name: Option<String>,
    /// When they signed in as far as anybody knows, in seconds.
    pub(super) signed_in: u64,
    /// When they signed in by the provider's word; `None` where it does not tell.
    pub(super) proven: Option<u64>,
    /// How (RFC 8176).
    pub(super) amr: Vec<Cow<'static, str>>,
}

impl People {
    /// The guest that a provider tells of, as one who is vouched for.
    pub(super) async fn guest(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        voucher: &Voucher,
        attempt: &Attempt,
        who: &Acquaintance,
    ) -> Result<Arrived, Failed> {
        let in_force = call.live.in_force();
        let snapshot = &in_force.snapshot;
        let id = match record(call.settings, snapshot, provider, voucher, who) {
            Some(record) => record.id.clone(),
            None => {
                let invited = self.invited(attempt, who).await;
                invited.ok_or_else(|| {
                    Failed::not_known(Stranger {
                        attempt: attempt.clone(),
                        who: who.clone(),
                    })
                })?
            }
        };
        let record = snapshot.guests.by_id(&id);
        record.ok_or(Failed::not_invited())?;
        let told = Told {
            sub: id.to_string(),
            name: who.name.clone(),
            email: who.mail.clone(),
            preferred_username: who.mail.clone(),
            auth_time: who.signed_in,
            amr: who.amr.clone(),
            home_oid: who.id.clone(),
            sid: who.session.clone(),
            ..Told::default()
        };
        let statement = voucher.statement(&told);
        let verified = voucher.read(&statement, &in_force.issuers)?;
        // Who was revoked has to show that they signed in since; a provider that does not tell when cannot.
        let revoked = newest_revocation(snapshot, &subject(&verified));
        let proven = who.proven.and_then(|at| u32::try_from(at).ok());
        if let Some(revoked) = revoked
            && proven.is_none_or(|at| UnixTime::from_secs(at) <= revoked)
        {
            return Err(Failed::from_before());
        }
        Ok(Arrived {
            verified,
            issuer: provider.name.clone(),
            kept: IdToken(statement),
            longest: None,
        })
    }

    /// Whom an invitation is for that the sign-in goes back to: whoever holds its link has read mail to the address, and their provider
    /// says that it is theirs too.
    async fn invited(&self, attempt: &Attempt, who: &Acquaintance) -> Option<Id> {
        let mail = who.mail.as_deref()?;
        let invited = returned_to(self.ledger.as_ref(), attempt.return_to.as_str()).await?;
        invited
            .address
            .eq_ignore_ascii_case(mail)
            .then(|| Id::new(&invited.guest))
    }
}

/// The directory's record of somebody; none where there is none, or nobody knows which. The address counts where it leads to the
/// provider in the order of redemption.
pub(super) fn record<'s>(
    settings: &PeopleSettings,
    snapshot: &'s Snapshot,
    provider: &Provider,
    voucher: &Voucher,
    who: &Acquaintance,
) -> Option<&'s Guest> {
    let mail = who.mail.as_deref();
    snapshot.guests.by_sign_in(&Witness {
        issuer: voucher.identity_provider()?,
        assigned: who.id.as_deref(),
        mail,
        owns_mail: owns(settings, snapshot, provider, mail),
    })
}

fn owns(
    settings: &PeopleSettings,
    snapshot: &Snapshot,
    provider: &Provider,
    mail: Option<&str>,
) -> bool {
    let leads = mail.and_then(|mail| settings.of_address(mail, &snapshot.redemption));
    leads.is_some_and(|leads| leads.name == provider.name)
}

/// Whether the directory's record is still that of whoever signed in as this guest. Without one nobody is a guest, whatever the
/// directory is used for: it is the record that was vouched for.
pub(super) fn is_still(
    settings: &PeopleSettings,
    snapshot: &Snapshot,
    provider: &Provider,
    voucher: &Voucher,
    token: &KnownToken,
) -> bool {
    let (Some(issuer), Some(id)) = (voucher.identity_provider(), &token.subject.user_id) else {
        return true;
    };
    let account = token.subject.home_oid.as_ref().map(Id::text);
    let mail = token.verified.claims().names.email.as_deref();
    snapshot.guests.by_id(id).is_some_and(|record| {
        record.may_be(&Witness {
            issuer,
            assigned: account.as_deref(),
            mail,
            owns_mail: owns(settings, snapshot, provider, mail),
        })
    })
}
