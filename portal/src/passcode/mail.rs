//! The mail that a code is sent in, and how it is sent.

mod transport;

#[cfg(test)]
mod tests;

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

pub use transport::{
    Credentials, MailServer, MailSettings, Mailer, Security, SendFault, SettingsFault,
};

use super::{Address, Code};
use crate::pages::{Language, Pages, escape};
use crate::seal::random_text;

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

        let plain = format!("{lead}\n\n{code}\n\n{counts}\n\n{ignore}\n");
        let (tag, direction) = pages.writing(language);
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\" dir=\"{direction}\">\n<meta charset=\"utf-8\">\n<title>{}</title>\n\
             <body style=\"font-family: sans-serif; line-height: 1.5\">\n<p>{}</p>\n\
             <p dir=\"ltr\" style=\"font-size: 2em; font-weight: bold; letter-spacing: 0.1em\">{code}</p>\n\
             <p>{}</p>\n<p>{}</p>\n</body>\n</html>\n",
            escape(tag),
            escape(&subject),
            escape(&lead),
            escape(&counts),
            escape(&ignore),
        );
        let id = random_text().map_err(|_| MailFault::NoRandom)?;
        let (_, domain) = made.from.parts();
        let sender = one_line(pages.organisation());
        let message = Message::builder()
            .date(UNIX_EPOCH + Duration::from_secs(made.now))
            .message_id(Some(format!("<{id}@{domain}>")))
            .from(Mailbox::new(Some(sender), address(made.from)?))
            .to(Mailbox::new(None, address(made.to)?))
            .subject(subject)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(plain, html))
            .map_err(|_| MailFault::Parts)?;
        Ok(Self(message))
    }
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
