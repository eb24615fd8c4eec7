//! Users (RFC 7643, sections 4.1 and 4.3).

use super::{Attribute, Schema, boolean, complex, reference, text};

pub(super) static CORE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    about: "A user of the partner's, as a user here",
    attributes: &[
        text("userName").required().unique(),
        complex(
            "name",
            &[
                text("formatted"),
                text("familyName"),
                text("givenName"),
                text("middleName"),
                text("honorificPrefix"),
                text("honorificSuffix"),
            ],
        ),
        text("displayName"),
        text("nickName"),
        text("title"),
        text("userType"),
        text("preferredLanguage"),
        text("locale"),
        text("timezone"),
        boolean("active"),
        complex("emails", VALUES).many(),
        complex("phoneNumbers", VALUES).many(),
        complex(
            "addresses",
            &[
                text("formatted"),
                text("streetAddress"),
                text("locality"),
                text("region"),
                text("postalCode"),
                text("country"),
                text("type").usually(&["work", "home", "other"]),
                boolean("primary"),
            ],
        )
        .many(),
        complex(
            "groups",
            &[
                text("value").read_only(),
                reference("$ref", &["Group"]).read_only(),
                text("display").read_only(),
                text("type").read_only().usually(&["direct"]),
            ],
        )
        .many()
        .read_only(),
    ],
};

pub(super) static ENTERPRISE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    about: "What a company knows of a user",
    attributes: &[
        text("employeeNumber"),
        text("costCenter"),
        text("organization"),
        text("division"),
        text("department"),
        complex(
            "manager",
            &[
                text("value"),
                reference("$ref", &["User"]),
                text("displayName").read_only(),
            ],
        ),
    ],
};

static VALUES: &[Attribute] = &[
    text("value"),
    text("display"),
    text("type").usually(&["work", "home", "mobile", "other"]),
    boolean("primary"),
];
