//! Whether a condition is true of a request.

use std::net::IpAddr;

use crossgate_config::{Condition, HomeIs, Selection};
use crossgate_policy::Decision;
use crossgate_policy::decision::{Device, Mfa};
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::{Home, Subject};
use crossgate_policy::target::Target;

/// One request, and what was decided about it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) policy: &'a Snapshot,
    pub(super) target: &'a Target,
    /// `None` for a call without a token.
    pub(super) subject: Option<&'a Subject>,
    pub(super) address: Option<IpAddr>,
    pub(super) decision: &'a Decision,
}

/// Whether a selection takes a request, as far as that is no matter of what the sign-in showed. `None`: it never does.
pub(super) fn selects_who(selection: &Selection, asked: Asked<'_>) -> Option<Excepted> {
    if !is_who(&selection.all_of, asked) {
        return None;
    }
    match &selection.except {
        Some(except) if is_who(except, asked) => {
            asks_what_was_shown(except).then_some(Excepted::IfShown)
        }
        Some(_) | None => Some(Excepted::No),
    }
}

/// Whether a request that is selected so far may be excepted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Excepted {
    No,
    /// Where it shows what the exception asks for.
    IfShown,
}

/// The rest: by what the sign-in showed.
pub(super) fn selects_shown(
    selection: &Selection,
    excepted: Excepted,
    decision: &Decision,
) -> bool {
    is_shown(&selection.all_of, decision)
        && match (excepted, &selection.except) {
            (Excepted::IfShown, Some(except)) => !is_shown(except, decision),
            (Excepted::No, _) | (Excepted::IfShown, None) => true,
        }
}

/// Whether anything in it hangs on what the sign-in showed.
pub(super) const fn asks_what_was_shown(condition: &Condition) -> bool {
    condition.mfa.is_some() || condition.trusted_device.is_some()
}

fn is_shown(condition: &Condition, decision: &Decision) -> bool {
    let mfa = match decision.mfa() {
        Mfa::Own | Mfa::HomeTrusted | Mfa::Resource => true,
        Mfa::None | Mfa::HomeUntrusted => false,
    };
    let device = match decision.device() {
        Device::OwnHybrid
        | Device::OwnCompliant
        | Device::HybridTrusted
        | Device::CompliantTrusted => true,
        Device::None | Device::HybridUntrusted | Device::CompliantUntrusted => false,
    };
    condition.mfa.is_none_or(|counts| counts == mfa)
        && condition
            .trusted_device
            .is_none_or(|counts| counts == device)
}

fn is_who(condition: &Condition, asked: Asked<'_>) -> bool {
    let Condition {
        home,
        app,
        direction,
        access_type,
        kind,
        user,
        group,
        client,
        address,
        mfa: _,
        trusted_device: _,
    } = condition;
    let (subject, facts) = (asked.subject, asked.decision.facts());
    let own = asked.policy.own.id;
    let lives = |home: Home, is: HomeIs| match (is, home) {
        (HomeIs::Own, Home::Tenant { tenant, .. }) => tenant.0 == own,
        (HomeIs::Other, Home::Tenant { tenant, .. }) => tenant.0 != own,
        (HomeIs::Nowhere, Home::MicrosoftAccount | Home::NoTenant) => true,
        (HomeIs::Tenant(tenant), home) => home.recorded_tenant() == Some(tenant),
        (HomeIs::Own | HomeIs::Other, Home::MicrosoftAccount | Home::NoTenant)
        | (HomeIs::Nowhere, Home::Tenant { .. }) => false,
    };
    // A key that is absent says nothing.
    let is = |holds: Option<bool>| holds.unwrap_or(true);
    is(home.as_ref().map(|homes| {
        subject.is_some_and(|subject| homes.iter().any(|is| lives(subject.home, *is)))
    })) && is(app.as_ref().map(|apps| apps.contains(&asked.target.id)))
        && is(direction
            .as_ref()
            .map(|directions| facts.is_some_and(|facts| directions.contains(&facts.direction))))
        && is(access_type.as_ref().map(|types| {
            let access_type = asked.decision.access_type();
            access_type.is_some_and(|access_type| types.contains(&access_type))
        }))
        && is(kind.map(|kind| subject.is_some_and(|subject| subject.kind == kind)))
        && is(user.as_ref().map(|users| {
            let of_token = subject
                .into_iter()
                .flat_map(|subject| [subject.user_id.as_ref(), subject.home_oid.as_ref()]);
            let known = facts
                .into_iter()
                .flat_map(|facts| [facts.own_user_id.as_ref(), facts.home_user_id.as_ref()]);
            let mut ids = of_token.chain(known).flatten();
            ids.any(|id| users.contains(id))
        }))
        && is(group.as_ref().map(|groups| is_in(groups, asked)))
        && is(client.as_ref().map(|clients| {
            let client = subject.and_then(|subject| subject.client.as_ref());
            client.is_some_and(|client| clients.contains(client))
        }))
        && is(address.as_ref().map(|ranges| {
            let address = asked.address;
            address.is_some_and(|address| ranges.iter().any(|range| range.contains(&address)))
        }))
}

/// Whether the token or the guest's record says so.
fn is_in(groups: &[Id], asked: Asked<'_>) -> bool {
    let of_token = asked.subject.map(|subject| &*subject.groups.listed);
    let facts = asked.decision.facts();
    let record = facts
        .and_then(|facts| facts.own_user_id.as_ref())
        .and_then(|id| asked.policy.guests.by_id(id));
    let of_record = record.and_then(|record| record.home_groups.as_deref());
    let mut all = of_token.into_iter().chain(of_record).flatten();
    all.any(|group| groups.contains(group))
}
