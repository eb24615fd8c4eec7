//! Pages of documents whose keys begin alike: those that belong to one thing.

use serde_json::{Map, Value};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::listed;
use crate::document::DocumentKind;
use crate::model::EntityType;
use crate::store::{Store, StoreError};
use crate::text::Document;

/// What a document is shown as, by its key; `None` where it is not.
pub(super) type Shown<'a> =
    dyn Fn(&str, Document) -> Result<Option<Map<String, Value>>, ApiError> + 'a;

/// A page of the documents of a kind whose keys begin so.
pub(super) fn page(
    api: &Api,
    asked: &Asked<'_>,
    (entity, context): (&EntityType, &str),
    (kind, prefix): (DocumentKind, &str),
    shown: &Shown<'_>,
) -> Result<Reply, ApiError> {
    let options = listed::options(asked, entity)?;
    let store = api.ledger.store();
    let mut page = listed::Page::new(&options);
    let after = options.after().filter(|after| after.starts_with(prefix));
    let mut last = None;
    each(
        store,
        kind,
        prefix,
        after.unwrap_or(prefix),
        page.worth_reading(),
        &mut |key, document| {
            let item = shown(key, document)?;
            let item = item.filter(|item| options.admits(&Value::Object(item.clone())));
            let Some(item) = item else {
                return Ok(true);
            };
            if page.is_full() {
                let behind: Option<String> = last.take();
                let behind = behind.unwrap_or_default();
                page.goes_on(options.options().order_by.position(&Value::Null, &behind));
                return Ok(false);
            }
            page.push(Value::Object(options.select(item)));
            last = Some(key.to_owned());
            Ok(true)
        },
    )?;
    let mut count = None;
    if options.wants_count() {
        let mut all = 0;
        each(
            store,
            kind,
            prefix,
            prefix,
            AT_ONCE,
            &mut |key, document| {
                let item = shown(key, document)?;
                all += u64::from(item.is_some_and(|item| options.admits(&Value::Object(item))));
                Ok(true)
            },
        )?;
        count = Some(all);
    }
    Ok(page.reply(asked, asked.context(context), count))
}

/// Goes through documents whose keys begin with `prefix`, behind `after`, until it is enough.
fn each(
    store: &dyn Store,
    kind: DocumentKind,
    prefix: &str,
    after: &str,
    at_once: usize,
    take: &mut dyn FnMut(&str, Document) -> Result<bool, ApiError>,
) -> Result<(), ApiError> {
    let mut after = after.to_owned();
    loop {
        let stored = store.page(kind, Some(&after), at_once)?;
        let is_last = stored.len() < at_once;
        for stored in stored {
            let key = &*stored.address.key;
            if !key.starts_with(prefix) {
                return Ok(());
            }
            let document = Document::parse(&stored.text)
                .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))?;
            if !take(key, document)? {
                return Ok(());
            }
            key.clone_into(&mut after);
        }
        if is_last {
            return Ok(());
        }
    }
}

const AT_ONCE: usize = 500;
