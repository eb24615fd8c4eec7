//! Self-service sign-up. There are few of its documents: their texts are kept, and all are compiled anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::reading::{Reading, same_key};
use super::source::Change;
use crate::compile::sign_up::{Drafting, SignUp};
use crate::document_kind::DocumentKind;
use crate::documents::sign_up::{AttributeDocument, ConnectorDocument, UserFlowDocument};
use crate::reader::report::Notes;
use crate::reader::values::Text;

/// All of them, by kind in the order in which they are compiled: what is named goes before what names it.
#[derive(Clone, Debug, Default)]
pub(super) struct SignUps {
    texts: BTreeMap<(DocumentKind, Box<str>), Arc<str>>,
    compiled: Arc<SignUp>,
}

impl SignUps {
    pub(super) const fn compiled(&self) -> &Arc<SignUp> {
        &self.compiled
    }

    /// The same after changes.
    pub(super) fn changed(&self, changes: &[&Change<'_>], reading: &mut Reading) -> Self {
        let mut texts = self.texts.clone();
        for change in changes {
            let of = (change.kind, change.key.into());
            match change.text {
                Some(text) => texts.insert(of, text.into()),
                None => texts.remove(&of),
            };
        }
        let mut drafting = Drafting::default();
        for ((kind, key), text) in &texts {
            let of = (*kind, &**key);
            if *kind == DocumentKind::ApiConnector {
                let id = |document: &ConnectorDocument| document.id.clone();
                take(of, text, reading, id, |document, notes| {
                    drafting.take_connector(document, notes);
                });
            } else if *kind == DocumentKind::UserFlowAttribute {
                let id = |document: &AttributeDocument| document.id.clone();
                take(of, text, reading, id, |document, notes| {
                    drafting.take_attribute(document, notes);
                });
            } else if *kind == DocumentKind::UserFlow {
                let id = |document: &UserFlowDocument| document.id.clone();
                take(of, text, reading, id, |document, notes| {
                    drafting.take_flow(document, notes);
                });
            } else {
                reading.document(of, text, |document, _| drafting.take_policy(&document));
            }
        }
        Self {
            texts,
            compiled: Arc::new(drafting.finish()),
        }
    }
}

fn take<T: DeserializeOwned>(
    of: (DocumentKind, &str),
    text: &str,
    reading: &mut Reading,
    id: impl Fn(&T) -> Option<Text>,
    take: impl FnOnce(&T, &mut Notes<'_>),
) {
    reading.document(of, text, |document: T, notes| {
        if let Some(id) = id(&document) {
            same_key("id", &id.0, of.1, notes);
        }
        take(&document, notes);
    });
}
