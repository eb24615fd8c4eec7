//! The console at the admin listener: who is signed in there, and what they may be shown. The pages are the console's own.

mod fresh;
mod record;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_console::{Console, Reply, Visit};
use crossgate_control::administrator::{Administrator, Credential};
use crossgate_control::api::Api;
use crossgate_control::api::call::{Answer as ApiAnswer, Call as ApiCall};
use crossgate_policy::decision::{Outcome, Reason, Refusal, Requirement, Step};
use crossgate_portal::pages::{Action, Does, Page, Why};
use crossgate_token::TokenFault;
use http::header::{ACCEPT_LANGUAGE, HOST};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;
use uuid::Uuid;

use super::callers::administrator;
use crate::live::Live;
use crate::people::place::{self, Place};
use crate::people::{self, Begin, Here, People, Told};
use crate::request::admit::admit_at_console;
use crate::request::respond::{self, Answer, Shown};
use crate::request::subject::refusal;
use crate::sign_ins::{Full, Slot};
use fresh::Counts;
use record::Answered;
pub(super) use record::Record;
pub use settings::ConsoleSettings;

/// The console's door.
pub(super) struct Door {
    live: Arc<Live>,
    people: Arc<People>,
    api: Arc<Api>,
    console: Arc<Console>,
    record: Record,
}

/// What a browser came for.
enum Wanted {
    /// A page or an endpoint of a sign-in.
    Place(Place),
    /// A page of the console.
    Page,
}

/// What a page is answered with.
enum Paged {
    /// The console's own.
    Ours(Response<Vec<u8>>),
    /// Who asks does not come to it.
    Kept(people::Reply),
}

/// The API, for who is signed in.
struct Signed {
    api: Arc<Api>,
    who: Administrator,
    origin: String,
    address: Option<std::net::IpAddr>,
    agent: Option<HeaderValue>,
}

impl crossgate_console::Api for Signed {
    fn answer(&self, mut call: ApiCall) -> ApiAnswer {
        call.origin.clone_from(&self.origin);
        call.address = self.address;
        if let Some(agent) = &self.agent {
            call.headers.insert(header::USER_AGENT, agent.clone());
        }
        self.api.answer(&call, &Ok(self.who.clone()))
    }
}

impl Door {
    pub(super) fn new(live: Arc<Live>, people: Arc<People>, api: Arc<Api>, record: Record) -> Self {
        Self {
            live,
            people,
            api,
            console: Arc::new(Console::new()),
            record,
        }
    }

    /// The settings of the console, where a request is for it.
    pub(super) fn is_for(&self, head: &RequestHeader) -> Option<Arc<ConsoleSettings>> {
        let in_force = self.live.in_force();
        let settings = in_force.routes.console.as_ref()?;
        let path = head.uri.path();
        let ours = path == "/" || place::place(path).is_some() || Console::has(path);
        let authority = head.uri.authority().map(|authority| authority.as_str());
        let authority = authority.or_else(|| head.headers.get(HOST)?.to_str().ok())?;
        let same = authority.eq_ignore_ascii_case(&settings.origin.authority);
        (ours && same).then(|| Arc::clone(settings))
    }

    /// Answers a browser.
    pub(super) async fn answer(
        &self,
        session: &mut ServerSession,
        settings: &ConsoleSettings,
    ) -> Response<Vec<u8>> {
        let begun = Instant::now();
        let head = session.req_header().clone();
        let path = head.uri.path().to_owned();
        if let Some(asset) = self.console.asset(&path) {
            return of_console(&self.console, asset);
        }
        let address = session
            .client_addr()
            .and_then(|peer| peer.as_inet())
            .map(std::net::SocketAddr::ip);
        let wanted = match place::place(&path) {
            Some(place) => Wanted::Place(served(place)),
            None => Wanted::Page,
        };
        if !matches!(head.method, Method::GET | Method::HEAD | Method::POST) {
            return plain(StatusCode::METHOD_NOT_ALLOWED);
        }
        let Some(_reader) = self.people.reader(address) else {
            return busy();
        };
        let in_force = self.live.take();
        let at = Timestamp::now();
        let now = u64::try_from(at.as_second()).unwrap_or_default();
        let here = self.people.session_by(
            &settings.people,
            &head.headers,
            &settings.place,
            now,
            &in_force,
        );
        let form = if head.method == Method::POST && people::is_form(&head.headers) {
            let most = here
                .as_ref()
                .map_or(people::MOST_FORM, |_| people::MOST_CONSOLE_FORM);
            match form(session, most).await {
                Some(form) => form,
                None => return plain(StatusCode::PAYLOAD_TOO_LARGE),
            }
        } else {
            Vec::new()
        };
        // Who sends slowly waits without one.
        let Some(_room) = self.people.room() else {
            return busy();
        };
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let call = people::Call {
            in_force: &in_force,
            live: &self.live,
            settings: &settings.people,
            client_ip: address,
            pages: &in_force.pages,
            app: &settings.app,
            method: head.method.clone(),
            target: target.to_owned(),
            headers: &head.headers,
            form: people::fields(&form),
            host: &settings.place,
            origin: settings.origin.text.clone(),
            at,
            correlation_id: Uuid::new_v4().to_string(),
            session: here.as_ref().map(|here| Arc::clone(&here.session)),
            of_console: true,
        };
        let here = here.as_ref();
        let (slot, provider, reply) = match wanted {
            Wanted::Place(place) => {
                let Ok(slot) = self.room_for(&place) else {
                    return busy();
                };
                let decision = decided(&call, settings, here);
                let provider = place.provider(&settings.people);
                let reply = self.people.answer(&call, place, decision).await;
                (slot, provider, reply)
            }
            Wanted::Page if path == "/" => return sent(respond::go(Console::FIRST)),
            Wanted::Page => match self.page(&call, settings, here, &form).await {
                Paged::Ours(response) => return response,
                Paged::Kept(reply) => (self.record.reserve_or_drop(), None, reply),
            },
        };
        let people::Reply { answer, told } = reply;
        let answered = Answered {
            call: &call,
            settings,
            here,
            provider,
            begun,
            answer: &answer,
        };
        self.record.of(slot, &answered, told);
        sent(answer)
    }

