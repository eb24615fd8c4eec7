//! Guests, as Graph's `user`, and their invitations.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, complex, complexes, date_time, open, text,
    texts,
};

/// `user`, of which only guests are kept here: the own tenant's people are its identity provider's.
pub static USER: EntityType = EntityType {
    name: "user",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("deletedDateTime").read_only().if_stored(),
        boolean("accountEnabled").initially("true"),
        texts("businessPhones").initially("[]"),
        text("city"),
        text("companyName"),
        text("country"),
        date_time("createdDateTime").read_only(),
        text("creationType").read_only(),
        text("department"),
        text("displayName"),
        text("externalUserState").read_only(),
        date_time("externalUserStateChangeDateTime").read_only(),
        text("givenName"),
        complexes("identities", &OBJECT_IDENTITY).initially("[]"),
        text("jobTitle"),
        text("mail"),
        text("mailNickname"),
        text("mobilePhone"),
        text("officeLocation"),
        texts("otherMails").initially("[]"),
        text("postalCode"),
        text("preferredLanguage"),
        complex("signInActivity", &SIGN_IN_ACTIVITY)
            .read_only()
            .if_stored(),
        date_time("signInSessionsValidFromDateTime").read_only(),
        text("state"),
        text("streetAddress"),
        text("surname"),
        text("usageLocation"),
        text("userPrincipalName").read_only(),
        choice("userType", &USER_TYPE).initially("\"Guest\""),
        open("crossgate").if_stored(),
    ],
};

static USER_TYPE: EnumType = EnumType {
    name: "userType",
    members: &["Member", "Guest"],
};

static SIGN_IN_ACTIVITY: ComplexType = ComplexType {
    name: "signInActivity",
    properties: &[
        date_time("lastSignInDateTime"),
        text("lastSignInRequestId"),
        date_time("lastSuccessfulSignInDateTime"),
        text("lastSuccessfulSignInRequestId"),
    ],
};

static OBJECT_IDENTITY: ComplexType = ComplexType {
    name: "objectIdentity",
    properties: &[text("signInType"), text("issuer"), text("issuerAssignedId")],
};

/// `invitation`. Answered when it is made, and read by nobody afterwards: its link is a secret.
pub static INVITATION: EntityType = EntityType {
    name: "invitation",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("inviteRedeemUrl").read_only(),
        text("invitedUserDisplayName"),
        text("invitedUserType").initially("\"Guest\""),
        text("invitedUserEmailAddress").at_creation(),
        boolean("sendInvitationMessage").initially("false"),
        boolean("resetRedemption").initially("false"),
        text("inviteRedirectUrl").at_creation(),
        text("status").read_only(),
        complex("invitedUserMessageInfo", &INVITED_USER_MESSAGE_INFO),
        open("invitedUser").if_stored(),
        open("invitedUserSponsors").if_stored(),
        open("crossgate").if_stored(),
    ],
};

static INVITED_USER_MESSAGE_INFO: ComplexType = ComplexType {
    name: "invitedUserMessageInfo",
    properties: &[
        text("messageLanguage"),
        complexes("ccRecipients", &RECIPIENT),
        text("customizedMessageBody"),
    ],
};

static RECIPIENT: ComplexType = ComplexType {
    name: "recipient",
    properties: &[complex("emailAddress", &EMAIL_ADDRESS)],
};

static EMAIL_ADDRESS: ComplexType = ComplexType {
    name: "emailAddress",
    properties: &[text("name"), text("address")],
};
