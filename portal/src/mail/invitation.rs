//! The mail that an invitation is sent in.

use super::{Letter, Mail, MailFault, html, one_line};
use crate::pages::{Language, Pages, escape};
use crate::passcode::Address;

/// What the mail is made of.
#[derive(Clone, Copy, Debug)]
pub struct InvitationMail<'a> {
    /// Whom it is from. The organisation's name is put beside it.
    pub from: &'a Address,
    /// Whom it is to.
    pub to: &'a Address,
    /// Who gets a copy, which says the same: only the owner of the address can use it.
    pub copy: Option<&'a Address>,
    /// Who invites.
    pub inviter: Option<&'a str>,
    /// What they add, as they wrote it.
    pub message: Option<&'a str>,
    /// Where it is accepted.
    pub link: &'a str,
    /// The last day on which it can be.
    pub until: &'a str,
    /// When it is sent, in seconds since 1970.
    pub now: u64,
}

impl Mail {
    /// The mail in a language.
    ///
    /// # Errors
    /// It cannot be made, which is so for no address of ours.
    pub fn invitation(
        pages: &Pages,
        language: &Language,
        made: &InvitationMail<'_>,
    ) -> Result<Self, MailFault> {
        let (to, inviter) = (made.to.as_str(), made.inviter.unwrap_or_default());
        let values = [("address", to), ("inviter", inviter), ("until", made.until)];
        let say = |key: &str| one_line(&pages.say(language, key, &values));
        let subject = say("invitation-mail.subject");
        let lead = match made.inviter {
            Some(_) => say("invitation-mail.lead-by"),
            None => say("invitation-mail.lead"),
        };
        let (accept, counts) = (say("invitation-mail.accept"), say("invitation-mail.counts"));
        let ignore = say("invitation-mail.ignore");
        // What an inviter writes is quoted, as text, so that it is not taken for ours.
        let quoted = made
            .message
            .map(str::trim)
            .filter(|message| !message.is_empty());
        let mut plain = format!("{lead}\n\n");
        let mut paragraphs = format!("<p>{}</p>\n", escape(&lead));
        if let Some(message) = quoted {
            for line in message.lines() {
                plain.push_str(&format!("> {}\n", one_line(line)));
            }
            plain.push('\n');
            let lines: Vec<String> = message
                .lines()
                .map(|line| escape(&one_line(line)))
                .collect();
            paragraphs.push_str(&format!(
                "<blockquote>{}</blockquote>\n",
                lines.join("<br>\n")
            ));
        }
        plain.push_str(&format!(
            "{accept}\n{}\n\n{counts}\n\n{ignore}\n",
            made.link
        ));
        paragraphs.push_str(&format!(
            "<p><a href=\"{}\">{}</a></p>\n<p>{}</p>\n<p>{}</p>\n",
            escape(made.link),
            escape(&accept),
            escape(&counts),
            escape(&ignore),
        ));
        let letter = Letter {
            from: made.from,
            to: made.to,
            copy: made.copy,
            html: html(pages, language, &subject, &paragraphs),
            plain,
            subject,
            now: made.now,
        };
        Self::of(pages, letter)
    }
}
