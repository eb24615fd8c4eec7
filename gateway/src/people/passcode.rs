//! Codes by mail: the last resort of whoever has an address and nothing else.
//!
//! Whatever address is asked for gets the same answer in the same time: a code is mailed beside, and only to a guest.

use std::sync::Arc;

use crossgate_portal::attempt::Attempt;
use crossgate_portal::mail::{CodeMail, Mail};
use crossgate_portal::pages::{FailedWhy, Page, PasscodeProblem, field};
use crossgate_portal::passcode::{Address, Code};

use super::call::{Call, Reply};
use super::forms::one;
use super::guests::{Acquaintance, record};
use super::mail::send;
use super::provider::{Provider, SpeaksFor};
use super::send::Sent;
use super::sign_in::unable;
use super::welcome::{Failed, tampered};
use super::{People, place};
use crate::request::admit::unix_time;
use crate::request::respond::{self, Answer, Shown};

impl People {
    /// Somebody whose address leads nowhere else wants to sign in with it.
    pub(super) fn mail_code(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        address: &str,
        sent: Sent,
    ) -> Reply {
        let attempt = self.attempt(call, provider, sent, Some(address.to_owned()));
        let Ok(attempt) = attempt else {
            return unable(call, Some(provider), "no_random_numbers");
        };
        let problem = self.ask_for_code(call, provider, &attempt);
        let mut answer = self.code_page(call, &attempt, problem);
        if self.set_attempt(call, provider, &attempt, &mut answer) {
            Reply::of(answer)
        } else {
            unable(call, Some(provider), "no_random_numbers")
        }
    }

    /// `/.crossgate/passcode`: somebody types a code, or wants another.
    pub(super) async fn passcode(&self, call: &Call<'_>) -> Reply {
        let query = call.query();
        let state = one(&query, "state");
        let resumed = self.resumed_by_code(call, state);
        let (attempt, provider) = match resumed {
            Ok(resumed) => resumed,
            Err(why) => return self.once(call, state, async { Err(why) }).await,
        };
        if call.method != http::Method::POST {
            return Reply::of(self.code_page(call, &attempt, None));
        }
        if !self.is_ours(call) {
            return Reply::to_another_site(self.code_page(call, &attempt, None));
        }
        if one(&call.form, field::NEW_CODE).is_some() {
            let problem = self.ask_for_code(call, provider, &attempt);
            return Reply::of(self.code_page(call, &attempt, problem));
        }
        let code = one(&call.form, field::PASSCODE).unwrap_or_default();
        let told = address_of(&attempt).is_some_and(|address| {
            let told = self
                .passcodes
                .tell(&address, &attempt.state, code, call.now());
            told.is_ok()
        });
        if !told {
            return Reply {
                answer: self.code_page(call, &attempt, Some(PasscodeProblem::Wrong)),
                told: Failed::new(FailedWhy::NotAccepted, WRONG_CODE, "not_the_code").told(),
            };
        }
        let welcome = async {
            let SpeaksFor::Guests(voucher) = &provider.speaks_for else {
                return Err(tampered("provider_unknown"));
            };
            let who = owner(&attempt, call.now());
            let mut arrived = self.guest(call, provider, voucher, &attempt, &who).await?;
            arrived.longest = Some(LONGEST);
            self.let_in(call, provider, attempt.clone(), arrived).await
        };
        self.once(call, state, welcome).await
    }

