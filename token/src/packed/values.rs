//! Values in few bytes: numbers, ids, texts and times, each said once, and what is base64url as the bytes it stands for.
//!
//! What [`Writer`] writes, [`Reader`] reads in the same order; where it does not stand there, the answer is `None`.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_policy::ids::{Guid, Id, TenantId, UnixTime};

use crate::entra::EntraIssuer;

/// What stands at the head of a value; from [`TEXT`] on, a text: twice its bytes, and one more where they are written in
/// base64url.
const NONE: u64 = 0;
const GUID: u64 = 1;
/// A value that stands before; its place in the order of values follows. Of times, the last.
const AGAIN: u64 = 2;
/// An issuer in one of Entra's forms: which form follows, then the tenant.
const ENTRA: u64 = 3;
/// A guest's name in the own directory: the place of the address it is made from, then the domain.
const GUEST: u64 = 4;
/// A text of [`COMMON_TEXTS`]; its place there follows.
const COMMON: u64 = 5;
const TEXT: u64 = 6;

#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    /// Where each value stands that may come again.
    seen: Vec<(usize, usize)>,
    time: Option<UnixTime>,
}

impl Writer {
    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    fn guid(&mut self, guid: Guid) {
        self.number(GUID);
        self.bare_guid(guid);
    }

    fn bare_guid(&mut self, guid: Guid) {
        self.out.extend_from_slice(&guid.as_u128().to_be_bytes());
    }

    fn plain(&mut self, text: &str) {
        if let Some(place) = COMMON_TEXTS.iter().position(|common| *common == text) {
            self.number(COMMON);
            return self.number(place as u64);
        }
        // Strict: what it takes, it writes again letter by letter.
        let (bytes, encoded) = match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) => (Cow::Owned(bytes), 1),
            Err(_) => (Cow::Borrowed(text.as_bytes()), 0),
        };
        self.number(TEXT + 2 * bytes.len() as u64 + encoded);
        self.out.extend_from_slice(&bytes);
    }

    pub(super) fn id(&mut self, id: Option<&Id>) {
        match id {
            None => self.number(NONE),
            Some(Id::Guid(guid)) => self.shared(|writer| writer.guid(*guid)),
            Some(Id::Text(text)) => self.shared(|writer| writer.plain(text)),
        }
    }

    pub(super) fn text(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            return self.number(NONE);
        };
        // In capitals it would come back in small letters.
        let small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match Guid::parse(text).filter(|_| small) {
            Some(guid) => self.shared(|writer| writer.guid(guid)),
            None => self.shared(|writer| writer.plain(text)),
        }
    }

    /// An address; answers its place, where it is one that names of guests are made from.
    pub(super) fn address(&mut self, address: Option<&str>) -> Option<usize> {
        let before = self.seen.len();
        self.text(address);
        (self.seen.len() > before && address?.contains('@')).then_some(before)
    }

    /// A name of whom this address, which stands in this place, is told.
    pub(super) fn name(&mut self, name: Option<&str>, address: Option<(usize, &str)>) {
        let made = name.zip(address).and_then(|(name, (place, address))| {
            let (user, domain) = name.split_once(EXTERNAL)?;
            is_made_of(user, address).then_some((place, domain))
        });
        match made {
            Some((place, domain)) => self.shared(|writer| {
                writer.number(GUEST);
                writer.number(place as u64);
                writer.plain(domain);
            }),
            None => self.text(name),
        }
    }

    pub(super) fn texts(&mut self, texts: &[Box<str>]) {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(Some(text));
        }
    }

    pub(super) fn ids(&mut self, ids: &[Id]) {
        let guids = ids.iter().all(|id| matches!(id, Id::Guid(_)));
        self.number(2 * ids.len() as u64 + u64::from(guids));
        for id in ids {
            // Not among those that may come again: looking through hundreds would take longer than it saves.
            match id {
                Id::Guid(guid) if guids => self.bare_guid(*guid),
                Id::Guid(guid) => self.guid(*guid),
                Id::Text(text) => self.plain(text),
            }
        }
    }

    pub(super) fn issuer(&mut self, text: &str) {
        match EntraIssuer::form(text) {
            Some((form, tenant)) => {
                self.number(ENTRA);
                self.number(form as u64);
                self.id(Some(&Id::Guid(tenant.0)));
            }
            None => self.text(Some(text)),
        }
    }

    pub(super) fn time(&mut self, time: Option<UnixTime>) {
        let Some(time) = time else {
            return self.number(NONE);
        };
        let whole = time.seconds() as u64;
        if self.time.replace(time) == Some(time) {
            self.number(AGAIN);
        } else if whole as f64 == time.seconds() {
            self.number(TEXT + whole);
        } else {
            self.number(GUID);
            self.out
                .extend_from_slice(&time.seconds().to_bits().to_be_bytes());
        }
    }

    /// Writes a value, or where it stands already.
    fn shared(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        write(self);
        let new = self.out.get(start..).unwrap_or_default();
        let place = self
            .seen
            .iter()
            .position(|(start, end)| self.out.get(*start..*end) == Some(new));
        match place {
            Some(place) => {
                self.out.truncate(start);
                self.number(AGAIN);
                self.number(place as u64);
            }
            None => self.seen.push((start, self.out.len())),
        }
    }
}

