//! Groups (RFC 7643, section 4.2). Their members are users; groups in groups are not kept.

use super::{Schema, complex, reference, text};

pub(super) static CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    about: "A group of the partner's",
    attributes: &[
        text("displayName").required(),
        complex(
            "members",
            &[
                text("value").immutable(),
                reference("$ref", &["User"]).immutable(),
                text("type").immutable().usually(&["User"]),
            ],
        )
        .many(),
    ],
};
