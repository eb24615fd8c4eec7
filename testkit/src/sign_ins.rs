//! Invented sign-in events, as many as one likes, of which everything is known without reading them: what a store and its
//! reports say of them can be held against what they were made of.

use std::fmt::Write as _;

use jiff::Timestamp;

/// The own tenant of invented events.
pub const OWN: &str = "11111111-1111-4111-8111-111111111111";

/// How events are invented.
#[derive(Clone, Copy, Debug)]
pub struct Invention {
    /// How many there are.
    pub events: u64,
    /// They end before this time, in milliseconds since 1970.
    pub until: i64,
    /// And spread over so many days before it.
    pub days: u32,
    /// Partners.
    pub tenants: u64,
    /// Users of all partners, and of the own tenant.
    pub users: u64,
    /// Apps.
    pub apps: u64,
}

/// What an event was made of.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the property of its name in Graph's `signIn`"
)]
pub struct Invented {
    /// Its number.
    pub number: u64,
    pub id: String,
    pub correlation_id: String,
    /// `createdDateTime`, in milliseconds.
    pub at: i64,
    /// How many requests it stands for.
    pub requests: u64,
    pub home_tenant_id: String,
    pub resource_tenant_id: String,
    pub cross_tenant_access_type: &'static str,
    pub user_id: String,
    pub user_principal_name: String,
    pub user_display_name: String,
    pub resource_id: String,
    pub resource_display_name: String,
    pub error_code: u32,
    pub is_tenant_restricted: bool,
    pub ip_address: String,
}

impl Invention {
    /// So many events over 30 days, of a few hundred partners.
    #[must_use]
    pub const fn of(events: u64, until: i64) -> Self {
        Self {
            events,
            until,
            days: 30,
            tenants: 400,
            users: 100_000,
            apps: 40,
        }
    }

    /// Event number so much, counted from 0 in the order of their times.
    #[must_use]
    pub fn event(&self, number: u64) -> Invented {
        let mut dice = Dice::of(number);
        let span = i64::from(self.days) * 24 * 60 * 60 * 1000;
        let at = self.until - span
            + (i128::from(span) * i128::from(number) / i128::from(self.events)) as i64;
        // Few partners come often.
        let tenant = dice
            .below(self.tenants)
            .min(dice.below(self.tenants))
            .min(dice.below(self.tenants));
        let kind = dice.below(100);
        let (home, resource, access) = match kind {
            0..20 => (OWN.to_owned(), OWN.to_owned(), "none"),
            20..30 => (OWN.to_owned(), guid(TENANT, tenant), "b2bCollaboration"),
            30..40 => (guid(TENANT, tenant), OWN.to_owned(), "b2bDirectConnect"),
            _ => (guid(TENANT, tenant), OWN.to_owned(), "b2bCollaboration"),
        };
        let of_tenant = self.users / (self.tenants + 1);
        let user = if kind < 30 {
            dice.below(of_tenant)
        } else {
            of_tenant * (tenant + 1) + dice.below(of_tenant)
        };
        let app = dice.below(self.apps).min(dice.below(self.apps));
        let error_code = match dice.below(100_000) {
            0 => 5_000_211,
            1..4000 => 500_213,
            4000..7000 => 50_076,
            7000..9000 => 53_003,
            _ => 0,
        };
        let requests = if dice.below(10) == 0 {
            1 + dice.below(500)
        } else {
            1
        };
        let address = dice.next();
        Invented {
            number,
            id: guid(dice.next(), dice.next()),
            correlation_id: guid(dice.next(), dice.next()),
            at,
            requests,
            home_tenant_id: home,
            resource_tenant_id: resource,
            cross_tenant_access_type: access,
            user_id: guid(USER, user),
            user_principal_name: format!("user{user}@partner{tenant}.example"),
            user_display_name: format!("User {user} of Partner {tenant}"),
            resource_id: guid(APP, app),
            resource_display_name: format!("App {app}"),
            error_code,
            is_tenant_restricted: error_code == 5_000_211,
            ip_address: format!("198.51.{}.{}", (address >> 8) as u8, address as u8),
        }
    }
}

impl Invented {
    /// `createdDateTime`.
    #[must_use]
    pub fn created(&self) -> String {
        format!("{:.3}", Timestamp::from_millisecond(self.at).unwrap())
    }

    /// The other tenant than the own one: where the user is from, or goes to.
    #[must_use]
    pub fn external_tenant(&self) -> Option<&str> {
        [&self.home_tenant_id, &self.resource_tenant_id]
            .into_iter()
            .map(String::as_str)
            .find(|tenant| *tenant != OWN)
    }

