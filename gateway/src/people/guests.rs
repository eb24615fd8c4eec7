//! Guests for whom no tenant speaks: whose record somebody's is, and what is vouched for.

use crossgate_policy::snapshot::{Guest, Snapshot, Witness};
use crossgate_portal::attempt::Attempt;
use crossgate_portal::store::IdToken;

use super::People;
use super::call::Call;
use super::provider::Provider;
use super::redeem::returned_to;
use super::vouched::{Told, Voucher};
use super::welcome::{Arrived, Failed};

/// Somebody whom a provider without a tenant knows.
pub(super) struct Acquaintance {
    /// Their account there.
    pub(super) id: Option<String>,
    /// An address of theirs that the provider has confirmed.
    pub(super) mail: Option<String>,
    /// What people call them.
    pub(super) name: Option<String>,
    /// When they signed in, in seconds.
    pub(super) signed_in: u64,
    /// How (RFC 8176).
    pub(super) amr: Vec<&'static str>,
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
        let guest = match record(&in_force.snapshot, provider, voucher, who) {
            Some(record) => record.id.to_string(),
            None => self
                .invited(attempt, who)
                .await
                .ok_or(Failed::not_invited())?,
        };
        let told = Told {
            sub: guest,
            name: who.name.clone(),
            email: who.mail.clone(),
            preferred_username: who.mail.clone(),
            auth_time: who.signed_in,
            amr: who.amr.clone(),
            home_oid: who.id.clone(),
            ..Told::default()
        };
        let statement = voucher.statement(&told);
        Ok(Arrived {
            verified: voucher.read(&statement, &in_force.issuers)?,
            issuer: provider.name.clone(),
            kept: IdToken(statement),
            longest: None,
        })
    }

    /// Whom an invitation is for that the sign-in goes back to: whoever holds its link has read mail to the address, and their provider
    /// says that it is theirs too.
    async fn invited(&self, attempt: &Attempt, who: &Acquaintance) -> Option<String> {
        let mail = who.mail.as_deref()?;
        let invited = returned_to(self.ledger.as_ref(), attempt.return_to.as_str()).await?;
        invited
            .address
            .eq_ignore_ascii_case(mail)
            .then_some(invited.guest)
    }
}

/// The directory's record of somebody; none where there is none, or nobody knows which.
pub(super) fn record<'s>(
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
        owns_mail: provider.is_passcode() || mail.is_some_and(|mail| provider.owns(mail)),
    })
}
