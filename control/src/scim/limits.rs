//! How much one record may hold and one change may ask for. A change is worked out while nobody else can change anything, and whatever a
//! partner sends is kept.

use serde_json::Value;

use super::fault::Fault;
use super::schema::Attribute;
use super::values::Attributes;

/// A list of values is not longer than anybody needs. Members of a group are no list here: each stands with its own record.
pub(super) fn check_values(attribute: &Attribute, values: &[Value]) -> Result<(), Fault> {
    if attribute.name == MEMBERS || values.len() <= MOST_VALUES {
        return Ok(());
    }
    Err(Fault::value(format!(
        "`{}` has {} values; expected at most {MOST_VALUES}",
        attribute.name,
        values.len()
    )))
}

/// What a partner tells of one user or group is not larger than this, however many changes it came by.
pub(super) fn check_size(attributes: &Attributes) -> Result<(), Fault> {
    let size = serde_json::to_string(attributes).map_or(usize::MAX, |text| text.len());
    if size <= MOST_BYTES {
        return Ok(());
    }
    Err(Fault::value(format!(
        "the resource is {size} bytes of JSON; expected at most {MOST_BYTES}"
    )))
}

/// A user is in no more groups than this: the record names each.
pub(super) fn check_groups(groups: usize) -> Result<(), Fault> {
    if groups <= MOST_GROUPS {
        return Ok(());
    }
    Err(Fault::value(format!(
        "`members`: a user is in {MOST_GROUPS} groups already, and in no more"
    )))
}

/// The attribute that is kept elsewhere.
pub(super) const MEMBERS: &str = "members";

/// People have a few addresses and telephones.
const MOST_VALUES: usize = 100;

/// A user as Entra sends them has two or three thousand.
const MOST_BYTES: usize = 64 << 10;

/// Entra puts up to 200 groups into a token, and Active Directory some 1,000.
const MOST_GROUPS: usize = 1000;

/// What the operations of one change may name together, but for members of a group: each is compared with those that are there.
pub(super) const MOST_NAMED: usize = 1000;

/// Members that the filters of one change may look at: all of a large group, some times over.
pub(super) const MOST_LOOKED_AT: usize = 200_000;

/// Records that one step writes. What a change of a group means for more members is done in several, so that others have their turn.
pub(super) const MOST_AT_ONCE: usize = 500;
