//! Where a person signs in, and sending them there.

use crossgate_policy::decision::{Outcome, Reason, Refusal};
use crossgate_portal::attempt::{self, Attempt};
use crossgate_portal::cookies;
use crossgate_portal::oidc::{self, Registration, Wanted};
use crossgate_portal::pages::{Action, Choice, ChooseProblem, Does, FailedWhy, Page, Why, field};
use crossgate_portal::return_path::ReturnPath;
use http::Method;

use super::call::{Call, Reply};
use super::forms::{self, Browser, one};
use super::kept::Form;
use super::settings::Provider;
use super::{People, PersonSession, asked_for, place, step_up};
use crate::request::respond::{self, Answer, Shown};

/// Why a person is sent to sign in.
#[derive(Clone, Debug)]
pub struct Begin {
    /// What was decided.
    pub refusal: Refusal,
    /// A form came with the request, which is not to be lost.
    pub with_form: bool,
    /// It could not be read whole.
    pub form_lost: bool,
}

impl People {
    /// A person came for a page of an app, and cannot have it without signing in, or without more of a sign-in.
    pub async fn begin(&self, call: &Call<'_>, begin: Begin) -> Reply {
        let asked = asked_for(&begin.refusal);
        if let Some(session) = &call.session
            && begin.refusal.reason != Reason::TermsOfUseRequired
            && was_asked(session, &asked, call.now())
        {
            return Reply::of(not_given(call, session, &begin.refusal));
        }
        let (return_to, kept, cookie) = if begin.with_form {
            match self.keep(call, begin.form_lost) {
                Ok((kept, cookie)) => (ReturnPath::read("/"), Some(kept), cookie),
                Err(answer) => return Reply::of(answer),
            }
        } else {
            (ReturnPath::read(&call.target), None, None)
        };
        let mut answer = self
            .lead_on(call, &begin.refusal, asked, return_to, kept)
            .await;
        if let Some(cookie) = cookie {
            answer.set_cookie(&cookie);
        }
        Reply::of(answer)
    }

    async fn lead_on(
        &self,
        call: &Call<'_>,
        refusal: &Refusal,
        asked: Vec<String>,
        return_to: ReturnPath,
        kept: Option<String>,
    ) -> Answer {
        // A form is found again by the page that is shown after the sign-in.
        let back = || {
            let resumed = kept.as_deref().map(place::resume);
            resumed.unwrap_or_else(|| return_to.as_str().to_owned())
        };
        if call.session.is_some() && refusal.reason == Reason::TermsOfUseRequired {
            return Self::to_terms(call, &back());
        }
        let settings = call.settings;
        let provider = match &call.session {
            Some(session) if refusal.reason.outcome() == Outcome::StepUp => step_up::provider(
                settings,
                &call.in_force.snapshot,
                &session.subject,
                &session.provider,
            ),
            Some(_) | None => None,
        };
        let remembered = || {
            let name = cookies::one(call.headers, cookies::REALM)?;
            settings.provider(name)
        };
        let provider = provider.or_else(|| settings.only()).or_else(remembered);
        let Some(provider) = provider else {
            return self.choose(call, &back(), None, None);
        };
        let sent = Sent {
            return_to,
            asked,
            kept,
            wanted: step_up::wanted(refusal),
        };
        self.send(call, provider, sent).await
    }

    /// `/.crossgate/sign-in`: a choice, or on to the one that is chosen.
    pub(super) async fn sign_in(&self, call: &Call<'_>) -> Reply {
        if call.method == Method::POST {
            return Reply::of(self.by_address(call).await);
        }
        let query = call.query();
        let return_to = one(&query, "return").unwrap_or("/");
        match one(&query, "provider").map(|name| call.settings.provider(name)) {
            Some(Some(provider)) => {
                let sent = Sent::to(return_to);
                Reply::of(self.send(call, provider, sent).await)
            }
            Some(None) | None => match call.settings.only() {
                Some(provider) => Reply::of(self.send(call, provider, Sent::to(return_to)).await),
                None => Reply::of(self.choose(call, return_to, None, None)),
            },
        }
    }

    /// A person told their mail address.
    async fn by_address(&self, call: &Call<'_>) -> Answer {
        let address = one(&call.form, field::EMAIL).unwrap_or_default().trim();
        let return_to = one(&call.form, field::RETURN_TO).unwrap_or("/");
        let problem = if !self.is_ours(call) {
            Some(ChooseProblem::TookTooLong)
        } else if !is_address(address) {
            Some(ChooseProblem::EmailMalformed)
        } else {
            None
        };
        if problem.is_some() {
            return self.choose(call, return_to, Some(address), problem);
        }
        let Some(provider) = call.settings.of_address(address) else {
            let problem = Some(ChooseProblem::OrganisationNotKnown);
            return self.choose(call, return_to, Some(address), problem);
        };
        let mut sent = Sent::to(return_to);
        sent.wanted.login_hint = Some(address.to_owned());
        let answer = self.send(call, provider, sent).await;
        onward(call, provider, answer)
    }