    /// Appends the event as a gateway writes it, with a line feed.
    pub fn write(&self, out: &mut String) {
        let created = self.created();
        let mut dice = Dice::of(!self.number);
        let (token, session) = (
            guid(dice.next(), dice.next()),
            guid(dice.next(), dice.next()),
        );
        let (outcome, reason, step, status) = match self.error_code {
            0 => ("allow", "admitted", "app_rules", 200),
            50_076 => ("step-up", "mfa_required", "conditional_access", 401),
            53_003 => ("block", "blocked_by_policy", "conditional_access", 403),
            500_213 => ("block", "not_admitted", "inbound", 403),
            _ => ("block", "tenant_restricted", "tenant_restrictions", 403),
        };
        let details = if self.error_code == 0 {
            r#""failureReason":null,"additionalDetails":null"#.to_owned()
        } else {
            format!(
                r#""failureReason":"This organisation's settings do not admit this user of the other organisation.","additionalDetails":"{reason}""#
            )
        };
        let direction = match (self.home_tenant_id == OWN, self.resource_tenant_id == OWN) {
            (true, true) => "internal",
            (true, false) => "outbound",
            (false, _) => "inbound",
        };
        let Self {
            id,
            correlation_id,
            home_tenant_id: home,
            resource_tenant_id: resource,
            user_id,
            ..
        } = self;
        let _ = writeln!(
            out,
            r#"{{"id":"{id}","createdDateTime":"{created}","userDisplayName":"{}","userPrincipalName":"{}","userId":"{user_id}","appId":"{}","appDisplayName":"Client","ipAddress":"{}","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36","correlationId":"{correlation_id}","conditionalAccessStatus":"{}","appliedConditionalAccessPolicies":[{{"id":"ca000000-0000-4000-8000-000000000001","displayName":"MFA for guests","enforcedGrantControls":["mfa"],"enforcedSessionControls":[],"result":"success"}}],"isInteractive":false,"resourceDisplayName":"{}","resourceId":"{}","homeTenantId":"{home}","resourceTenantId":"{resource}","servicePrincipalId":null,"servicePrincipalName":null,"status":{{"errorCode":{},{details}}},"deviceDetail":{{"deviceId":null,"isCompliant":null,"isManaged":null,"trustType":null}},"authenticationRequirement":"multiFactorAuthentication","crossTenantAccessType":"{}","isTenantRestricted":{},"processingTimeInMilliseconds":{},"sessionId":"{session}","signInEventTypes":["nonInteractiveUser"],"tokenIssuerName":"entra","tokenIssuerType":"AzureAD","uniqueTokenIdentifier":"{}","userType":"guest","crossgate":{{"decisionId":"{id}","outcome":"{outcome}","reason":"{reason}","step":"{step}","enforcement":"enforce","direction":"{direction}","provider":null,"snapshot":"5f2b1c0d9e8a7766","generation":{},"mfa":"home-trusted","device":"none","requirements":[],"explanation":[{{"step":"token","document":"crossgate.toml","property":"issuer[0]","result":"verified"}},{{"step":"revocation","document":"revocations","property":"value","result":"none applies"}},{{"step":"cloud","document":"cross-tenant-access-policy","property":"allowedCloudEndpoints","result":"same cloud"}},{{"step":"inbound","document":"partners/{home}","property":"b2bCollaborationInbound.usersAndGroups","result":"admits"}},{{"step":"inbound","document":"default","property":"b2bCollaborationInbound.applications","result":"admits"}},{{"step":"conditional_access","document":"conditional-access/ca000000-0000-4000-8000-000000000001","property":"grantControls","result":"met by mfa of the home tenant"}}],"nearestChange":null,"httpStatus":{status},"count":{},"firstSeen":"{created}","lastSeen":"{created}"}}}}"#,
            self.user_display_name,
            self.user_principal_name,
            guid(APP, 0xc),
            self.ip_address,
            if self.error_code == 53_003 {
                "failure"
            } else {
                "success"
            },
            self.resource_display_name,
            self.resource_id,
            self.error_code,
            self.cross_tenant_access_type,
            self.is_tenant_restricted,
            dice.below(40),
            token.replace('-', "").get(..22).unwrap_or_default(),
            self.number / 1_000_000,
            self.requests,
        );
    }
}

const TENANT: u64 = 0x7e7a_0000;
const USER: u64 = 0x05e2_0000;
const APP: u64 = 0x0a99_0000;

/// Digit by digit: an event has many of them, and millions of events are made.
fn guid(high: u64, low: u64) -> String {
    let version = 0x4000 | (high >> 48) & 0xfff;
    let variant = 0x8000 | (low >> 48) & 0xfff;
    let first = (high << 32) | ((high >> 16) & 0xffff_0000) | version;
    let last = (variant << 48) | low & 0xffff_ffff_ffff;
    let digits = (u128::from(first) << 64) | u128::from(last);
    let mut text = String::with_capacity(36);
    for place in 0..32 {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        let digit = (digits >> (124 - 4 * place)) as u32 & 0xf;
        text.extend(char::from_digit(digit, 16));
    }
    text
}

/// Numbers without a pattern, the same for the same beginning (`SplitMix64`).
struct Dice(u64);

impl Dice {
    /// Those of neighbours have nothing in common.
    const fn of(number: u64) -> Self {
        let mut seed = Self(number);
        Self(seed.next())
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_written_with_all_of_its_digits() {
        let (high, low) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        assert_eq!(guid(high, low), "89abcdef-4567-4123-8edc-ba9876543210");
        assert_eq!(guid(TENANT, 7), "7e7a0000-0000-4000-8000-000000000007");
    }
}
