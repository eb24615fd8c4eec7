//! Sections 3 and 4: the direction of a request and its access type.

use serde_json::Value;

use super::guest;
use super::home::{Home, Token};
use super::ids::same;
use super::raw::{Book, flag, text};

/// A valid token on a known app, with all that follows from the two.
pub(super) struct Placed<'a> {
    pub(super) app: &'a Value,
    pub(super) token: Token<'a>,
    pub(super) resource_tenant: &'a str,
    /// The own tenant signed the token.
    pub(super) own_issued: bool,
    /// The home tenant signed the token.
    pub(super) home_issued: bool,
    /// The tenant that owns the app signed the token.
    pub(super) resource_issued: bool,
    pub(super) direction: Direction,
    pub(super) access: &'static str,
    /// The guest record that was found for the subject.
    pub(super) record: Option<&'a Value>,
}

/// Section 3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    Internal,
    Outbound,
    Inbound,
    TenantRestricted,
}

impl Direction {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::TenantRestricted => "tenant-restricted",
        }
    }
}

impl<'a> Placed<'a> {
    pub(super) fn new(book: &'a Book, app: &'a Value, token: Token<'a>) -> Self {
        let resource_tenant = book.resource_tenant(app);
        let resource_is_own = book.is_own(resource_tenant);
        let home_is_own = token
            .home
            .tenant()
            .is_some_and(|tenant| book.is_own(tenant));
        let direction = match (home_is_own, resource_is_own) {
            (true, true) => Direction::Internal,
            (true, false) => Direction::Outbound,
            (false, true) => Direction::Inbound,
            (false, false) => Direction::TenantRestricted,
        };
        let own_issued = book.is_own(token.issuer_tenant);
        let home_issued = token
            .home
            .recorded()
            .is_some_and(|home| same(home, token.issuer_tenant));
        let resource_issued = same(token.issuer_tenant, resource_tenant);
        let mut placed = Self {
            app,
            token,
            resource_tenant,
            own_issued,
            home_issued,
            resource_issued,
            direction,
            access: "none",
            record: None,
        };
        placed.record = guest::record(book, &placed);
        placed.access = placed.access_type(book);
        placed
    }

    fn access_type(&self, book: &Book) -> &'static str {
        match self.direction {
            Direction::Internal => "none",
            Direction::Inbound => self.inbound_access_type(book),
            Direction::Outbound if self.resource_issued => "b2bCollaboration",
            Direction::Outbound => "b2bDirectConnect",
            Direction::TenantRestricted => match (self.home_issued, self.resource_issued) {
                (true, true) => "none",
                (true, false) => "b2bDirectConnect",
                (false, _) => "b2bCollaboration",
            },
        }
    }

    fn inbound_access_type(&self, book: &Book) -> &'static str {
        let provider = self.token.home.tenant().and_then(|home| book.partner(home));
        let provider = provider.is_some_and(|partner| flag(partner, "isServiceProvider"));
        if self.token.app_only {
            return if provider {
                "serviceProvider"
            } else {
                "passthrough"
            };
        }
        if self.own_issued
            || self.record.is_some()
            || matches!(self.token.home, Home::MicrosoftAccount)
        {
            return "b2bCollaboration";
        }
        if provider {
            "serviceProvider"
        } else {
            "b2bDirectConnect"
        }
    }

    /// A user that is not ours on an app that is.
    pub(super) fn inbound_user(&self) -> bool {
        self.direction == Direction::Inbound && !self.token.app_only
    }

    /// The calling client: `azp`, or `appid` in older tokens.
    pub(super) fn client(&self) -> Option<&'a str> {
        text(self.token.claims, "azp").or_else(|| text(self.token.claims, "appid"))
    }
}