    /// Whether a page of ours had this browser send the form.
    pub(super) fn is_ours(&self, call: &Call<'_>) -> bool {
        let Ok(browser) = Browser::of(call.headers) else {
            return false;
        };
        let token = one(&call.form, field::CSRF);
        forms::is_same_origin(call.headers, &call.origin)
            && browser.was_shown(&self.sealer, call.host, token)
    }

    fn choose(
        &self,
        call: &Call<'_>,
        return_to: &str,
        email: Option<&str>,
        problem: Option<ChooseProblem>,
    ) -> Answer {
        let return_to = own_or_safe(return_to);
        let href = |provider: &Provider| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("provider", &provider.settings.name);
            query.append_pair("return", &return_to);
            format!("{}?{}", place::SIGN_IN, query.finish())
        };
        let providers = &call.settings.providers;
        let hrefs: Vec<String> = providers.iter().map(href).collect();
        let choices: Vec<Choice<'_>> = providers
            .iter()
            .zip(&hrefs)
            .map(|(provider, href)| Choice {
                label: &provider.settings.label,
                href,
            })
            .collect();
        self.with_form_token(call, |csrf| {
            let page = Page::Choose {
                app: &call.app.called.name,
                return_to: &return_to,
                action: place::SIGN_IN,
                csrf,
                providers: &choices,
                remembered: None,
                asks_email: true,
                email,
                problem,
            };
            let shown = if problem.is_some() {
                Shown::NoGood
            } else if call.method == Method::GET && call.target.starts_with(place::SIGN_IN) {
                Shown::Asked
            } else {
                Shown::SignedOut
            };
            respond::page(shown, &call.render(&page))
        })
    }

    /// A page with a form of ours on it.
    pub(super) fn with_form_token(
        &self,
        call: &Call<'_>,
        page: impl FnOnce(&str) -> Answer,
    ) -> Answer {
        let browser = Browser::of(call.headers);
        let token = browser
            .as_ref()
            .map_err(|error| *error)
            .and_then(|browser| browser.token(&self.sealer, call.host));
        match (browser, token) {
            (Ok(browser), Ok(token)) => {
                let mut answer = page(&token);
                if browser.is_new {
                    answer.set_cookie(&browser.cookie());
                }
                answer
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => failed(call, FailedWhy::Unreachable),
        }
    }

    /// Sends the browser to a provider.
    pub(super) async fn send(&self, call: &Call<'_>, provider: &Provider, sent: Sent) -> Answer {
        let endpoints = match self.endpoints.of(provider).await {
            Ok(endpoints) => endpoints,
            Err(fault) => {
                tracing::warn!(
                    provider = provider.settings.name,
                    "nobody can sign in: {fault}"
                );
                return failed(call, FailedWhy::Unreachable);
            }
        };
        let attempt = Attempt::begin(attempt::Begin {
            provider: provider.settings.name.clone(),
            host: call.host.to_owned(),
            return_to: sent.return_to,
            now: call.now(),
            asked: sent.asked,
            again: sent.wanted.again,
            kept: sent.kept,
        });
        let sealed = attempt.and_then(|attempt| Ok((attempt.seal(&self.sealer)?, attempt)));
        let Ok((sealed, attempt)) = sealed else {
            return failed(call, FailedWhy::Unreachable);
        };
        let redirect_uri = call.redirect_uri(&provider.settings.name);
        let registration = Registration {
            client_id: &provider.settings.client_id,
            client_secret: None,
            redirect_uri: &redirect_uri,
            scopes: &provider.settings.scopes,
        };
        let url = oidc::authorization_url(&endpoints, &registration, &attempt, &sent.wanted);
        let (Ok(url), Some(cookie)) = (url, Attempt::cookie(&attempt.state)) else {
            return failed(call, FailedWhy::Unreachable);
        };
        let mut answer = if call.method == Method::POST {
            respond::go(url.as_str())
        } else {
            respond::go_to_sign_in(url.as_str())
        };
        answer.set_cookie(&cookies::set(&cookie, &sealed, Some(attempt::LONGEST)));
        for old in oldest_attempts(call, &self.sealer) {
            answer.set_cookie(&cookies::clear(&old));
        }
        answer
    }

    /// The id under which a form is kept, and the cookie that the browser gets for it.
    fn keep(&self, call: &Call<'_>, lost: bool) -> Result<(String, Option<String>), Answer> {
        let not_kept = || {
            let page = Page::NotKept { path: &call.target };
            respond::page(Shown::SignedOut, &call.render(&page))
        };
        // What another site had the browser send is not sent once more in the person's name.
        if lost || !forms::is_same_origin(call.headers, &call.origin) {
            return Err(not_kept());
        }
        let Ok(browser) = Browser::of(call.headers) else {
            return Err(not_kept());
        };
        let form = Form {
            host: call.host.into(),
            browser: browser.id().to_owned(),
            path: call.target.clone(),
            fields: call.form.clone(),
        };
        match self.kept.keep(form, call.now()) {
            Ok(Some(id)) => Ok((id, browser.is_new.then(|| browser.cookie()))),
            Ok(None) | Err(_) => Err(not_kept()),
        }
    }
}

