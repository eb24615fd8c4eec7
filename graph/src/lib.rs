//! Microsoft Graph's documents as written: reads them, checks them, and compiles them to what a
//! [`Snapshot`](crossgate_policy::snapshot::Snapshot) is made of.
//!
//! Pure. No I/O, no clock, no log: texts are arguments, and whatever is to be said is in the answer. Where the texts
//! come from, and what `crossgate.toml` adds to them, is not here.

mod advisory;
mod compile;
mod conflicts;
mod did_you_mean;
mod directory;
mod document_kind;
mod documents;
mod kinds;
mod load;
mod place;
mod reader;
mod standing;

pub use advisory::Advisory;
pub use compile::collaboration::{
    CrossTenantVerdict, ExternalCollaboration, GuestsSee, InvitationVerdict, InvitedDomains,
    Inviters, Leaving,
};
pub use compile::sign_up::{
    ApiConnector, BUILT_IN_ATTRIBUTES, BuiltInAttribute, Choice, DataType, EMAIL, FlowAttribute,
    Input, SignUp, UserFlow, is_custom,
};
pub use directory::{DirectoryDocument, documents_of, kinds_of, path_of};
pub use document_kind::DocumentKind;
pub use kinds::GUESTS_FILE;
pub use load::{Compiled, Counts, PolicyFile, ReadGuests, load, load_beside};
pub use place::place_of;
pub use reader::fault::{Fault, Position};
pub use standing::{Change, Documents, Proposal, Refused, Standing};
