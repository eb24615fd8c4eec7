//! Section 6, step `conditional_access`: every enabled policy that matches is applied.
//!
//! Readings taken where the page is silent:
//! - the guest kinds exclude each other: an identity without a tenant and without a record is an `otherExternalUser` and not
//!   also a collaboration guest;
//! - `GuestsOrExternalUsers` is every inbound user and the internal guests;
//! - external tenants that are not given are all of them;
//! - a condition that is null or absent holds for everything;
//! - strengths are listed in the order of their ids.

use serde_json::Value;

use super::access::{Direction, Placed};
use super::answer::Refusal;
use super::claim_map::{self, shows};
use super::home::Home;
use super::ids::{MICROSOFT_ACCOUNTS, listed, same};
use super::people::{self, Known};
use super::raw::{Book, entries, set, text, texts};
use super::trust::{self, Trust};

const STEP: &str = "conditional_access";

/// Step `conditional_access`, for internal and inbound users.
pub(super) fn check(book: &Book, case: &Value, placed: &Placed<'_>) -> Result<(), Refusal> {
    if placed.token.app_only
        || !matches!(placed.direction, Direction::Internal | Direction::Inbound)
    {
        return Ok(());
    }
    let applied: Vec<&Value> = book
        .policy
        .conditional_access
        .iter()
        .filter(|policy| {
            text(policy, "state") == Some("enabled") && matches_request(book, case, placed, policy)
        })
        .collect();
    if applied
        .iter()
        .any(|policy| texts(&policy["grantControls"], "builtInControls").contains(&"block"))
    {
        return Err(Refusal::new(STEP, 53003));
    }
    let trust = trust::trust(book, placed);
    let mut unmet = Unmet::default();
    for policy in applied {
        unmet.add_policy(&policy["grantControls"], case, placed, &trust);
    }
    unmet.add_contexts(placed, &trust);
    unmet.into_result(placed, &trust)
}

fn matches_request(book: &Book, case: &Value, placed: &Placed<'_>, policy: &Value) -> bool {
    let conditions = &policy["conditions"];
    users_match(&conditions["users"], placed)
        && applications_match(&conditions["applications"], placed)
        && client_types_match(conditions)
        && locations_match(book, case, conditions)
}

/// An unknown membership is taken as included and as not excluded; exclusion beats inclusion.
fn users_match(users: &Value, placed: &Placed<'_>) -> bool {
    if users.is_null() {
        return true;
    }
    let included = selected(users, "include", placed);
    let excluded = selected(users, "exclude", placed);
    included != Known::No && excluded != Known::Yes
}

fn selected(users: &Value, side: &str, placed: &Placed<'_>) -> Known {
    let list = |what: &str| texts(users, &format!("{side}{what}"));
    let mut found = Vec::new();
    for user in list("Users") {
        let hit = match user {
            "All" => true,
            "None" => false,
            "GuestsOrExternalUsers" => {
                placed.direction == Direction::Inbound || people::internal_guest(placed)
            }
            id => people::own_user(placed).is_some_and(|own| same(own, id)),
        };
        found.push(if hit { Known::Yes } else { Known::No });
    }
    let groups = people::own_groups(placed);
    found.extend(list("Groups").iter().map(|group| groups.has(group)));
    found.extend(
        list("Roles")
            .iter()
            .map(|role| people::directory_role(placed, role)),
    );
    if let Some(guests) = set(users, &format!("{side}GuestsOrExternalUsers")) {
        found.push(if guest_kind_matches(guests, placed) {
            Known::Yes
        } else {
            Known::No
        });
    }
    if found.contains(&Known::Yes) {
        Known::Yes
    } else if found.contains(&Known::Unknown) {
        Known::Unknown
    } else {
        Known::No
    }
}

fn guest_kind_matches(guests: &Value, placed: &Placed<'_>) -> bool {
    let Some(kind) = guest_kind(placed) else {
        return false;
    };
    let kinds: Vec<&str> = text(guests, "guestOrExternalUserTypes")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    if !kinds.contains(&kind) {
        return false;
    }
    let tenants = &guests["externalTenants"];
    if kind == "internalGuest" || text(tenants, "membershipKind") != Some("enumerated") {
        return true;
    }
    let home = match &placed.token.home {
        Home::Tenant { id, .. } => id,
        Home::MicrosoftAccount => MICROSOFT_ACCOUNTS,
        Home::Nobody => return false,
    };
    listed(&texts(tenants, "members"), home)
}