/// What a browser is sent with.
pub(super) struct Sent {
    return_to: ReturnPath,
    asked: Vec<String>,
    kept: Option<String>,
    wanted: Wanted,
}

impl Sent {
    fn to(return_to: &str) -> Self {
        // A form that was kept is returned to by its id.
        let kept = match place::place(return_to) {
            Some(place::Place::Resume(id)) => Some(id),
            Some(_) | None => None,
        };
        Self {
            return_to: ReturnPath::read(return_to),
            asked: Vec::new(),
            kept,
            wanted: Wanted::default(),
        }
    }
}

/// What was asked for was not given: asking again would go round in circles.
fn not_given(call: &Call<'_>, session: &PersonSession, refusal: &Refusal) -> Answer {
    let code = format!("AADSTS{}", refusal.reason.code());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("provider", &session.provider);
    query.append_pair("return", ReturnPath::read(&call.target).as_str());
    let again = format!("{}?{}", place::SIGN_IN, query.finish());
    let page = Page::Refused {
        why: Why::MoreNeededNotGiven,
        code: Some(&code),
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
        who: None,
        actions: &[
            Action {
                does: Does::TryAgain,
                href: &again,
            },
            Action {
                does: Does::SeeWhoIAm,
                href: place::ME,
            },
        ],
    };
    respond::page(Shown::SignedOut, &call.render(&page))
}

/// A page that says that it came to nothing.
pub(super) fn failed(call: &Call<'_>, why: FailedWhy) -> Answer {
    let page = Page::SignInFailed {
        why,
        retry_href: "/",
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
    };
    let shown = match why {
        FailedWhy::Unreachable | FailedWhy::ProviderError => Shown::Unreachable,
        FailedWhy::Expired | FailedWhy::Denied | FailedWhy::Tampered | FailedWhy::NotAccepted => {
            Shown::NoGood
        }
    };
    respond::page(shown, &call.render(&page))
}

/// Browsers hold a form's policy against a redirect that answers it, so the next page leads on.
pub(super) fn onward(call: &Call<'_>, provider: &Provider, answer: Answer) -> Answer {
    let location = answer
        .headers
        .iter()
        .find(|(name, _)| *name == http::header::LOCATION);
    let Some(href) = location.and_then(|(_, value)| value.to_str().ok()) else {
        return answer;
    };
    let page = Page::Onward {
        name: &provider.settings.label,
        href,
    };
    let mut page = respond::page(Shown::Asked, &call.render(&page));
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| *name == http::header::SET_COOKIE);
    for (_, cookie) in cookies {
        page.set_cookie(cookie.to_str().unwrap_or_default());
    }
    page
}

/// Whether this very thing was asked for a moment ago, by the sign-in that came back.
fn was_asked(session: &PersonSession, asked: &[String], now: u64) -> bool {
    !session.asked.is_empty()
        && now < session.begun.saturating_add(MOMENT)
        && asked.iter().all(|one| session.asked.contains(one))
}

pub(super) fn own_or_safe(return_to: &str) -> String {
    match Sent::to(return_to).kept {
        Some(kept) => place::resume(&kept),
        None => ReturnPath::read(return_to).as_str().to_owned(),
    }
}

fn is_address(text: &str) -> bool {
    let domain = text.rsplit_once('@');
    text.len() <= 254
        && !text
            .chars()
            .any(|letter| letter.is_control() || letter == ' ')
        && domain.is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

/// Sign-ins of other tabs are left alone while there are few: a browser sends all of them with every request.
fn oldest_attempts(call: &Call<'_>, sealer: &crossgate_portal::seal::Sealer) -> Vec<String> {
    let mut attempts: Vec<(u64, String)> = cookies::all(call.headers)
        .filter(|(name, _)| name.starts_with(cookies::ATTEMPT))
        .map(|(name, sealed)| {
            let attempt = Attempt::open(sealer, sealed, call.now());
            (attempt.map_or(0, |attempt| attempt.begun), name.to_owned())
        })
        .collect();
    attempts.sort();
    let surplus = attempts.len().saturating_sub(MOST_ATTEMPTS - 1);
    attempts.truncate(surplus);
    attempts
        .into_iter()
        .map(|(_, name)| name)
        .filter(|name| {
            let state = name.strip_prefix(cookies::ATTEMPT).unwrap_or_default();
            Attempt::cookie(state).is_some()
        })
        .collect()
}

/// Tabs that sign in at once.
const MOST_ATTEMPTS: usize = 5;

/// Seconds within which the same demand means that the provider cannot meet it.
const MOMENT: u64 = 5 * 60;
