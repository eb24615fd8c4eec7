//! What a draft makes of one document.

use serde_json::{Value, json};

use crate::document::{Address, DocumentKind, Write};
use crate::roles::Action;
use crate::store::{Sequence, Store, StoreError, Stored};
use crate::text::Document;

/// A change of one document.
#[derive(Clone, Debug)]
pub(crate) struct DraftChange {
    /// The document.
    pub(crate) address: Address,
    /// Its version in force when the draft first changed it; 0 where there was none.
    pub(crate) base: Sequence,
    /// What it is to say; `None` where it is to go.
    pub(crate) document: Option<Document>,
    /// What whoever wrote this had to be allowed to do, and whoever publishes it must be.
    pub(crate) needs: Vec<Need>,
}

/// An action, as it was kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// One that is known.
    Known(Action),
    /// One of another version of this program: nobody may do it.
    Unknown(String),
}

impl Need {
    fn of(name: &str) -> Self {
        Action::from_name(name).map_or_else(|| Self::Unknown(name.to_owned()), Self::Known)
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(action) => action.name(),
            Self::Unknown(name) => name,
        }
    }
}

impl DraftChange {
    /// All changes of a draft, in the order of their documents' addresses.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn all(store: &dyn Store, draft: &str) -> Result<Vec<Self>, StoreError> {
        let own = format!("{draft}/");
        let mut all = Vec::new();
        let mut after: Box<str> = own.as_str().into();
        loop {
            let page = store.page(DocumentKind::DraftChange, Some(&after), PAGE)?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = last.address.key.clone();
            for stored in page {
                let Some(named) = stored.address.key.strip_prefix(&own) else {
                    return Ok(all);
                };
                all.push(Self::read(named, &stored)?);
            }
        }
    }

    fn read(named: &str, stored: &Stored) -> Result<Self, StoreError> {
        Self::parse(named, &stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))
    }

    /// One that was kept, of the document of this address.
    pub(crate) fn parse(named: &str, text: &str) -> Result<Self, String> {
        let address = named
            .parse::<Address>()
            .map_err(|error| error.to_string())?;
        let kept = Document::parse(text).map_err(|error| error.to_string())?;
        let base = kept.get("base").and_then(|base| base.as_u64());
        let document = match kept.written("document") {
            None | Some("null") => None,
            Some(text) => Some(Document::parse(text).map_err(|error| error.to_string())?),
        };
        let needs = kept.get("needs").unwrap_or_default();
        let needs = needs.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Self {
            address,
            base: base.ok_or("`base` is missing")?,
            document,
            needs: needs
                .iter()
                .filter_map(Value::as_str)
                .map(Need::of)
                .collect(),
        })
    }

    /// As it is kept in a draft.
    pub(crate) fn kept(&self, draft: &str) -> Write {
        let mut kept = Document::default();
        kept.set("base", &json!(self.base));
        let needs: Vec<_> = self.needs.iter().map(Need::name).collect();
        kept.set("needs", &json!(needs));
        match &self.document {
            Some(document) => kept.set_written("document", document),
            None => kept.set("document", &Value::Null),
        }
        Write {
            address: address(draft, &self.address),
            text: Some(kept.to_text().into()),
        }
    }

    /// Takes note of actions that it takes.
    pub(crate) fn takes(&mut self, needed: &[Action]) {
        for action in needed {
            let need = Need::Known(*action);
            if !self.needs.contains(&need) {
                self.needs.push(need);
            }
        }
    }

    /// The document as it is to be in force.
    pub(crate) fn write(&self) -> Write {
        Write {
            address: self.address.clone(),
            text: self
                .document
                .as_ref()
                .map(|document| document.to_text().into()),
        }
    }

    /// The version of the document that is in force now, where it is another than the change was made over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn moved_to(&self, store: &dyn Store) -> Result<Option<Sequence>, StoreError> {
        let now = store.get(&self.address)?.map_or(0, |stored| stored.since);
        Ok((now != self.base).then_some(now))
    }
}

/// Where a draft's change of a document is kept.
pub(crate) fn address(draft: &str, document: &Address) -> Address {
    Address::new(DocumentKind::DraftChange, &format!("{draft}/{document}"))
}

const PAGE: usize = 200;