    fn resumed_by_code<'c>(
        &self,
        call: &'c Call<'_>,
        state: Option<&str>,
    ) -> Result<(Attempt, &'c Provider), Failed> {
        let provider = call.settings.passcode();
        let name = provider.ok_or(tampered("provider_unknown"))?.name.as_str();
        let resumed = self.resumed(call, name, state)?;
        if resumed.0.address.is_none() {
            return Err(tampered("sign_in_mixed_up"));
        }
        Ok(resumed)
    }

    fn code_page(
        &self,
        call: &Call<'_>,
        attempt: &Attempt,
        problem: Option<PasscodeProblem>,
    ) -> Answer {
        let action = format!("{}?state={}", place::PASSCODE, attempt.state);
        self.with_form_token(call, |csrf| {
            let page = Page::Passcode {
                address: attempt.address.as_deref().unwrap_or_default(),
                action: &action,
                csrf,
                new_code: problem != Some(PasscodeProblem::TooManyCodes),
                problem,
            };
            let shown = if problem.is_some() {
                Shown::NoGood
            } else {
                Shown::Asked
            };
            respond::page(shown, &call.render(&page))
        })
    }

    /// Makes a code, and has it mailed where the directory knows the address. What is told is the same for every address.
    fn ask_for_code(
        &self,
        call: &Call<'_>,
        provider: &Provider,
        attempt: &Attempt,
    ) -> Option<PasscodeProblem> {
        let (SpeaksFor::Guests(voucher), Some(address)) =
            (&provider.speaks_for, address_of(attempt))
        else {
            return None;
        };
        let snapshot = &call.in_force.snapshot;
        let who = owner(attempt, call.now());
        let record = record(call.settings, snapshot, provider, voucher, &who);
        let record = record.filter(|record| record.is_active(unix_time(call.at)));
        // To the address as the directory has it, whatever was typed.
        let known = record.and_then(|record| record.sign_in.as_ref()?.mail.as_deref());
        let known: Option<Address> = known.and_then(|mail| mail.parse().ok());
        let signs_up = || {
            let to = attempt.return_to.as_str();
            self.mails_strangers(call, provider, address.as_str(), to)
        };
        // Whoever nobody knows gets one where they can sign up with it.
        let known = known.or_else(|| signs_up().then(|| address.clone()));
        let asked = self.passcodes.ask(
            &address,
            &attempt.state,
            call.client_ip,
            known.is_some(),
            call.now(),
        );
        match asked {
            Ok(asked) => {
                if let (Some(code), Some(known)) = (asked.send, known) {
                    self.post(call, known, code);
                }
                (!asked.may).then_some(PasscodeProblem::TooManyCodes)
            }
            Err(fault) => {
                tracing::error!("no passcode can be made: {fault}");
                None
            }
        }
    }

    /// Has a code mailed while the person reads that it is.
    fn post(&self, call: &Call<'_>, to: Address, code: Code) {
        let Some(mail) = call.settings.mail.clone() else {
            return;
        };
        let Ok(place) = Arc::clone(&self.mailing).try_acquire_owned() else {
            tracing::error!("[mail]: a passcode is not sent: the server is behind with too many");
            return;
        };
        let (pages, language, now) = (Arc::clone(call.pages), call.language(), call.now());
        let seconds = self.passcodes.limits().seconds;
        tokio::spawn(async move {
            let sent = send(&mail, |from| {
                let made = CodeMail {
                    from,
                    to: &to,
                    code: &code,
                    seconds,
                    now,
                };
                Mail::new(&pages, &language, &made)
            });
            if let Err(why) = sent.await {
                tracing::error!("[mail] server: a passcode is not sent: {why}");
            }
            drop(place);
        });
    }
}

fn address_of(attempt: &Attempt) -> Option<Address> {
    attempt.address.as_ref()?.parse().ok()
}

/// Whoever reads what is sent to the address.
fn owner(attempt: &Attempt, now: u64) -> Acquaintance {
    Acquaintance {
        id: None,
        mail: attempt.address.clone(),
        session: None,
        name: None,
        signed_in: now,
        proven: Some(now),
        amr: vec!["otp".into()],
    }
}

/// As for a password.
const WRONG_CODE: u32 = 50_126;

/// A session that a code began, in seconds: after that, another shows that the mailbox is still theirs.
pub(super) const LONGEST: u64 = 24 * 60 * 60;

/// Mails under way at a time.
pub(super) const MOST_MAILS: usize = 64;