fn guest_kind(placed: &Placed<'_>) -> Option<&'static str> {
    if placed.direction == Direction::Internal {
        return people::internal_guest(placed).then_some("internalGuest");
    }
    let without_tenant = placed.token.home.tenant().is_none();
    Some(match placed.access {
        "serviceProvider" => "serviceProvider",
        "b2bDirectConnect" => "b2bDirectConnectUser",
        _ if without_tenant && placed.record.is_none() => "otherExternalUser",
        _ if people::collaborates_as_member(placed) => "b2bCollaborationMember",
        _ => "b2bCollaborationGuest",
    })
}

fn applications_match(applications: &Value, placed: &Placed<'_>) -> bool {
    if applications.is_null() {
        return true;
    }
    let id = text(placed.app, "id").unwrap_or_default();
    let included = texts(applications, "includeApplications");
    let by_app = included.contains(&"All") || listed(&included, id);
    let demanded = texts(placed.app, "auth_contexts");
    let contexts = texts(applications, "includeAuthenticationContextClassReferences");
    let by_context = contexts.iter().any(|context| demanded.contains(context));
    (by_app || by_context) && !listed(&texts(applications, "excludeApplications"), id)
}

/// A bearer request may come from a browser or from a client on the desktop; it never is one of the legacy kinds.
fn client_types_match(conditions: &Value) -> bool {
    let types = texts(conditions, "clientAppTypes");
    types.is_empty()
        || types
            .iter()
            .any(|kind| matches!(*kind, "all" | "browser" | "mobileAppsAndDesktopClients"))
}

fn locations_match(book: &Book, case: &Value, conditions: &Value) -> bool {
    let Some(locations) = set(conditions, "locations") else {
        return true;
    };
    let Some(address) = text(case, "client_ip") else {
        return true;
    };
    let address: std::net::IpAddr = address.parse().expect("a case's address");
    // An IPv4 address is the same one when a socket that serves both versions maps it.
    let address = address.to_canonical();
    let is_in = |name: &&str| match *name {
        "All" => true,
        "AllTrusted" => book.policy.named_locations.iter().any(|place| {
            place.get("isTrusted").and_then(Value::as_bool) == Some(true) && holds(place, address)
        }),
        id => book.policy.named_locations.iter().any(|place| {
            text(place, "id").is_some_and(|place| same(place, id)) && holds(place, address)
        }),
    };
    let included = texts(locations, "includeLocations");
    (included.is_empty() || included.iter().any(is_in))
        && !texts(locations, "excludeLocations").iter().any(is_in)
}

fn holds(place: &Value, address: std::net::IpAddr) -> bool {
    entries(place, "ipRanges")
        .iter()
        .filter_map(|range| text(range, "cidrAddress"))
        .any(|range| {
            range
                .parse::<ipnet::IpNet>()
                .expect("an address range")
                .contains(&address)
        })
}

/// All that is asked for and not there.
#[derive(Default)]
struct Unmet {
    mfa: bool,
    strengths: Vec<String>,
    contexts: Vec<String>,
    terms: bool,
    compliant: bool,
    hybrid: bool,
}

impl Unmet {
    fn add_policy(&mut self, grant: &Value, case: &Value, placed: &Placed<'_>, trust: &Trust) {
        let asked = Controls::of(grant, placed);
        let missing = asked.missing(case, placed, trust);
        if text(grant, "operator") == Some("OR") {
            if asked.count() == missing.count() {
                self.add(missing.easiest(cannot_meet_mfa(placed, trust)));
            }
        } else {
            self.add(missing);
        }
    }

    fn add(&mut self, controls: Controls<'_>) {
        self.mfa |= controls.mfa;
        self.terms |= !controls.terms.is_empty();
        self.compliant |= controls.compliant;
        self.hybrid |= controls.hybrid;
        self.strengths.extend(controls.strength.map(str::to_owned));
        self.strengths.sort();
        self.strengths.dedup();
    }

    /// The contexts that the app demands, whatever the policies say.
    fn add_contexts(&mut self, placed: &Placed<'_>, trust: &Trust) {
        let believed = placed.own_issued || trust.home_mfa_accepted;
        let shown = claim_map::values(placed.token.issuer, placed.token.claims, "auth_contexts");
        for context in texts(placed.app, "auth_contexts") {
            let stands = believed && shown.contains(&context);
            if !stands && !self.contexts.iter().any(|known| known == context) {
                self.contexts.push(context.to_owned());
            }
        }
    }

    /// Of all that is unmet the first in the page's order is the code.
    fn into_result(self, placed: &Placed<'_>, trust: &Trust) -> Result<(), Refusal> {
        let authentication = self.mfa || !self.strengths.is_empty() || !self.contexts.is_empty();
        let code = if self.compliant {
            53000
        } else if self.hybrid {
            53001
        } else if authentication && cannot_meet_mfa(placed, trust) {
            53003
        } else if authentication {
            50076
        } else if self.terms {
            50158
        } else {
            return Ok(());
        };
        let mut requirements = Vec::new();
        requirements.extend(self.mfa.then(|| "mfa".to_owned()));
        requirements.extend(self.strengths.iter().map(|id| format!("authStrength:{id}")));
        requirements.extend(self.contexts.iter().map(|id| format!("authContext:{id}")));
        requirements.extend(self.terms.then(|| "termsOfUse".to_owned()));
        requirements.extend(self.compliant.then(|| "compliantDevice".to_owned()));
        requirements.extend(self.hybrid.then(|| "domainJoinedDevice".to_owned()));
        Err(Refusal::new(STEP, code).requiring(requirements))
    }
}

/// At direct connect nobody can do MFA here, so what is not trusted from home cannot be met.
fn cannot_meet_mfa(placed: &Placed<'_>, trust: &Trust) -> bool {
    placed.access == "b2bDirectConnect" && !trust.home_mfa_accepted
}

/// A policy's grant controls.
#[derive(Default)]
struct Controls<'a> {
    mfa: bool,
    strength: Option<&'a str>,
    terms: Vec<&'a str>,
    compliant: bool,
    hybrid: bool,
}

