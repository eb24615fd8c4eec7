//! Who is signed in, what counts of it here, and whether it is enough.

use crossgate_graph::Leaving;
use crossgate_policy::Decision;
use crossgate_policy::decision::{Device as Counted, Mfa, Reason};
use crossgate_portal::pages::{
    self, Action, Choice, Decision as Verdict, Device, Does, Membership, Method, Page, Who, field,
};

use super::call::{Call, Reply, Told, told_time};
use super::forms::Browser;
use super::membership::{Own, guest, openable, own, person, unreachable};
use super::{People, PersonSession, place};
use crate::request::principal;
use crate::request::respond::{self, Shown};
use crate::request::token::KnownToken;

impl People {
    /// `/.crossgate/me`, by what was decided about the person and the app.
    pub(super) async fn me(&self, call: &Call<'_>, decision: &Decision) -> Reply {
        let Some(session) = &call.session else {
            return Reply::of(respond::go(&format!("{}?return=%2F", place::SIGN_IN)));
        };
        let told = Person::of(call, session, decision);
        let start = Action {
            does: Does::OpenStartPage,
            href: "/",
        };
        let (verdict, code, action) = match &decision.outcome {
            Ok(()) => (Verdict::Allowed, None, Some(start)),
            Err(refusal) => {
                let why = respond::why(refusal);
                let code = format!("AADSTS{}", refusal.reason.code());
                let accept = Action {
                    does: Does::Continue,
                    href: place::REDEEM,
                };
                let may_accept = refusal.reason == Reason::GuestPending && self.takes_invitations();
                let action = respond::helps(why).or(may_accept.then_some(accept));
                (Verdict::Refused(why), Some(code), action)
            }
        };
        let apps = openable(call, session, |_| false);
        let apps: Vec<Choice<'_>> = apps
            .iter()
            .map(|openable| Choice {
                label: &openable.app.called.name,
                href: &openable.href,
            })
            .collect();
        let own = match &self.ledger {
            Some(ledger) => {
                let guest = guest(call, decision).map(|guest| guest.id.clone());
                own(ledger, guest, person(session, decision)).await
            }
            None => Ok(Own::default()),
        };
        let own = match own {
            Ok(own) => own,
            Err(fault) => return unreachable(call, &fault),
        };
        let sponsors = own.membership.iter().flat_map(|told| &told.sponsors);
        let sponsors: Vec<&str> = sponsors.map(String::as_str).collect();
        let membership = own.membership.as_ref().map(|told| Membership {
            since: told.since.as_deref(),
            sponsors: &sponsors,
            leave_href: match told.leaving {
                Leaving::Allowed => Some(place::LEAVE),
                Leaving::Refused => None,
            },
        });
        let page = Page::WhoAmI {
            who: told.who(),
            app: &call.app.called.name,
            decision: verdict,
            code: code.as_deref(),
            correlation_id: &call.correlation_id,
            sign_out_href: place::SIGN_OUT,
            actions: action.as_slice(),
            apps: &apps,
            guest: membership,
            invite_href: own.may_invite.then_some(place::INVITE),
        };
        Reply {
            answer: respond::page(Shown::Asked, &call.render(&page)),
            told: Told::Decided(decision.clone()),
        }
    }

    /// `/.crossgate/resume/<id>`: the form that was kept, with a button.
    pub(super) fn resume(&self, call: &Call<'_>, id: &str) -> Reply {
        let Some(session) = &call.session else {
            let location = format!("{}?return={}", place::SIGN_IN, place::resume(id));
            return Reply::of(respond::go(&location));
        };
        let browser = Browser::of(call.headers);
        // At the console one does what the other one's roles do not give.
        let person = call
            .of_console
            .then(|| session.subject.who().sender())
            .flatten();
        let form = browser
            .ok()
            .filter(|_| call.method == http::Method::GET)
            .and_then(|browser| {
                let (browser, person) = (browser.id(), person.as_deref());
                self.kept.take(id, call.host, browser, person, call.now())
            });
        let Some(form) = form else {
            let page = Page::NotKept { path: "/" };
            return Reply::of(respond::page(Shown::NotThere, &call.render(&page)));
        };
        // A form of ours is tied to the session of then; of an app's, what it calls so is its own.
        let csrf = call
            .of_console
            .then(|| self.console_token(session))
            .flatten();
        let fields: Vec<(&str, &str)> = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            // What was meant then is asked about once more: others may have changed policy meanwhile.
            .filter(|(name, _)| {
                csrf.is_none() || *name != field::CSRF && *name != crossgate_console::CONFIRM
            })
            .collect();
        let page = Page::Resume {
            action: &form.path,
            csrf: csrf.as_deref(),
            method: Method::Post,
            path: &form.path,
            fields: &fields,
        };
        Reply::of(respond::page(Shown::Asked, &call.render(&page)))
    }
}

pub(super) fn name(token: &KnownToken) -> Option<&str> {
    let display_name = token.facts.display_name.as_deref();
    display_name.or_else(|| principal::name(token, true))
}

/// What a page tells of a person, as text.
struct Person<'a> {
    name: String,
    tenant: String,
    tenant_name: Option<&'a str>,
    provider: &'a str,
    mfa: bool,
    device: Device,
    since: String,
    until: String,
}

impl<'a> Person<'a> {
    fn of(call: &'a Call<'_>, session: &'a PersonSession, decision: &Decision) -> Self {
        let token = session.subject.token();
        let token = token.as_deref();
        let facts = decision.facts();
        let tenant = token.and_then(|token| token.subject.home.recorded_tenant());
        let provider = call.settings.provider(&session.provider);
        Self {
            name: token.and_then(name).unwrap_or("?").to_owned(),
            tenant: tenant.map_or_else(String::new, |tenant| tenant.to_string()),
            tenant_name: tenant.and_then(|tenant| call.settings.name_of(tenant)),
            provider: provider.map_or("", |provider| &provider.label),
            mfa: facts.is_some_and(|facts| match facts.mfa {
                Mfa::Own | Mfa::HomeTrusted | Mfa::Resource => true,
                Mfa::None | Mfa::HomeUntrusted => false,
            }),
            device: facts.map_or(Device::NotKnown, |facts| match facts.device {
                Counted::OwnHybrid | Counted::HybridTrusted => Device::Joined,
                Counted::OwnCompliant | Counted::CompliantTrusted => Device::Compliant,
                Counted::None | Counted::HybridUntrusted | Counted::CompliantUntrusted => {
                    pages::Device::NotKnown
                }
            }),
            since: told_time(session.begun),
            until: told_time(session.until),
        }
    }

    fn who(&self) -> Who<'_> {
        Who {
            name: &self.name,
            home_tenant: &self.tenant,
            home_tenant_name: self.tenant_name,
            signed_in_with: self.provider,
            mfa: self.mfa,
            device: self.device,
            since: &self.since,
            until: &self.until,
        }
    }
}
