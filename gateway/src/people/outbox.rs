//! Mail that is to be sent: sent one after the other, and kept by the store until a server has taken them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crossgate_config::Mail as MailConfig;
use crossgate_control::api::error::ApiError;
use crossgate_control::ledger::Ledger;
use crossgate_control::outbox::{Inviting, Letter, Order};
use crossgate_control::reviews::Occasion;
use crossgate_control::{invitations, outbox};
use crossgate_portal::mail::{ApprovalMail, InvitationMail, Mail, MailFault, ReviewMail};
use crossgate_portal::pages::Pages;
use crossgate_portal::passcode::Address;
use jiff::Timestamp;

use super::mail::send;
use crate::live::Live;

/// Sends what is to be sent until nobody serves any more. A mail that was handed over just before the process died is sent once more: none is
/// lost.
pub async fn send_mail(ledger: Weak<Ledger>, live: Arc<Live>) {
    let mut pause = SHORTEST;
    loop {
        tokio::time::sleep(pause).await;
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        let pages = Arc::clone(&live.in_force().pages);
        // Reviewers are mailed also where nobody signs in here.
        let Some(mail) = ledger.enforcer().settings().mail.clone() else {
            pause = LONGEST;
            continue;
        };
        pause = match send_next(&ledger, &mail, &pages).await {
            Ok(Sent::One) => Duration::ZERO,
            Ok(Sent::None) => SHORTEST,
            Err(why) => {
                tracing::error!("[policy] source: mail waits to be sent: {why}");
                // Which doubles while nothing gets better.
                (pause.max(SHORTEST) * 2).min(LONGEST)
            }
        };
    }
}

enum Sent {
    One,
    None,
}

async fn send_next(
    ledger: &Arc<Ledger>,
    config: &MailConfig,
    pages: &Arc<Pages>,
) -> Result<Sent, String> {
    let told = |why: ApiError| why.message;
    let next = blocking(ledger, outbox::take_next).await?.map_err(told)?;
    let Some(order) = next else {
        return Ok(Sent::None);
    };
    let to = match &order.letter {
        Letter::Invitation(inviting) => &inviting.invited.address,
        Letter::Approval(to) => to,
        Letter::Review(reviewing) => &reviewing.address,
    };
    let to: Result<Address, _> = to.parse();
    if let Ok(to) = to {
        let sent = send(config, |from| made(&order, pages, from, &to));
        match sent.await {
            Ok(()) => {}
            Err(unsent) if unsent.is_for_good() => {
                tracing::error!("[mail] server: a mail is given up: {unsent}");
                blocking(ledger, move |ledger| {
                    outbox::give_up(ledger, &order.id, &unsent.to_string())
                })
                .await?
                .map_err(told)?;
                return Ok(Sent::One);
            }
            Err(unsent) => {
                // It is due again, and does not hold up the others.
                tracing::error!("[mail] server: a mail waits to be sent: {unsent}");
                return Ok(Sent::One);
            }
        }
    } else {
        tracing::error!("[mail]: a mail is for an address that no mail can be sent to");
    }
    let id = order.id;
    blocking(ledger, move |ledger| outbox::done(ledger, &id))
        .await?
        .map_err(told)?;
    Ok(Sent::One)
}

/// The mail that an order is for.
fn made(order: &Order, pages: &Pages, from: &Address, to: &Address) -> Result<Mail, MailFault> {
    let wanted = match &order.letter {
        Letter::Review(reviewing) => reviewing.language.as_deref(),
        Letter::Invitation(_) | Letter::Approval(_) => order.language.as_deref(),
    };
    let language = pages.negotiate(wanted);
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    match &order.letter {
        Letter::Invitation(inviting) => {
            let Inviting {
                invited,
                ticket,
                message,
                copy,
            } = &**inviting;
            let copy: Option<Address> = copy.as_deref().and_then(|copy| copy.parse().ok());
            let made = InvitationMail {
                from,
                to,
                copy: copy.as_ref(),
                inviter: invited.offer.inviter.as_deref(),
                message: message.as_deref(),
                link: &invitations::link(&order.origin, &invited.guest, ticket),
                until: &invited.offer.expires.strftime("%Y-%m-%d").to_string(),
                now,
            };
            Mail::invitation(pages, &language, &made)
        }
        Letter::Approval(_) => {
            let made = ApprovalMail {
                from,
                to,
                link: &format!("{}/", order.origin),
                now,
            };
            Mail::approval(pages, &language, &made)
        }
        Letter::Review(reviewing) => {
            let made = ReviewMail {
                from,
                to,
                is_reminder: reviewing.occasion == Occasion::Reminder,
                name: &reviewing.name,
                id: &reviewing.review,
                until: &reviewing.until.strftime("%Y-%m-%d %H:%M UTC").to_string(),
                undecided: reviewing.undecided,
                now,
            };
            Mail::review(pages, &language, &made)
        }
    }
}

async fn blocking<T: Send + 'static>(
    ledger: &Arc<Ledger>,
    work: impl FnOnce(&Ledger) -> T + Send + 'static,
) -> Result<T, String> {
    let ledger = Arc::clone(ledger);
    let done = tokio::task::spawn_blocking(move || work(&ledger));
    done.await.map_err(|why| why.to_string())
}

/// Between looks where nothing is to be sent.
const SHORTEST: Duration = Duration::from_secs(1);

/// Between tries where the server takes nothing.
const LONGEST: Duration = Duration::from_secs(5 * 60);