    /// Room for the event of a place.
    fn room_for(&self, place: &Place) -> Result<Slot, Full> {
        if lets_in(place) {
            self.record.reserve()
        } else {
            Ok(self.record.reserve_or_drop())
        }
    }

    /// A page of the console, for whom the policy lets in.
    async fn page(
        &self,
        call: &people::Call<'_>,
        settings: &ConsoleSettings,
        here: Option<&Here>,
        form: &[u8],
    ) -> Paged {
        let with_form = call.method == Method::POST;
        // What no page of ours had a browser send is not kept, to be sent once more in somebody's name.
        let is_own = match here {
            _ if !with_form => true,
            Some(here) => {
                self.people
                    .is_of_console(&here.session, call.headers, &call.origin, &call.form)
            }
            None => self.people.was_of_console(&call.form),
        };
        let begin = |refusal| Begin {
            refusal,
            with_form,
            form_lost: !is_own || people::has_too_many(form),
        };
        let waits = people::is_navigation(call.headers);
        let decision = decided(call, settings, here);
        // A script asks what would become of a form, and can only have the page say that it takes a sign-in.
        let checks = Console::checks(&call.method, &call.target);
        let Some(here) = here else {
            return match decision.outcome {
                Err(refusal) if waits => Paged::Kept(self.people.begin(call, begin(refusal)).await),
                Ok(()) | Err(_) => Paged::Ours(plain(StatusCode::UNAUTHORIZED)),
            };
        };
        if here.token.subject.issuer.0 != call.in_force.snapshot.own.id {
            return Paged::Kept(people::Reply {
                answer: denied(call, None),
                told: Told::Refused(refusal(TokenFault::UnknownIssuer)),
            });
        }
        if let Err(refusal) = &decision.outcome {
            return match refusal.reason.outcome() {
                Outcome::Unauthenticated | Outcome::StepUp if waits => {
                    let refusal = refusal.clone();
                    Paged::Kept(self.people.begin(call, begin(refusal)).await)
                }
                Outcome::Unauthenticated | Outcome::StepUp if checks => {
                    Paged::Ours(plain(StatusCode::UNAUTHORIZED))
                }
                Outcome::Unauthenticated
                | Outcome::StepUp
                | Outcome::Allow
                | Outcome::Block
                | Outcome::Redeem
                | Outcome::Consent
                | Outcome::BadRequest
                | Outcome::NotFound => Paged::Kept(people::Reply {
                    answer: denied(call, Some(refusal)),
                    told: Told::Decided(decision),
                }),
            };
        }
        let subject = &here.token.subject;
        let by_groups = self.api.gives_by_groups(subject);
        let subject = match fresh::counts(subject, by_groups, here.session.begun, call.now()) {
            Counts::Whole => Arc::clone(subject),
            Counts::Renewed(_) if waits => {
                return Paged::Kept(self.people.begin(call, begin(fresh::renewal())).await);
            }
            Counts::Renewed(_) if checks => return Paged::Ours(plain(StatusCode::UNAUTHORIZED)),
            Counts::Without(aged) | Counts::Renewed(aged) => aged,
        };
        let Some(csrf) = self.people.console_token(&here.session) else {
            return Paged::Ours(busy());
        };
        let languages = call.headers.get(ACCEPT_LANGUAGE);
        let languages = languages.and_then(|value| value.to_str().ok());
        let signed = Signed {
            api: Arc::clone(&self.api),
            who: Administrator {
                credential: Credential::Console(subject),
                terms_accepted: here.accepted.clone().unwrap_or_default(),
                ..administrator(&here.token, Credential::Console)
            },
            origin: call.origin.clone(),
            address: call.client_ip,
            agent: call.headers.get(header::USER_AGENT).cloned(),
        };
        let visit = Visit {
            method: call.method.clone(),
            target: call.target.clone(),
            form: call.form.clone(),
            is_own,
            language: Console::language(languages),
            csrf,
            organisation: call.settings.organisation.to_string(),
            own: call.in_force.snapshot.own.id.to_string(),
            now: call.at,
        };
        // The API waits for the disk, and sums are read: nobody else should.
        let console = Arc::clone(&self.console);
        let answered = tokio::task::spawn_blocking(move || console.answer(&visit, &signed)).await;
        match answered {
            Ok(Reply::MoreNeeded) if waits => {
                let Some(context) = &settings.protected_actions_context else {
                    return Paged::Ours(plain(StatusCode::INTERNAL_SERVER_ERROR));
                };
                let refusal = Refusal {
                    step: Some(Step::ConditionalAccess),
                    reason: Reason::MfaRequired,
                    requirements: vec![Requirement::AuthContext(context.clone())],
                };
                Paged::Kept(self.people.begin(call, begin(refusal)).await)
            }
            Ok(reply) => Paged::Ours(of_console(&self.console, reply)),
            Err(_panicked) => Paged::Ours(plain(StatusCode::INTERNAL_SERVER_ERROR)),
        }
    }
}

