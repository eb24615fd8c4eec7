//! The mail that a code is sent in.

use super::{Letter, Mail, MailFault, html, one_line};
use crate::pages::{Language, Pages, escape};
use crate::passcode::{Address, Code};

/// What the mail is made of.
#[derive(Clone, Copy, Debug)]
pub struct CodeMail<'a> {
    /// Whom it is from. The organisation's name is put beside it.
    pub from: &'a Address,
    /// Whom it is to: the address as the directory has it.
    pub to: &'a Address,
    /// The code.
    pub code: &'a Code,
    /// How long it counts, in seconds.
    pub seconds: u64,
    /// When it was asked for, in seconds since 1970.
    pub now: u64,
}

impl Mail {
    /// The mail in the language that the person has the pages in.
    ///
    /// # Errors
    /// It cannot be made, which is so for no address of ours.
    pub fn new(pages: &Pages, language: &Language, made: &CodeMail<'_>) -> Result<Self, MailFault> {
        let minutes = (made.seconds / 60).to_string();
        let say = |key: &str| one_line(&pages.say(language, key, &[("minutes", &minutes)]));
        let subject = say("passcode-mail.subject");
        let (lead, counts) = (say("passcode-mail.lead"), say("passcode-mail.counts"));
        let ignore = say("passcode-mail.ignore");
        let code = made.code.as_str();
        let paragraphs = format!(
            "<p>{}</p>\n\
             <p dir=\"ltr\" style=\"font-size: 2em; font-weight: bold; letter-spacing: 0.1em\">{code}</p>\n\
             <p>{}</p>\n<p>{}</p>\n",
            escape(&lead),
            escape(&counts),
            escape(&ignore),
        );
        let letter = Letter {
            from: made.from,
            to: made.to,
            copy: None,
            plain: format!("{lead}\n\n{code}\n\n{counts}\n\n{ignore}\n"),
            html: html(pages, language, &subject, &paragraphs),
            subject,
            now: made.now,
        };
        Self::of(pages, letter)
    }
}
