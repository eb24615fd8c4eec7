//! People in browsers: who is signed in, and the pages on the way there.
//!
//! A session is one more kind of subject: it is found without a lock on every request, and decided about like any token.
//! What stands here may wait, for a provider or the disk; it answers at our own paths, never on the way of an app's
//! request.

mod call;
mod callback;
mod endpoints;
mod federation;
mod forms;
mod guests;
mod invite;
mod kept;
mod mail;
mod me;
mod membership;
mod outbox;
mod passcode;
pub mod place;
mod provider;
mod readers;
mod realm;
mod redeem;
mod send;
mod settings;
mod sign_in;
mod sign_out;
mod sign_up;
mod signed_in;
mod social;
mod step_up;
mod tend;
mod terms;
mod vouched;
mod welcome;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossgate_config::{FederationProtocol, Portal, Settings};
use crossgate_control::ledger::Ledger;
use crossgate_policy::Decision;
use crossgate_policy::ids::Id;
use crossgate_policy::subject::Home;
use crossgate_portal::cookies;
use crossgate_portal::names::Names;
use crossgate_portal::pages::{Brand, Colour, Logo, Pages, PagesFault};
use crossgate_portal::passcode::{Limits, Passcodes};
use crossgate_portal::seal::{NoRandom, Sealer};
use crossgate_portal::sessions::{Grant, Session, SessionId, Sessions};
use crossgate_portal::store::{Acceptances, KeptSession, PortalStore, PortalStoreError};
use crossgate_token::{Issuers, restore_id_token};
use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connections::Connections;
use crate::live::InForce;
use crate::live::fetch::Fetcher;
use crate::request::token::KnownToken;
use crate::request::tokens::Tokens;
pub use call::{Call, Reply, Told};
use endpoints::KnownEndpoints;
use federation::MOST_READ;
pub use forms::{fields, has_too_many, is_form, is_navigation};
use kept::Kept;
pub use kept::{MOST_CONSOLE_FORM, MOST_FORM};
pub use outbox::send_mail;
use passcode::MOST_MAILS;
use place::Place;
pub use provider::Provider;
use provider::SpeaksFor;
pub use readers::Reader;
use readers::Readers;
use realm::takes_microsoft_accounts;
pub use settings::PeopleSettings;
pub use sign_in::Begin;
use sign_out::MOST_WAITING;
pub use sign_up::offers;
use sign_up::{MOST_ASKED, Rates};
pub use signed_in::{SignedIn, Who};
use step_up::asked_for;
pub use tend::tend;
pub use terms::Standing;

/// A session of somebody who is signed in.
pub type PersonSession = Session<SignedIn>;

/// A session that counts by what is in force for a request.
#[derive(Clone, Debug)]
pub struct Here {
    /// The session.
    pub session: Arc<PersonSession>,
    /// Who it is of.
    pub token: Arc<KnownToken>,
    /// The terms of use that count as accepted; `None` where none ever were.
    pub accepted: Option<Arc<[Id]>>,
}

/// Everybody who is signed in, and what signing in takes.
#[derive(Debug)]
pub struct People {
    sealer: Sealer,
    sessions: Sessions<SignedIn>,
    /// Of hosts and providers, which sessions share.
    names: Names,
    store: Arc<PortalStore>,
    tokens: Arc<Tokens>,
    endpoints: KnownEndpoints,
    kept: Kept,
    visits: Arc<Semaphore>,
    connections: Arc<Connections>,
    passcodes: Passcodes,
    mailing: Arc<Semaphore>,
    readers: Arc<Readers>,
    reading: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    sign_ups: Rates,
    asking: Arc<Semaphore>,
    ledger: Option<Arc<Ledger>>,
}

/// People who are answered at a time: a visit takes moments, and those that wait must leave the queue of events its room.
const MOST_VISITS: usize = 1024;

