//! The keys of a few issuers, fetched once.

use std::collections::HashMap;

use crossgate_config::IssuerSettings;
use crossgate_token::KeySet;

use crate::cli::ending::Failure;
use crate::live::fetch::Fetcher;

/// The key sets by the names of their issuers, and why those are missing that could not be had.
pub(super) fn fetch<'i>(
    issuers: impl Iterator<Item = &'i IssuerSettings>,
) -> Result<(HashMap<String, KeySet>, Vec<String>), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime
        .map_err(|error| Failure::Unusable(format!("the system gives no event loop: {error}")))?;
    let fetcher = Fetcher::new().map_err(|fault| Failure::Unusable(fault.to_string()))?;
    let (mut sets, mut missing) = (HashMap::new(), Vec::new());
    for issuer in issuers {
        match runtime.block_on(fetcher.key_set(issuer)) {
            Ok(fetched) => {
                sets.insert(issuer.name.clone(), fetched.keys);
            }
            Err(fault) => missing.push(format!(
                "the keys of issuer `{}` cannot be had: {fault}",
                issuer.name
            )),
        }
    }
    Ok((sets, missing))
}