impl<'a> Controls<'a> {
    /// What a policy asks for; at direct connect terms of use drop out.
    fn of(grant: &'a Value, placed: &Placed<'_>) -> Self {
        let built_in = texts(grant, "builtInControls");
        let direct = placed.access == "b2bDirectConnect";
        Self {
            mfa: built_in.contains(&"mfa"),
            strength: grant
                .pointer("/authenticationStrength/id")
                .and_then(Value::as_str),
            terms: if direct {
                Vec::new()
            } else {
                texts(grant, "termsOfUse")
            },
            compliant: built_in.contains(&"compliantDevice"),
            hybrid: built_in.contains(&"domainJoinedDevice"),
        }
    }

    fn count(&self) -> usize {
        let flags = [
            self.mfa,
            self.strength.is_some(),
            !self.terms.is_empty(),
            self.compliant,
            self.hybrid,
        ];
        flags.iter().filter(|asked| **asked).count()
    }

    /// Those of them that the subject does not meet. Several terms of use of one control must all be accepted.
    fn missing(&self, case: &Value, placed: &Placed<'_>, trust: &Trust) -> Self {
        let accepted = case
            .get("facts")
            .map(|facts| texts(facts, "termsAccepted"))
            .unwrap_or_default();
        let all_accepted = self.terms.iter().all(|terms| listed(&accepted, terms));
        Self {
            mfa: self.mfa && !trust.mfa,
            strength: self.strength.filter(|id| !strength_met(id, placed, trust)),
            terms: if all_accepted {
                Vec::new()
            } else {
                self.terms.clone()
            },
            compliant: self.compliant && !trust.compliant_device,
            hybrid: self.hybrid && !trust.hybrid_joined_device,
        }
    }

    /// What an unmet OR policy counts as: the first of its alternatives that can be met, else MFA or the strength that cannot.
    fn easiest(self, no_mfa_here: bool) -> Self {
        let (mfa, strength) = (self.mfa, self.strength);
        let none = Self::default();
        if mfa && !no_mfa_here {
            Self { mfa, ..none }
        } else if strength.is_some() && !no_mfa_here {
            Self { strength, ..none }
        } else if !self.terms.is_empty() {
            Self {
                terms: self.terms,
                ..none
            }
        } else if self.compliant {
            Self {
                compliant: true,
                ..none
            }
        } else if self.hybrid {
            Self {
                hybrid: true,
                ..none
            }
        } else if mfa {
            Self { mfa, ..none }
        } else {
            Self { strength, ..none }
        }
    }
}

/// A guest's strength values count only where the home MFA is trusted by the setting.
fn strength_met(id: &str, placed: &Placed<'_>, trust: &Trust) -> bool {
    let value = match id {
        "00000000-0000-0000-0000-000000000002" => return trust.mfa,
        "00000000-0000-0000-0000-000000000003" => "passwordless",
        _ => "phishing_resistant",
    };
    trust.mfa && trust.home_mfa_accepted && shows(placed.token.issuer, placed.token.claims, value)
}