/// Why nobody can sign in.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The file of sessions.
    #[error("[portal] store: `{}`: {why}", .file.display())]
    Store {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: PortalStoreError,
    },
    /// The pages.
    #[error("[portal] pages: {0}")]
    Pages(#[from] PagesFault),
    /// A file of theirs.
    #[error("{section} {key}: `{}`: {why}", .file.display())]
    File {
        /// The section, as the file has it.
        section: String,
        /// The key.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The system gives no random numbers.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

impl People {
    /// Takes up who was signed in before. `None` where nobody can.
    ///
    /// # Errors
    /// The file of sessions cannot be used.
    pub fn open(
        portal: &Portal,
        settings: Option<&PeopleSettings>,
        issuers: &Issuers,
        tokens: &Arc<Tokens>,
        fetcher: &Fetcher,
        connections: &Arc<Connections>,
        ledger: Option<&Arc<Ledger>>,
    ) -> Result<Option<Self>, PeopleError> {
        let Some(file) = &portal.store else {
            return Ok(None);
        };
        let failed = |why| PeopleError::Store {
            file: file.clone(),
            why,
        };
        let store = PortalStore::open(file).map_err(failed)?;
        let key = store.key().map_err(failed)?;
        let sealer = Sealer::new(&key)?;
        let people = Self {
            sealer,
            sessions: Sessions::default(),
            names: Names::default(),
            store: Arc::new(store),
            tokens: Arc::clone(tokens),
            endpoints: KnownEndpoints::new(fetcher.clone()),
            kept: Kept::default(),
            visits: Arc::new(Semaphore::new(MOST_VISITS)),
            connections: Arc::clone(connections),
            passcodes: Passcodes::new(&key, Limits::default()),
            mailing: Arc::new(Semaphore::new(MOST_MAILS)),
            readers: Arc::default(),
            reading: Arc::new(Semaphore::new(MOST_READ)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            sign_ups: Rates::default(),
            asking: Arc::new(Semaphore::new(MOST_ASKED)),
            ledger: ledger.cloned(),
        };
        let accepted = people.store.acceptances().map_err(failed)?;
        let kept = |session: KeptSession| people.take_up(&session, settings, issuers, &accepted);
        people.store.each_session(kept).map_err(failed)?;
        Ok(Some(people))
    }

    /// Lets somebody in who was in before the restart, if their issuer is still configured.
    fn take_up(
        &self,
        kept: &KeptSession,
        settings: Option<&PeopleSettings>,
        issuers: &Issuers,
        accepted: &Acceptances,
    ) {
        let provider = settings.and_then(|settings| settings.provider(&kept.provider));
        let verified = match provider.map(|provider| &provider.speaks_for) {
            Some(SpeaksFor::Asserted(voucher) | SpeaksFor::Guests(voucher)) => {
                voucher.read(&kept.id_token.0, issuers)
            }
            Some(SpeaksFor::Tenant(_)) | None => {
                restore_id_token(&kept.id_token.0, issuers, &kept.issuer)
            }
        };
        let Ok(verified) = verified else {
            return;
        };
        let person = Who::of(&verified, &self.names).key();
        let versions = person.and_then(|person| accepted.get(&person));
        let standing = Standing::new(versions.map_or(&[], Vec::as_slice));
        let grant = Grant {
            id: kept.id,
            host: self.names.shared(&kept.host),
            provider: self.names.shared(&kept.provider),
            begun: kept.begun,
            until: kept.until,
            asked: kept.asked.split_whitespace().map(str::to_owned).collect(),
            subject: SignedIn::new(
                &verified,
                issuers,
                &self.names,
                self.tokens.digest_of_session(&kept.id.to_bytes()),
                standing,
            ),
        };
        self.sessions
            .take_up(Arc::new(Session::new(grant, kept.seen)));
    }

    /// Who is signed in with the browser that sends these headers, at this host and time.
    #[must_use]
    pub fn session(
        &self,
        headers: &HeaderMap,
        host: &str,
        now: u64,
        in_force: &InForce,
    ) -> Option<Here> {
        let settings = in_force.routes.people.as_ref()?;
        self.session_by(settings, headers, host, now, in_force)
    }

    /// The same by settings of its own: at the console.
    #[must_use]
    pub fn session_by(
        &self,
        settings: &PeopleSettings,
        headers: &HeaderMap,
        host: &str,
        now: u64,
        in_force: &InForce,
    ) -> Option<Here> {
        let sealed = cookies::one(headers, cookies::SESSION)?;
        let id = SessionId::open(&self.sealer, sealed)?;
        let session = self.sessions.find(id, host, now, settings.idle)?;
        still_counts(session, settings, in_force)
    }

    /// Answers at a place of ours, by what was decided about who is signed in.
    pub async fn answer(&self, call: &Call<'_>, place: Place, decision: Decision) -> Reply {
        match place {
            Place::SignIn => self.sign_in(call).await,
            Place::Callback(provider) => self.callback(call, &provider).await,
            Place::Saml(provider) => {
                self.federated(call, FederationProtocol::Saml, &provider)
                    .await
            }
            Place::WsFed(provider) => {
                self.federated(call, FederationProtocol::WsFed, &provider)
                    .await
            }
            Place::Redeem => self.redeem(call, &decision).await,
            Place::Passcode => self.passcode(call).await,
            Place::WhoAmI => self.me(call, &decision).await,
            Place::Leave => self.leave(call, &decision).await,
            Place::Invite => self.invite(call, &decision).await,
            Place::SignUp => self.sign_up(call, &decision).await,
            Place::Terms => self.terms(call).await,
            Place::SignOut => self.sign_out(call).await,
            Place::SignedOut => self.signed_out(call),
            Place::FrontChannel(provider) => self.front_channel(call, &provider).await,
            Place::BackChannel(provider) => self.back_channel(call, &provider).await,
            Place::Resume(id) => self.resume(call, &id),
            Place::Nowhere => Reply::of(call.nowhere()),
        }
    }

    /// A place for somebody whose form is to be read; `None` where all are taken that they may have.
    #[must_use]
    pub fn reader(&self, client: Option<IpAddr>) -> Option<Reader> {
        self.readers.enter(client)
    }

    /// A place for somebody who is to be answered; `None` where all are taken.
    #[must_use]
    pub fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.visits).try_acquire_owned().ok()
    }

    /// Whether people can be invited, and accept.
    #[must_use]
    pub const fn takes_invitations(&self) -> bool {
        self.ledger.is_some()
    }

    /// How many are signed in.
    #[must_use]
    pub fn signed_in(&self) -> usize {
        self.sessions.len()
    }
}

/// The terms of use that are accepted by what is in force, and the token, where a session counts by that: for requests that come, and
/// for those that are under way.
#[must_use]
pub fn still_counts(
    session: Arc<PersonSession>,
    settings: &PeopleSettings,
    in_force: &InForce,
) -> Option<Here> {
    let signed_in = &session.subject;
    let token = signed_in.token()?;
    let home = token.subject.home;
    let believed = signed_in.standing.by(settings, || {
        settings.still_believes(&session.provider, &token, &in_force.issuers)
    });
    let may_come =
        home != Home::MicrosoftAccount || takes_microsoft_accounts(&in_force.snapshot.redemption);
    let is_still = || {
        let provider = settings.provider(&session.provider);
        provider.is_some_and(|provider| match &provider.speaks_for {
            SpeaksFor::Guests(voucher) => {
                guests::is_still(settings, &in_force.snapshot, provider, voucher, &token)
            }
            SpeaksFor::Tenant(_) | SpeaksFor::Asserted(_) => true,
        })
    };
    let is_somebody = home != Home::NoTenant
        || signed_in
            .standing
            .is_somebody(in_force.generation, is_still);
    if !(believed && may_come && is_somebody) {
        return None;
    }
    let accepted = signed_in.standing.accepted(settings);
    Some(Here {
        session,
        token,
        accepted,
    })
}

/// The pages that everybody is shown, with an operator's files in place of ours.
///
/// # Errors
/// A file cannot be read or used.
pub fn pages(settings: &Settings) -> Result<Pages, PeopleError> {
    let portal = &settings.portal;
    let brand = Brand {
        name: settings.tenant.name.clone(),
        colour: match &portal.colour {
            Some(colour) => Some(
                colour
                    .parse::<Colour>()
                    .map_err(|why| fault("colour", Path::new(colour), &why))?,
            ),
            None => None,
        },
        logo: match &portal.logo {
            Some(file) => Some(logo(file, PORTAL.to_owned())?),
            None => None,
        },
    };
    let mut logos = Vec::new();
    for partner in &settings.partners {
        if let Some(file) = &partner.logo {
            let name = &partner.name;
            logos.push((partner.tenant, logo(file, format!("[[partner]] `{name}`"))?));
        }
    }
    let mut files = Vec::new();
    if let Some(folder) = &portal.pages {
        let entries = std::fs::read_dir(folder).map_err(|why| fault("pages", folder, &why))?;
        for entry in entries {
            let path = entry.map_err(|why| fault("pages", folder, &why))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            // What editors leave behind is no page.
            let Some(name) = name.filter(|name| !name.starts_with('.') && !name.ends_with('~'))
            else {
                continue;
            };
            let text = std::fs::read_to_string(&path).map_err(|why| fault("pages", &path, &why))?;
            files.push((name.to_owned(), text));
        }
    }
    let pages = Pages::new(brand, files)?.with_partner_logos(logos);
    for advisory in pages.advisories() {
        tracing::warn!("[portal] pages: {advisory}");
    }
    Ok(pages)
}

/// The picture in a file that a section names.
fn logo(file: &Path, section: String) -> Result<Logo, PeopleError> {
    let bytes = std::fs::read(file).map_err(|why| why.to_string());
    let logo = bytes.and_then(|bytes| Logo::new(bytes).map_err(|why| why.to_string()));
    logo.map_err(|why| PeopleError::File {
        section,
        key: "logo",
        file: file.to_owned(),
        why,
    })
}

/// What of `[portal]` names a file that is no good.
fn fault(key: &'static str, file: &Path, why: &impl ToString) -> PeopleError {
    PeopleError::File {
        section: PORTAL.to_owned(),
        key,
        file: file.to_owned(),
        why: why.to_string(),
    }
}

const PORTAL: &str = "[portal]";
