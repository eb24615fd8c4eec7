//! Where a person signs in, and sending them there.

use crossgate_policy::decision::{Outcome, Reason, Refusal};
use crossgate_portal::cookies;
use crossgate_portal::pages::{Action, Choice, ChooseProblem, Does, FailedWhy, Page, Why, field};
use crossgate_portal::passcode::network;
use crossgate_portal::return_path::ReturnPath;
use http::Method;

use super::call::{Call, Reply, Told};
use super::forms::{self, Browser, one};
use super::kept::Form;
use super::provider::{Class, Provider};
use super::send::{Sent, onward};
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
        if begin.refusal.reason.outcome() == Outcome::Redeem {
            // The invitation says where to go on, so a form would not come back.
            return Reply::of(if begin.with_form {
                not_kept(call)
            } else {
                respond::go_to_sign_in(place::REDEEM)
            });
        }
        if begin.refusal.reason.outcome() == Outcome::Block {
            // Who can sign up for the app, which a form would not outlast.
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("return", ReturnPath::read(&call.target).as_str())
                .finish();
            return Reply::of(if begin.with_form {
                not_kept(call)
            } else {
                respond::go_to_sign_in(&format!("{}?{query}", place::SIGN_UP))
            });
        }
        let (back, cookie) = if begin.with_form {
            match self.keep(call, begin.form_lost) {
                Ok((kept, cookie)) => (Back::Form(kept), cookie),
                Err(answer) => return Reply::of(answer),
            }
        } else {
            (Back::Page(ReturnPath::read(&call.target)), None)
        };
        let asked = asked_for(&begin.refusal);
        let cannot = call
            .session
            .as_ref()
            .filter(|_| begin.refusal.reason != Reason::TermsOfUseRequired)
            .filter(|session| {
                was_asked(session, &asked, call.now())
                    || begin.refusal.reason.outcome() == Outcome::StepUp
                        && step_up::nobody_can(
                            call.settings,
                            &call.in_force.snapshot,
                            &session.subject,
                        )
            });
        let mut reply = match cannot {
            Some(session) => Reply::of(not_given(call, session, &begin.refusal, &back.path())),
            None => self.lead_on(call, &begin.refusal, asked, back).await,
        };
        if let Some(cookie) = cookie {
            reply.answer.set_cookie(&cookie);
        }
        reply
    }

    async fn lead_on(
        &self,
        call: &Call<'_>,
        refusal: &Refusal,
        asked: Vec<String>,
        back: Back,
    ) -> Reply {
        if call.session.is_some() && refusal.reason == Reason::TermsOfUseRequired {
            return Reply::of(Self::to_terms(call, &back.path()));
        }
        let (settings, order) = (call.settings, &call.in_force.snapshot.redemption);
        let provider = match &call.session {
            Some(session) if refusal.reason.outcome() == Outcome::StepUp => {
                step_up::provider(settings, call.in_force, &session.subject, &session.provider)
            }
            Some(_) | None => None,
        };
        let remembered = || settings.provider_by(remembered(call)?, order);
        let provider = provider.or_else(|| settings.only()).or_else(remembered);
        let Some(provider) = provider else {
            return Reply::of(self.choose(call, &back.path(), None, None));
        };
        let (return_to, kept) = match back {
            Back::Page(path) => (path, None),
            Back::Form(kept) => (ReturnPath::read("/"), Some(kept)),
        };
        let sent = Sent {
            return_to,
            asked,
            kept,
            wanted: step_up::wanted(refusal),
        };
        let Reply { answer, told } = self.send(call, provider, sent).await;
        // A form of the console is ours, with a policy that an app's has not.
        let leads_on = call.of_console && call.method == Method::POST;
        let answer = if leads_on {
            onward(call, provider, answer)
        } else {
            answer
        };
        Reply { answer, told }
    }

    /// `/.crossgate/sign-in`: a choice, or on to the one that is chosen.
    pub(super) async fn sign_in(&self, call: &Call<'_>) -> Reply {
        if call.method == Method::POST {
            return self.by_address(call).await;
        }
        let query = call.query();
        let order = &call.in_force.snapshot.redemption;
        let return_to = one(&query, "return").unwrap_or("/");
        match one(&query, "provider").map(|name| call.settings.provider_by(name, order)) {
            Some(Some(provider)) => {
                let sent = Sent::to(return_to);
                self.send(call, provider, sent).await
            }
            Some(None) | None => match call.settings.only() {
                Some(provider) => self.send(call, provider, Sent::to(return_to)).await,
                None => Reply::of(self.choose(call, return_to, None, None)),
            },
        }
    }

    /// A person told their mail address.
    async fn by_address(&self, call: &Call<'_>) -> Reply {
        let address = one(&call.form, field::EMAIL).unwrap_or_default().trim();
        let return_to = one(&call.form, field::RETURN_TO).unwrap_or("/");
        let again = |problem| self.choose(call, return_to, Some(address), Some(problem));
        if !self.is_ours(call) {
            return Reply::to_another_site(again(ChooseProblem::TookTooLong));
        }
        if !is_address(address) {
            return Reply::of(again(ChooseProblem::EmailMalformed));
        }
        let order = &call.in_force.snapshot.redemption;
        let Some(provider) = call.settings.of_address(address, order) else {
            return Reply::of(again(ChooseProblem::OrganisationNotKnown));
        };
        let mut sent = Sent::to(return_to);
        sent.wanted.login_hint = Some(address.to_owned());
        if provider.class() == Class::Passcode {
            return self.mail_code(call, provider, address, sent);
        }
        let Reply { answer, told } = self.send(call, provider, sent).await;
        Reply {
            answer: onward(call, provider, answer),
            told,
        }
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

    pub(super) fn choose(
        &self,
        call: &Call<'_>,
        return_to: &str,
        email: Option<&str>,
        problem: Option<ChooseProblem>,
    ) -> Answer {
        let return_to = own_or_safe(return_to);
        let href = |provider: &Provider| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("provider", &provider.name);
            query.append_pair("return", &return_to);
            format!("{}?{}", place::SIGN_IN, query.finish())
        };
        let order = &call.in_force.snapshot.redemption;
        // An address that the page begins with says where: an invitation's, whoever used this browser before.
        let remembered = remembered(call).filter(|_| email.is_none() || problem.is_some());
        let providers: Vec<&Provider> = call.settings.choices(order).collect();
        let hrefs: Vec<String> = providers.iter().copied().map(href).collect();
        let mut choices: Vec<Choice<'_>> = providers
            .iter()
            .zip(&hrefs)
            .map(|(provider, href)| Choice {
                label: &provider.label,
                href,
            })
            .collect();
        let before = providers
            .iter()
            .position(|provider| remembered.is_some_and(|name| name == provider.name))
            .map(|place| choices.remove(place));
        self.with_form_token(call, |csrf| {
            let page = Page::Choose {
                app: &call.app.called.name,
                return_to: &return_to,
                action: place::SIGN_IN,
                csrf,
                providers: &choices,
                remembered: before,
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

    /// The id under which a form is kept, and the cookie that the browser gets for it.
    fn keep(&self, call: &Call<'_>, lost: bool) -> Result<(String, Option<String>), Answer> {
        // What another site had the browser send is not sent once more in the person's name.
        if lost || !forms::is_same_origin(call.headers, &call.origin) {
            return Err(not_kept(call));
        }
        let Ok(browser) = Browser::of(call.headers) else {
            return Err(not_kept(call));
        };
        let person = if call.of_console {
            // What nobody's page had sent is not kept at all.
            let sender = self.sender_at_console(&call.form);
            Some(sender.ok_or_else(|| not_kept(call))?)
        } else {
            None
        };
        let form = Form {
            host: call.host.into(),
            browser: browser.id().to_owned(),
            network: call.client_ip.map(network),
            person,
            path: call.target.clone(),
            fields: call.form.clone(),
        };
        match self.kept.keep(form, call.now()) {
            Ok(Some(id)) => Ok((id, browser.is_new.then(|| browser.cookie()))),
            Ok(None) | Err(_) => Err(not_kept(call)),
        }
    }
}

/// Where a sign-in leads back to.
enum Back {
    /// The page that was asked for.
    Page(ReturnPath),
    /// The page that asks whether to send the form that is kept under this id.
    Form(String),
}

impl Back {
    fn path(&self) -> String {
        match self {
            Self::Page(path) => path.as_str().to_owned(),
            Self::Form(kept) => place::resume(kept),
        }
    }
}

/// What was filled in is not to be had again.
fn not_kept(call: &Call<'_>) -> Answer {
    let page = Page::NotKept { path: &call.target };
    respond::page(Shown::SignedOut, &call.render(&page))
}

/// What was asked for was not given: asking again would go round in circles.
fn not_given(
    call: &Call<'_>,
    session: &PersonSession,
    refusal: &Refusal,
    return_to: &str,
) -> Answer {
    let code = format!("AADSTS{}", refusal.reason.code());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("provider", &session.provider);
    query.append_pair("return", return_to);
    let again = format!("{}?{}", place::SIGN_IN, query.finish());
    let actions = [
        Action {
            does: Does::TryAgain,
            href: &again,
        },
        Action {
            does: Does::SeeWhoIAm,
            href: place::ME,
        },
    ];
    // The console has no such page.
    let most = if call.of_console { 1 } else { actions.len() };
    let page = Page::Refused {
        why: Why::MoreNeededNotGiven,
        code: Some(&code),
        correlation_id: &call.correlation_id,
        at: &call.at.to_string(),
        who: None,
        actions: actions.get(..most).unwrap_or_default(),
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
        FailedWhy::InvitationGone => Shown::NotThere,
        FailedWhy::InvitationOfAnother => Shown::Forbidden,
    };
    respond::page(shown, &call.render(&page))
}

/// The same, where nothing is wrong with the sign-in.
pub(super) fn unable(call: &Call<'_>, provider: Option<&Provider>, reason: &'static str) -> Reply {
    let provider = provider.map(|provider| provider.name.as_str().into());
    Reply {
        answer: failed(call, FailedWhy::Unreachable),
        told: Told::NotReady { reason, provider },
    }
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

/// Where this browser's person signed in the last time.
fn remembered<'h>(call: &'h Call<'_>) -> Option<&'h str> {
    cookies::one(call.headers, cookies::REALM)
}

fn is_address(text: &str) -> bool {
    let domain = text.rsplit_once('@');
    text.len() <= 254
        && !text
            .chars()
            .any(|letter| letter.is_control() || letter == ' ')
        && domain.is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

/// Seconds within which the same demand means that the provider cannot meet it.
const MOMENT: u64 = 5 * 60;