/// What policy says of who is signed in, or of nobody: the admin API is an app to it.
fn decided(
    call: &people::Call<'_>,
    settings: &ConsoleSettings,
    here: Option<&Here>,
) -> crossgate_policy::Decision {
    let accepted = here.and_then(|here| here.accepted.as_deref());
    let who = here.map(|here| &*here.token);
    let target = &settings.app.called.target;
    admit_at_console(call, target, who, accepted.unwrap_or_default())
}

/// Places of a sign-in. Guests have no business here, so none of theirs is served.
fn served(place: Place) -> Place {
    match place {
        Place::SignIn
        | Place::Callback(_)
        | Place::Terms
        | Place::SignOut
        | Place::SignedOut
        | Place::FrontChannel(_)
        | Place::BackChannel(_)
        | Place::Resume(_) => place,
        Place::Saml(_)
        | Place::WsFed(_)
        | Place::Passcode
        | Place::Redeem
        | Place::WhoAmI
        | Place::Leave
        | Place::Invite
        | Place::SignUp
        | Place::Nowhere => Place::Nowhere,
    }
}

/// Whether somebody may be let in at a place, which is not done without room for its event. What ends a session does not wait for any: a
/// provider tells of an end once.
const fn lets_in(place: &Place) -> bool {
    match place {
        Place::SignIn
        | Place::Callback(_)
        | Place::Saml(_)
        | Place::WsFed(_)
        | Place::Passcode
        | Place::Redeem
        | Place::Invite
        | Place::SignUp
        | Place::Terms
        | Place::Resume(_) => true,
        Place::WhoAmI
        | Place::Leave
        | Place::SignOut
        | Place::SignedOut
        | Place::FrontChannel(_)
        | Place::BackChannel(_)
        | Place::Nowhere => false,
    }
}

fn denied(call: &people::Call<'_>, refusal: Option<&Refusal>) -> Answer {
    let code = refusal.map(|refusal| format!("AADSTS{}", refusal.reason.code()));
    let page = Page::Refused {
        why: refusal.map_or(Why::Blocked, respond::why),
        code: code.as_deref(),
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
        who: None,
        actions: &[Action {
            does: Does::UseAnotherAccount,
            href: place::SIGN_OUT,
        }],
    };
    respond::page(Shown::Forbidden, &call.render(&page))
}

/// The form, whole; `None` where it is too large or does not arrive.
async fn form(session: &mut ServerSession, most: usize) -> Option<Vec<u8>> {
    let read = async {
        let mut form = Vec::new();
        while let Ok(Some(part)) = session.read_request_body().await {
            if form.len() + part.len() > most {
                return None;
            }
            form.extend_from_slice(&part);
        }
        Some(form)
    };
    tokio::time::timeout(PATIENCE, read).await.ok().flatten()
}

fn of_console(console: &Console, reply: Reply) -> Response<Vec<u8>> {
    let answer = console.http(reply);
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

fn sent(answer: Answer) -> Response<Vec<u8>> {
    let mut response = Response::new(answer.body.to_vec());
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers: HeaderMap =
        answer
            .headers
            .into_iter()
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            });
    *response.headers_mut() = headers;
    response
}

/// All places are taken, which is over in a moment.
fn busy() -> Response<Vec<u8>> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    *response.body_mut() = b"Too many ask at once. Please try again in a moment.\n".to_vec();
    response
}

fn plain(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What people send is sent at once.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_all_places_are_taken_is_told_when_to_come_again() {
        let answer = busy();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
        assert!(!answer.body().is_empty());
    }
}
