//! The mail that tells somebody who signed up that they were approved.

use super::{Letter, Mail, MailFault, html, one_line};
use crate::pages::{Language, Pages, escape};
use crate::passcode::Address;

/// What the mail is made of.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalMail<'a> {
    /// Whom it is from. The organisation's name is put beside it.
    pub from: &'a Address,
    /// Whom it is to.
    pub to: &'a Address,
    /// Where the application begins.
    pub link: &'a str,
    /// When it is sent, in seconds since 1970.
    pub now: u64,
}

impl Mail {
    /// The mail in a language.
    ///
    /// # Errors
    /// It cannot be made, which is so for no address of ours.
    pub fn approval(
        pages: &Pages,
        language: &Language,
        made: &ApprovalMail<'_>,
    ) -> Result<Self, MailFault> {
        let values = [("address", made.to.as_str())];
        let say = |key: &str| one_line(&pages.say(language, key, &values));
        let subject = say("approval-mail.subject");
        let (lead, open) = (say("approval-mail.lead"), say("approval-mail.open"));
        let ignore = say("approval-mail.ignore");
        let paragraphs = format!(
            "<p>{}</p>\n<p><a href=\"{}\">{}</a></p>\n<p>{}</p>\n",
            escape(&lead),
            escape(made.link),
            escape(&open),
            escape(&ignore),
        );
        let letter = Letter {
            from: made.from,
            to: made.to,
            copy: None,
            plain: format!("{lead}\n\n{open}\n{}\n\n{ignore}\n", made.link),
            html: html(pages, language, &subject, &paragraphs),
            subject,
            now: made.now,
        };
        Self::of(pages, letter)
    }
}
