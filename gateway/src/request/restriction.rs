//! The tenant-restriction headers of a request: for the decision, and for its event.

use std::sync::Arc;

use crossgate_policy::context::RestrictionHeaders;
use http::{HeaderMap, HeaderName};

use super::names;
use crate::sign_ins::RestrictionValues;

/// The tenant-restriction headers of a request.
#[must_use]
pub fn restriction(headers: &HeaderMap) -> RestrictionHeaders<'_> {
    if !restricts(headers) {
        return RestrictionHeaders::Absent;
    }
    let values = |name: &HeaderName| {
        headers
            .get_all(name)
            .iter()
            .map(http::HeaderValue::as_bytes)
    };
    RestrictionHeaders::read(
        values(&names::RESTRICTION_POLICY),
        values(&names::RESTRICTION_TENANTS),
        values(&names::RESTRICTION_CONTEXT),
    )
}

/// Whether any of the three came. Looking at every name once is cheaper than looking for three.
fn restricts(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let begins = |start| name.as_str().starts_with(start);
        (begins("sec-r") || begins("restr"))
            && (*name == names::RESTRICTION_POLICY
                || *name == names::RESTRICTION_TENANTS
                || *name == names::RESTRICTION_CONTEXT)
    })
}

/// The values of the tenant-restriction headers for the event, where any came.
#[must_use]
pub fn restriction_values(headers: &HeaderMap) -> Option<Arc<RestrictionValues>> {
    let values = |name: &HeaderName| {
        let values = headers.get_all(name).iter();
        values.map(|value| value.as_bytes().into()).collect()
    };
    restricts(headers).then(|| {
        Arc::new(RestrictionValues {
            policy: values(&names::RESTRICTION_POLICY),
            tenants: values(&names::RESTRICTION_TENANTS),
            context: values(&names::RESTRICTION_CONTEXT),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn each_restriction_header_is_seen_where_it_comes_alone() {
        assert_eq!(restriction(&HeaderMap::new()), RestrictionHeaders::Absent);
        for (name, value) in [
            (&names::RESTRICTION_POLICY, "restrict-msa"),
            (&names::RESTRICTION_TENANTS, "contoso.com"),
            (&names::RESTRICTION_CONTEXT, "contoso.com"),
        ] {
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            assert_ne!(restriction(&headers), RestrictionHeaders::Absent, "{name}");
            assert!(restriction_values(&headers).is_some(), "{name}");
        }
    }
}