pub(super) struct Reader<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    seen: Vec<usize>,
    time: Option<UnixTime>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            all: bytes,
            rest: bytes,
            seen: Vec::with_capacity(32),
            time: None,
        }
    }

    /// Whether all of it was read.
    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << place;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A value; the outer `None` is a fault.
    fn value(&mut self) -> Option<Option<Value<'a>>> {
        let start = self.all.len() - self.rest.len();
        match self.number()? {
            NONE => Some(None),
            AGAIN => {
                let place = usize::try_from(self.number()?).ok()?;
                self.again(place, Self::first).map(Some)
            }
            ENTRA => {
                let form = usize::try_from(self.number()?).ok()?;
                Some(Some(Value::Entra(form, self.tenant()??)))
            }
            head => {
                self.seen.push(start);
                self.first(head).map(Some)
            }
        }
    }

    /// The value in this place, as `read` reads it behind its head.
    fn again(
        &mut self,
        place: usize,
        read: impl FnOnce(&mut Self, u64) -> Option<Value<'a>>,
    ) -> Option<Value<'a>> {
        let start = *self.seen.get(place)?;
        let rest = std::mem::replace(&mut self.rest, self.all.get(start..)?);
        let value = self.number().and_then(|head| read(self, head));
        self.rest = rest;
        value
    }

    /// A value that does not stand before.
    fn first(&mut self, head: u64) -> Option<Value<'a>> {
        if head != GUEST {
            return self.simple(head);
        }
        let place = usize::try_from(self.number()?).ok()?;
        let Value::Text(address) = self.again(place, Self::simple)? else {
            return None;
        };
        let head = self.number()?;
        let Value::Text(domain) = self.simple(head)? else {
            return None;
        };
        let user = address.replace('@', "_");
        Some(Value::Text(format!("{user}{EXTERNAL}{domain}").into()))
    }

    /// The same of one that is made from no other.
    fn simple(&mut self, head: u64) -> Option<Value<'a>> {
        if head == GUID {
            return self.bare_guid().map(Value::Guid);
        }
        if head == COMMON {
            let place = usize::try_from(self.number()?).ok()?;
            return Some(Value::Text((*COMMON_TEXTS.get(place)?).into()));
        }
        let head = usize::try_from(head.checked_sub(TEXT)?).ok()?;
        let bytes = self.bytes(head / 2)?;
        Some(Value::Text(if head % 2 == 1 {
            Cow::Owned(URL_SAFE_NO_PAD.encode(bytes))
        } else {
            Cow::Borrowed(std::str::from_utf8(bytes).ok()?)
        }))
    }

    fn bare_guid(&mut self) -> Option<Guid> {
        let bytes = self.bytes(16)?.first_chunk()?;
        Some(Guid::from_u128(u128::from_be_bytes(*bytes)))
    }

    pub(super) fn tenant(&mut self) -> Option<Option<TenantId>> {
        match self.id()? {
            None => Some(None),
            Some(Id::Guid(guid)) => Some(Some(TenantId(guid))),
            Some(Id::Text(_)) => None,
        }
    }

    pub(super) fn id(&mut self) -> Option<Option<Id>> {
        Some(match self.value()? {
            None => None,
            Some(value) => Some(value.id()?),
        })
    }

    pub(super) fn text<T: for<'t> From<Cow<'t, str>>>(&mut self) -> Option<Option<T>> {
        Some(match self.value()? {
            None => None,
            Some(value) => Some(value.text()?),
        })
    }

    pub(super) fn texts<L: FromIterator<Box<str>> + Default>(&mut self) -> Option<L> {
        let count = self.number()?;
        if count == 0 {
            return Some(L::default());
        }
        (0..count).map(|_| self.text()?).collect()
    }

    pub(super) fn ids(&mut self) -> Option<Arc<[Id]>> {
        let head = self.number()?;
        let (count, guids) = (head / 2, head % 2 == 1);
        if count == 0 {
            return Some(Arc::default());
        }
        (0..count)
            .map(|_| {
                if guids {
                    return self.bare_guid().map(Id::Guid);
                }
                let head = self.number()?;
                self.simple(head)?.id()
            })
            .collect()
    }

    pub(super) fn time(&mut self) -> Option<Option<UnixTime>> {
        let seconds = match self.number()? {
            NONE => return Some(None),
            AGAIN => return Some(Some(self.time?)),
            GUID => f64::from_bits(u64::from_be_bytes(*self.bytes(8)?.first_chunk()?)),
            whole => whole.checked_sub(TEXT)? as f64,
        };
        self.time = Some(UnixTime::new(seconds)?);
        Some(self.time)
    }
}

/// What Entra writes into many tokens.
const COMMON_TEXTS: [&str; 6] = [
    "1.0",
    "2.0",
    "access_as_user",
    "p1",
    "urn:user:registersecurityinfo",
    "user_impersonation",
];

/// Whether this begins the name that Entra gives a guest of this address.
fn is_made_of(user: &str, address: &str) -> bool {
    let made = address
        .bytes()
        .map(|byte| if byte == b'@' { b'_' } else { byte });
    made.eq(user.bytes())
}

/// Stands in a guest's name between the address and the domain of the directory.
const EXTERNAL: &str = "#EXT#@";

enum Value<'a> {
    Guid(Guid),
    Text(Cow<'a, str>),
    Entra(usize, TenantId),
}

impl Value<'_> {
    fn id(self) -> Option<Id> {
        match self {
            Self::Guid(guid) => Some(Id::Guid(guid)),
            Self::Text(text) => Some(Id::Text(text.as_ref().into())),
            Self::Entra(..) => None,
        }
    }

    fn text<T: for<'t> From<Cow<'t, str>>>(self) -> Option<T> {
        let text = match self {
            Self::Guid(guid) => Cow::Owned(guid.to_string()),
            Self::Text(text) => text,
            Self::Entra(form, tenant) => Cow::Owned(EntraIssuer::of_form(form, tenant)?),
        };
        Some(text.into())
    }
}
