//! What goes takes with it, in one step, all that names it.

use crossgate_graph::Standing;

use super::asked::Asked;
use super::call::Reply;
use super::documents::missing;
use super::error::ApiError;
use super::{Api, permission};
use crate::audit::{Attempt, modified};
use crate::document::{Address, Write};
use crate::ledger::Planned;
use crate::resource::Resource;
use crate::store::Store;

/// What else goes, as the store is then.
type Traces<'a> = dyn Fn(&dyn Store, &Standing) -> Result<Vec<Write>, ApiError> + 'a;

/// Removes a resource, and whatever else goes with it.
pub(super) fn remove(
    api: &Api,
    asked: &Asked<'_>,
    (resource, address): (&Resource, &Address),
    attempt: &Attempt<'_>,
    traces: &Traces<'_>,
) -> Result<Reply, ApiError> {
    let change = &mut |store: &dyn Store, standing: &Standing| {
        permission::by_role(api, asked, &api.ledger.roles())?;
        let current = api.ledger.current(address)?;
        let current = current.filter(|current| (resource.is)(&current.document));
        let current = current.ok_or_else(|| missing(asked))?;
        asked.check_version(Some(&current))?;
        let mut writes = traces(store, standing)?;
        writes.push(Write {
            address: address.clone(),
            text: None,
        });
        Ok(Some(Planned {
            modified: modified(Some(&current.document), None),
            writes,
            details: Vec::new(),
        }))
    };
    let advisories = api
        .ledger
        .change_as_planned(attempt, asked.confirmation(), change)?;
    Ok(Reply::nothing().advising(advisories.unwrap_or_default()))
}
