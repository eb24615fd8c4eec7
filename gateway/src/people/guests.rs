//! Guests for whom no tenant speaks: whose record somebody's is, and what is vouched for.

use crossgate_policy::snapshot::{Guest, Snapshot, Witness};
use crossgate_portal::store::IdToken;

use super::People;
use super::call::Call;
use super::provider::Provider;
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
    pub(super) fn guest(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        voucher: &Voucher,
        who: &Acquaintance,
    ) -> Result<Arrived, Failed> {
        let in_force = call.live.in_force();
        let record = record(&in_force.snapshot, provider, voucher, who);
        let record = record.ok_or(Failed::not_invited())?;
        let told = Told {
            sub: record.id.to_string(),
            name: who.name.clone(),
            email: who.mail.clone(),
            preferred_username: who.mail.clone(),
            auth_time: who.signed_in,
            amr: who.amr.clone(),
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
