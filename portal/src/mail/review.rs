//! The mail that tells reviewers of guests who wait for their decision.

use super::{Letter, Mail, MailFault, html, one_line};
use crate::pages::{Language, Pages, escape};
use crate::passcode::Address;

/// What the mail is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReviewMail<'a> {
    /// Whom it is from. The organisation's name is put beside it.
    pub from: &'a Address,
    /// Whom it is to.
    pub to: &'a Address,
    /// They have been told before.
    pub is_reminder: bool,
    /// What the review is called, as somebody wrote it.
    pub name: &'a str,
    /// The review's id.
    pub id: &'a str,
    /// When it ends.
    pub until: &'a str,
    /// How many guests nobody has decided about.
    pub undecided: usize,
    /// When it is sent, in seconds since 1970.
    pub now: u64,
}

impl Mail {
    /// The mail in a language.
    ///
    /// # Errors
    /// It cannot be made, which is so for no address of ours.
    pub fn review(
        pages: &Pages,
        language: &Language,
        made: &ReviewMail<'_>,
    ) -> Result<Self, MailFault> {
        let (name, count) = (one_line(made.name), made.undecided.to_string());
        let values = [
            ("name", name.as_str()),
            ("count", &count),
            ("until", made.until),
            ("id", made.id),
        ];
        let say = |key: &str| one_line(&pages.say(language, key, &values));
        let (subject, lead) = if made.is_reminder {
            ("review-mail.subject-reminder", "review-mail.lead-reminder")
        } else {
            ("review-mail.subject", "review-mail.lead")
        };
        let (subject, lead) = (say(subject), say(lead));
        let facts = [say("review-mail.undecided"), say("review-mail.until")];
        let (place, ignore) = (say("review-mail.where"), say("review-mail.ignore"));
        // What somebody wrote is quoted, as text, so that it is not taken for ours.
        let paragraphs = format!(
            "<p>{}</p>\n<blockquote>{}</blockquote>\n<p>{}</p>\n<p>{}</p>\n<p>{}</p>\n",
            escape(&lead),
            escape(&name),
            facts.each_ref().map(|fact| escape(fact)).join("<br>\n"),
            escape(&place),
            escape(&ignore),
        );
        let letter = Letter {
            from: made.from,
            to: made.to,
            copy: None,
            plain: format!(
                "{lead}\n\n> {name}\n\n{}\n\n{place}\n\n{ignore}\n",
                facts.join("\n")
            ),
            html: html(pages, language, &subject, &paragraphs),
            subject,
            now: made.now,
        };
        Self::of(pages, letter)
    }
}
