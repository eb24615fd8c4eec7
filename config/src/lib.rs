//! The text of `crossgate.toml` to checked [`Settings`].
//!
//! Every fault of a text is found at once and told with its line, key, what is wrong and what to do. Nothing here
//! opens a file, reads the environment (a closure does), knows a clock or logs: paths stay paths, taken from the
//! folder of the configuration.

mod admin;
mod app;
mod assertion;
mod claims;
mod connector;
mod fault;
mod health;
mod host;
mod issuer;
mod jwks;
mod limits;
mod listen;
mod mail;
mod outline;
mod partner;
pub mod path;
mod policy;
mod portal;
mod properties;
mod provider;
mod reader;
mod runtime;
mod secret;
mod settings;
mod shutdown;
mod sign_ins;
mod signals;
mod sink;
mod suggest;
mod synchronization;
mod tenant;
mod terms;
mod traces;
mod units;
mod url;

pub use admin::Admin;
pub use app::{AppSettings, Clients, Egress, ResourceTenant};
pub use assertion::{Assertion, SigningKey};
pub use claims::{ClaimMap, ClaimTest};
pub use connector::ConnectorSettings;
pub use fault::Fault;
pub use health::{Health, Probe};
pub use issuer::{Algorithm, EntraTenants, IssuerKind, IssuerSettings, JwksSource};
pub use jwks::Jwks;
pub use limits::{BodyLimit, Limits};
pub use listen::{Listen, TlsFiles};
pub use mail::{Mail, MailSecurity};
pub use outline::Outline;
pub use partner::{Consent, PartnerSettings};
pub use policy::{Enforcement, GuestDirectory, PolicySource};
pub use portal::Portal;
pub use properties::{Condition, HomeIs, Place, Property, Says, Selection};
pub use provider::{
    FacebookClient, Federation, FederationProtocol, OidcClient, ProviderKind, ProviderSettings,
};
pub use runtime::{Runtime, TokenCache, Workers};
pub use secret::{ClientSecret, Secret};
pub use settings::{Purpose, Settings};
pub use shutdown::Shutdown;
pub use sign_ins::{OnFull, Rotation, SignInMode, SignInStore, SignIns, Sink};
pub use signals::{SecretSource, Signals, StreamSettings, TransmitterSettings};
pub use sink::{
    ClientTlsFiles, Endpoint, Form, Header, HttpAuthorization, NatsCredentials, OtlpProtocol,
    Receiver, SpooledSink,
};
pub use synchronization::Synchronization;
pub use tenant::OwnTenant;
pub use terms::TermsSettings;
pub use traces::{Share, Traces};
pub use url::{Origin, Scheme, Upstream};
