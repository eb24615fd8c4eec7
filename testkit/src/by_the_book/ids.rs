//! Section 1: identifiers shaped like a GUID are compared without regard to case, any other string exactly.

/// The tenant of consumer Microsoft accounts.
pub(super) const MICROSOFT_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Eight, four, four, four and twelve hexadecimal digits between hyphens.
pub(super) fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts
            .iter()
            .all(|part| part.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Whether two identifiers are the same one.
pub(super) fn same(one: &str, other: &str) -> bool {
    if is_guid(one) && is_guid(other) {
        one.eq_ignore_ascii_case(other)
    } else {
        one == other
    }
}

/// Whether a list names the identifier.
pub(super) fn listed(list: &[&str], id: &str) -> bool {
    list.iter().any(|entry| same(entry, id))
}
