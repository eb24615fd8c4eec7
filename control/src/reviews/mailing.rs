//! Mail to reviewers: that a review has begun, and that guests wait for their decision.

use crossgate_config::Settings;
use jiff::Timestamp;

use super::item::{self, Verdict};
use super::review::{Review, Status};
use super::run::AT_ONCE;
use crate::api::error::ApiError;
use crate::document::Write;
use crate::ledger::Planned;
use crate::outbox;
use crate::store::{Store, StoreError};
use crate::text::{Document, bounded};

/// Why reviewers are mailed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Occasion {
    /// The review has begun.
    Start,
    /// It is under way, and guests are not decided yet.
    Reminder,
}

impl Occasion {
    /// The name in the store.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Reminder => "reminder",
        }
    }
}

/// What a mail to a reviewer is made of.
#[derive(Clone, Debug)]
pub struct Reviewing {
    /// Their address.
    pub address: String,
    /// The language that they read.
    pub language: Option<String>,
    /// Why they are mailed.
    pub occasion: Occasion,
    /// The review's id.
    pub review: String,
    /// Its name, or the beginning of it.
    pub name: String,
    /// When it ends.
    pub until: Timestamp,
    /// Guests of whom nobody has decided.
    pub undecided: usize,
}

/// Mail to all reviewers of a review.
#[derive(Debug, Default)]
pub(crate) struct Mailing {
    /// The mails, as they wait to be sent.
    pub(super) writes: Vec<Write>,
    /// For the audit: who is mailed, and who is not and why.
    pub(super) details: Vec<(&'static str, String)>,
    /// For whoever asked for it: who is not mailed.
    pub(crate) advisory: Option<String>,
}

impl Mailing {
    /// To whoever can be mailed, while guests are undecided.
    pub(crate) fn plan(
        store: &dyn Store,
        settings: &Settings,
        review: &Review,
        occasion: Occasion,
        undecided: usize,
    ) -> Result<Self, ApiError> {
        let nobody = |why: &str| Self {
            writes: Vec::new(),
            details: vec![("Mailed", format!("nobody: {why}"))],
            advisory: Some(format!("nobody is mailed: {why}")),
        };
        if settings.mail.is_none() {
            return Ok(nobody(NO_SERVER));
        }
        if undecided == 0 {
            return Ok(nobody("every guest is decided"));
        }
        let (mailed, others) = reached(store, review)?;
        let mut details = vec![("Guests undecided", undecided.to_string())];
        for (name, whom) in [("Mailed", &mailed), ("Not mailed", &others)] {
            if !whom.is_empty() {
                details.push((name, whom.join(", ")));
            }
        }
        let mails = mailed.iter();
        Ok(Self {
            writes: mails
                .map(|reviewer| outbox::review(&review.id, reviewer, occasion))
                .collect(),
            details,
            advisory: told(&others),
        })
    }

    /// The step of a reminder: the review as it is noted then, where somebody is mailed.
    pub(crate) fn planned(self, review: &Review, now: Timestamp) -> Planned {
        let mut writes = self.writes;
        if !writes.is_empty() {
            writes.push(review.reminds(now).kept());
        }
        Planned {
            writes,
            details: self.details,
            ..Planned::default()
        }
    }
}

/// What whoever makes a review that is to mail should know: who cannot be mailed.
pub(crate) fn advisory(
    store: &dyn Store,
    settings: &Settings,
    review: &Review,
) -> Result<Option<String>, ApiError> {
    if settings.mail.is_none() {
        return Ok(Some(format!("nobody is mailed: {NO_SERVER}")));
    }
    let (_, others) = reached(store, review)?;
    Ok(told(&others))
}

fn told(others: &[String]) -> Option<String> {
    let list = format!("not mailed: {}", others.join(", "));
    (!others.is_empty()).then(|| bounded(&list, LONGEST_ADVISORY).into_owned())
}

/// Who can be mailed, by their ids, and who cannot, with why. Whoever is named twice, by id or address, gets one mail.
fn reached(store: &dyn Store, review: &Review) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let now = Timestamp::now();
    let (mut mailed, mut others, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for reviewer in &review.reviewers {
        match reviewer.mailbox(store, now)? {
            Ok(mailbox) => {
                let address = mailbox.address.to_lowercase();
                if known.contains(&address) {
                    others.push(format!("{} (the address is mailed already)", reviewer.id));
                } else {
                    known.push(address);
                    mailed.push(reviewer.id.to_string());
                }
            }
            Err(why) => others.push(format!("{} ({why})", reviewer.id)),
        }
    }
    Ok((mailed, others))
}

/// What a mail that waits in the outbox says by now; `None` where nobody needs it any more.
pub(crate) fn letter(
    store: &dyn Store,
    mail: &Document,
    now: Timestamp,
) -> Result<Option<Reviewing>, ApiError> {
    let member = |name: &str| mail.text_of(name).unwrap_or_default();
    let review = Review::of(store, &member(outbox::REVIEW))?;
    let Some(review) = review.filter(|review| review.status == Status::InProgress) else {
        return Ok(None);
    };
    let id = member("reviewer");
    let mut reviewers = review.reviewers.iter();
    let reviewer = reviewers.find(|reviewer| reviewer.id.to_string() == id);
    let Some(reviewer) = reviewer.filter(|_| now < review.end) else {
        return Ok(None);
    };
    let Ok(mailbox) = reviewer.mailbox(store, now)? else {
        return Ok(None);
    };
    let undecided = undecided(store, &review.id)?;
    let occasions = [Occasion::Start, Occasion::Reminder];
    let named = member("occasion");
    let occasion = occasions
        .into_iter()
        .find(|occasion| occasion.name() == named);
    let letter = occasion.map(|occasion| Reviewing {
        address: mailbox.address,
        language: mailbox.language,
        occasion,
        name: bounded(&review.name, LONGEST_NAME).into_owned(),
        until: review.end,
        undecided,
        review: review.id,
    });
    Ok(letter.filter(|letter| letter.undecided > 0))
}

/// How many guests of a review nobody has decided about.
pub(crate) fn undecided(store: &dyn Store, review: &str) -> Result<usize, StoreError> {
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let items = item::page(store, review, after.as_deref(), AT_ONCE)?;
        let Some(last) = items.last() else {
            return Ok(count);
        };
        after = Some(last.guest.clone());
        let waits = |item: &&item::Item| item.verdict() == Verdict::NotReviewed;
        count += items.iter().filter(waits).count();
    }
}

const NO_SERVER: &str = "no `[mail]` server is configured";

/// Bytes of what stands in a header of an answer; the audit has all of it.
const LONGEST_ADVISORY: usize = 1_000;

/// Bytes of a review's name in a mail.
const LONGEST_NAME: usize = 120;
