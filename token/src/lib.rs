//! Is this token genuine, and what does it say.
//!
//! Pure: keys and the time are arguments. Knows nothing about HTTP, and never fetches a key: an unknown key is an
//! answer, not a reason to go looking. What the caller may reach is not decided here either; that is
//! `crossgate-policy`'s, from what a [`Verified`] token says.
//!
//! A token's way: [`Jws::parse`] splits and decodes it, [`Issuers`] finds who claims to have signed it, [`Claims::read`]
//! gives what it says a type, [`KeySet::verify`] checks the signature, and [`Identity`] says whose account it is. All
//! of that is [`verify`], and its answer may be kept. What depends on the time and on the application is asked anew on
//! every request: [`Verified::check`].
//!
//! A [`SecurityEvent`] is no token that opens anything: an identity provider pushes it to say that what it signed before
//! counts no more. It has a way of its own: [`verify_security_event`].

mod algorithm;
mod claim_map;
mod claims;
mod compact;
mod cross_tenant;
mod entra;
mod fault;
mod header;
mod identity;
mod issuer;
pub mod json;
mod jwk;
mod jwks;
mod key_issuer;
mod logout;
mod packed;
mod roca;
mod security_event;
mod validity;
mod verify;

pub use algorithm::Algorithm;
pub use claim_map::{ClaimMap, ClaimTest, NotAPointer, Pointer};
pub use claims::{Account, Claims, DisplayNames, Nonce, Proofs};
pub use compact::{Jws, MAX_TOKEN_BYTES};
pub use cross_tenant::{
    CROSS_TENANT_CLAIM, CROSS_TENANT_TYPE, CrossTenant, ExpectedCrossTenant, gateway_of,
    verify_cross_tenant,
};
pub use entra::entra_host;
pub use fault::TokenFault;
pub use header::Header;
pub use identity::{Home, HomeCloud, Identity};
pub use issuer::{Issuer, IssuerKind, Issuers, Tenants};
pub use jwk::Unusable;
pub use jwks::{JwksFault, Key, KeySet, SkippedKey};
pub use logout::{ExpectedLogout, Logout, verify_logout};
pub use packed::Packed;
pub use security_event::{
    Assurance, ChangeType, ComplexSubject, Compliance, Effect, Event, EventKind, Initiator, Reason,
    SecurityEvent, SetFault, StreamStatus, Subject, SubjectId, Transmitter, Why,
    verify_security_event,
};
pub use validity::{CLOCK_SKEW_SECONDS, Expected, ExpectedSignIn};
pub use verify::{
    NotAccepted, Unverified, Verified, accept_unsigned, restore_id_token, verify, verify_id_token,
    vouch,
};
