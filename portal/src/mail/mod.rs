//! Mails to people: the code that one is sent in, the invitation, the approval, and what reviewers have to do; and how they are sent.

mod approval;
mod code;
mod invitation;
mod review;
mod transport;

#[cfg(test)]
mod tests;

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

pub use approval::ApprovalMail;
pub use code::CodeMail;
pub use invitation::InvitationMail;
pub use review::ReviewMail;
pub use transport::{
    Credentials, MailServer, MailSettings, Mailer, Security, SendFault, SettingsFault,
};

use crate::pages::{Language, Pages, escape};
use crate::passcode::Address;
use crate::seal::random_text;

/// A mail that is ready to be sent. `Debug` shows nothing of it.
pub struct Mail(Message);

/// No mail can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MailFault {
    /// One of the addresses is none to whoever makes mails.
    #[error("an address cannot be used in a mail")]
    Address,
    /// It lacks something.
    #[error("the mail cannot be put together")]
    Parts,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
}

/// Whom a mail is from and to, and what it says.
struct Letter<'a> {
    from: &'a Address,
    to: &'a Address,
    copy: Option<&'a Address>,
    subject: String,
    plain: String,
    html: String,
    now: u64,
}

impl Mail {
    /// # Errors
    /// It cannot be made, which is so for no address of ours.
    fn of(pages: &Pages, letter: Letter<'_>) -> Result<Self, MailFault> {
        let id = random_text().map_err(|_| MailFault::NoRandom)?;
        let (_, domain) = letter.from.parts();
        let sender = one_line(pages.organisation());
        let mut builder = Message::builder()
            .date(UNIX_EPOCH + Duration::from_secs(letter.now))
            .message_id(Some(format!("<{id}@{domain}>")))
            .from(Mailbox::new(Some(sender), address(letter.from)?))
            .to(Mailbox::new(None, address(letter.to)?));
        if let Some(copy) = letter.copy {
            builder = builder.cc(Mailbox::new(None, address(copy)?));
        }
        let message = builder
            .subject(letter.subject)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.plain, letter.html))
            .map_err(|_| MailFault::Parts)?;
        Ok(Self(message))
    }
}

/// A whole page of a mail around its paragraphs, which are HTML already.
fn html(pages: &Pages, language: &Language, subject: &str, paragraphs: &str) -> String {
    let (tag, direction) = pages.writing(language);
    format!(
        "<!doctype html>\n<html lang=\"{}\" dir=\"{direction}\">\n<meta charset=\"utf-8\">\n<title>{}</title>\n\
         <body style=\"font-family: sans-serif; line-height: 1.5\">\n{paragraphs}</body>\n</html>\n",
        escape(tag),
        escape(subject),
    )
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

/// Nobody's holiday notice answers it (RFC 3834, section 5).
#[derive(Clone)]
struct AutoSubmitted;

const AUTO_GENERATED: &str = "auto-generated";

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), AUTO_GENERATED.to_owned())
    }
}

fn address(address: &Address) -> Result<lettre::Address, MailFault> {
    let (local, domain) = address.parts();
    lettre::Address::new(local, domain).map_err(|_| MailFault::Address)
}

/// Whatever was written over several lines, or is there to look like more than one.
fn one_line(text: &str) -> String {
    let letters = text.chars().map(|letter| {
        let ends_line = letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
        if ends_line { ' ' } else { letter }
    });
    letters.collect::<String>().trim().to_owned()
}
