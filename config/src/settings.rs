//! The whole configuration.

use std::path::Path;

use crate::admin::ConsoleNeeds;
use crate::reader::{Document, Section};
use crate::{
    Admin, AppSettings, Assertion, ConnectorSettings, Enforcement, Fault, GuestDirectory, Health,
    IssuerSettings, Jwks, Limits, Listen, Mail, OwnTenant, PartnerSettings, PolicySource, Portal,
    ProviderSettings, Runtime, Shutdown, SignIns, Signals, Synchronization, TermsSettings, Traces,
};
use crate::{app, connector, issuer, partner, policy, provider, terms};

/// What `crossgate.toml` says, checked, with every default filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// `[tenant]`: the organisation that runs this gateway.
    pub tenant: OwnTenant,
    /// `[listen]`: addresses and who stands in front of them.
    pub listen: Listen,
    /// `[admin]`: the admin API.
    pub admin: Admin,
    /// `[policy] source`: where the documents are.
    pub policy: PolicySource,
    /// `[policy] enforcement`; apps carry their own, resolved against this.
    pub enforcement: Enforcement,
    /// `[guests] directory`.
    pub guests: GuestDirectory,
    /// `[[issuer]]`: who may sign tokens.
    pub issuers: Vec<IssuerSettings>,
    /// `[[partner]]`: what Graph's partner documents have no place for.
    pub partners: Vec<PartnerSettings>,
    /// `[[provider]]`: where people sign in with a browser.
    pub providers: Vec<ProviderSettings>,
    /// `[mail]`: by whom mail is sent; `None` where none is.
    pub mail: Option<Mail>,
    /// `[[terms]]`: what they are asked to accept.
    pub terms: Vec<TermsSettings>,
    /// `[[connector]]`: the hosts that self-service sign-up may ask.
    pub connectors: Vec<ConnectorSettings>,
    /// `[portal]`: their sessions, and what they see.
    pub portal: Portal,
    /// `[[app]]`: what is behind the gateway.
    pub apps: Vec<AppSettings>,
    /// `[[transmitter]]` and `[signals]`: who tells of sign-ins that count no more.
    pub signals: Signals,
    /// `[synchronization]`: where partners push users and groups.
    pub synchronization: Synchronization,
    /// `[sign_ins]`: how sign-in events are written.
    pub sign_ins: SignIns,
    /// `[traces]`: what is told of requests to a collector; `None` where nothing is.
    pub traces: Option<Traces>,
    /// `[limits]`: what a connection may take.
    pub limits: Limits,
    /// `[shutdown]`: how the gateway ends.
    pub shutdown: Shutdown,
    /// `[jwks]`: how issuers' keys are kept fresh.
    pub jwks: Jwks,
    /// `[health]`: how upstreams are probed.
    pub health: Health,
    /// `[runtime]`: threads and memory.
    pub runtime: Runtime,
    /// `[assertion]`: the key that signs what we tell upstreams.
    pub assertion: Assertion,
}

/// What the settings are wanted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Traffic: everything that serving needs must be there.
    Serve,
    /// Recorded or invented cases, offline: hosts, upstreams, audiences, listeners and issuers may be missing, and
    /// routes may collide.
    Decide,
}

impl Settings {
    /// Reads and checks the text of `crossgate.toml`.
    ///
    /// Relative paths in it are taken from `base_dir`; `environment` answers `${NAME}`.
    ///
    /// # Errors
    ///
    /// Every fault, in the order of the text. Where the text is no TOML, only the faults of its syntax.
    pub fn parse(
        text: &str,
        base_dir: &Path,
        purpose: Purpose,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        Document::new(text, base_dir, purpose, environment).read(Self::read)
    }

    fn read(root: &mut Section<'_>) -> Option<Self> {
        let tenant = root.section_or_empty("tenant", OwnTenant::read);
        let listen = root.section_or_empty("listen", Listen::read);
        let admin = root.section_or_empty("admin", Admin::read);
        let (policy, enforcement) = root.section_or_empty("policy", policy::read);
        if listen.admin_is_exposed() && matches!(policy, PolicySource::Sqlite(_)) {
            root.section_again("listen", Listen::refuse_exposed_admin);
        }
        let guests = root.section_or_empty("guests", GuestDirectory::read);
        // The other parts are read without the own tenant too: its faults must not hide theirs.
        let own = tenant.as_ref();
        let issuers = issuer::read_all(root, own);
        let partners = partner::read_all(root, own);
        let providers = provider::read_all(root, own, &issuers);
        let mail = root.section("mail", Mail::read).flatten();
        provider::check_passcodes(root, &providers, mail.as_ref(), guests);
        let terms = terms::read_all(root);
        let connectors = connector::read_all(root);
        let portal = root.section_or_empty("portal", Portal::read);
        let apps = app::read_all(root, own, enforcement, &listen);
        provider::check_apps(root, &apps, &providers, &portal, &listen);
        let needs = ConsoleNeeds {
            tenant: own.map(|own| own.id),
            policy: &policy,
            portal: &portal,
            apps: &apps,
            providers: &providers,
            issuers: &issuers,
        };
        admin.check_console(root, &needs);
        let signals = Signals::read(root, &issuers, &apps, &policy, &listen);
        let synchronization = Synchronization::read(root, &partners, &apps, &policy, &listen);
        let sign_ins = root.section_or_empty("sign_ins", |section| SignIns::read(section, &policy));
        let traces = root.section("traces", Traces::read).flatten();
        let limits = root.section_or_empty("limits", Limits::read);
        let shutdown = root.section_or_empty("shutdown", Shutdown::read);
        let jwks = root.section_or_empty("jwks", Jwks::read);
        let health = root.section_or_empty("health", Health::read);
        let runtime = root.section_or_empty("runtime", Runtime::read);
        let assertion = root.section_or_empty("assertion", Assertion::read);
        Some(Self {
            tenant: tenant?,
            listen,
            admin,
            policy,
            enforcement,
            guests,
            issuers,
            partners,
            providers,
            mail,
            terms,
            connectors,
            portal,
            apps,
            signals,
            synchronization,
            sign_ins,
            traces,
            limits,
            shutdown,
            jwks,
            health,
            runtime,
            assertion,
        })
    }
}
