//! Conditional Access policies. What is not supported is refused in a policy that binds, and told in one that reports.

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{
    AccessPolicy, AppCondition, ClientApps, GuestKind, LocationCondition, PolicyState, UserScope,
};

use super::controls;
use super::locations::{Location, Locations};
use super::setting::bundle_matches_none;
use super::users;
use crate::documents::conditional_access::{
    self as documents, Applications, ClientAppType, Conditions, PolicyDocument, State,
};
use crate::documents::target::BUNDLES;
use crate::reader::path::{At, Step};
use crate::reader::report::{Notes, Slot};
use crate::reader::values::{Text, set};

/// What became of a document.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is evaluated.
    Evaluated(Box<AccessPolicy>),
    /// It is disabled.
    Disabled,
    /// It is report-only and cannot be evaluated, or has faults.
    LeftOut,
}

/// Why a policy cannot be evaluated.
#[derive(Debug, Default)]
pub(super) struct Unsupported {
    found: Vec<(Vec<Step>, String, &'static str)>,
}

impl Unsupported {
    /// The policy uses something that is not supported.
    pub(super) fn add(&mut self, at: &At<'_>, what: &str) {
        self.because(at, format!("{what} is not supported"), "remove it");
    }

    /// The policy cannot be evaluated for this reason; the remedy is one.
    pub(super) fn because(&mut self, at: &At<'_>, reason: String, remedy: &'static str) {
        self.found.push((at.steps(), reason, remedy));
    }
}

/// Compiles one policy; its faults are noted.
pub(crate) fn compile(
    document: &PolicyDocument,
    named: &Locations,
    notes: &mut Notes<'_>,
) -> Outcome {
    let root = At::Root;
    let Some(state) = document.state else {
        notes.fault(
            &root.member("state"),
            "`state` is missing; expected `enabled`, `disabled` or `enabledForReportingButNotEnforced`",
        );
        return Outcome::LeftOut;
    };
    let state = match state {
        State::Disabled => return Outcome::Disabled,
        _ if set(document.deleted_date_time) => return Outcome::Disabled,
        State::Enabled => PolicyState::Enabled,
        State::ReportOnly => PolicyState::ReportOnly,
    };
    let Some(conditions) = document.conditions.as_deref() else {
        notes.fault(
            &root.member("conditions"),
            "`conditions` is missing; the policy would apply to nobody",
        );
        return Outcome::LeftOut;
    };
    let mut unsupported = Unsupported::default();
    let at = root.member("conditions");
    refuse_conditions(conditions, &at, &mut unsupported);
    let (include, exclude) = conditions.users.as_deref().map_or_else(
        || (UserScope::default(), UserScope::default()),
        |written| users::compile(written, &at.member("users"), &mut unsupported, notes),
    );
    let apps = conditions
        .applications
        .as_deref()
        .map_or_else(AppCondition::default, |written| {
            apps(written, &at.member("applications"), &mut unsupported, notes)
        });
    let locations = conditions.locations.as_deref().and_then(|written| {
        locations(
            written,
            named,
            &at.member("locations"),
            &mut unsupported,
            notes,
        )
    });
    let grant_at = root.member("grantControls");
    let grant = document.grant_controls.as_deref();
    let controls = controls::grant(grant, &grant_at, &mut unsupported, notes);
    if let Some(written) = document.session_controls.as_deref() {
        controls::session(written, &root.member("sessionControls"), &mut unsupported);
    }
    if !unsupported.found.is_empty() {
        tell_unsupported(state, unsupported, notes);
        return Outcome::LeftOut;
    }
    let demands = controls.block
        || controls.mfa
        || controls.compliant_device
        || controls.hybrid_joined_device
        || !controls.terms_of_use.is_empty()
        || controls.strength.is_some();
    if !demands {
        notes.advise(&grant_at, "the policy demands nothing");
    }
    if !controls.terms_of_use.is_empty() && state == PolicyState::Enabled {
        notes.advise(
            &grant_at.member("termsOfUse"),
            "people with browsers are asked to accept them where `[[terms]]` has each of these; whoever comes with a token is refused (50158)",
        );
    }
    let id = policy_id(document, notes);
    let name = document
        .display_name
        .as_ref()
        .map_or_else(|| id.clone(), |name| name.0.clone());
    Outcome::Evaluated(Box::new(AccessPolicy {
        id,
        name,
        state,
        include,
        exclude,
        apps,
        client_apps: client_apps(conditions.client_app_types.as_deref().unwrap_or_default()),
        locations,
        controls,
    }))
}

/// Whether a policy demands MFA of direct connect users, who can do it only at home.
pub(crate) fn wants_mfa_of_direct_connect(policy: &AccessPolicy) -> bool {
    let included = policy.include.all
        || policy.include.guests_or_external
        || (policy.include.kinds.as_ref())
            .is_some_and(|kinds| kinds.kinds.contains(&GuestKind::DirectConnectUser));
    policy.state == PolicyState::Enabled
        && included
        && (policy.controls.mfa || policy.controls.strength.is_some())
}

fn policy_id(document: &PolicyDocument, notes: &Notes<'_>) -> Box<str> {
    if let Some(id) = &document.id {
        return id.0.clone();
    }
    let file = notes.name.rsplit('/').next().unwrap_or(notes.name);
    let file = file.strip_suffix(".json").unwrap_or(file);
    match notes.slot {
        Slot::Whole => file.into(),
        Slot::Item(index) | Slot::Value(index) | Slot::Line(index, _) => {
            format!("{file}[{index}]").into()
        }
    }
}

fn tell_unsupported(state: PolicyState, unsupported: Unsupported, notes: &mut Notes<'_>) {
    for (steps, reason, remedy) in unsupported.found {
        match state {
            PolicyState::Enabled => notes.fault_at(
                steps,
                format!("{reason}; {remedy}, or set `state` to `disabled`"),
            ),
            PolicyState::ReportOnly => notes.advise_at(
                &steps,
                &format!("{reason}: this report-only policy is left out"),
            ),
        }
    }
}

fn refuse_conditions(conditions: &Conditions, at: &At<'_>, unsupported: &mut Unsupported) {
    for (name, value) in [
        ("platforms", conditions.platforms),
        ("devices", conditions.devices),
        ("deviceStates", conditions.device_states),
        ("clientApplications", conditions.client_applications),
        ("authenticationFlows", conditions.authentication_flows),
        ("signInRiskLevels", conditions.sign_in_risk_levels),
        ("userRiskLevels", conditions.user_risk_levels),
        (
            "servicePrincipalRiskLevels",
            conditions.service_principal_risk_levels,
        ),
        ("insiderRiskLevels", conditions.insider_risk_levels),
        ("times", conditions.times),
    ] {
        if set(value) {
            unsupported.add(&at.member(name), &format!("the condition `{name}`"));
        }
    }
}

fn apps(
    written: &Applications,
    at: &At<'_>,
    unsupported: &mut Unsupported,
    notes: &mut Notes<'_>,
) -> AppCondition {
    for (name, value) in [
        ("includeUserActions", written.include_user_actions),
        ("applicationFilter", written.application_filter),
        ("networkAccess", written.network_access),
        ("globalSecureAccess", written.global_secure_access),
    ] {
        if set(value) {
            unsupported.add(&at.member(name), &format!("the condition `{name}`"));
        }
    }
    let mut list = |name, list: &Option<Vec<Text>>| {
        let at = at.member(name);
        let (mut all, mut ids) = (false, Vec::new());
        for (index, text) in list.iter().flatten().enumerate() {
            let keywords = [
                "All",
                "None",
                "Office365",
                "MicrosoftAdminPortals",
                "AllMicrosoftApps",
            ];
            match keyword(&text.0, &keywords) {
                Ok(Some("All")) => all = true,
                Ok(Some(bundle)) if BUNDLES.contains(&bundle) => {
                    notes.advise(&at.item(index), &bundle_matches_none(bundle));
                }
                // `None` names no app.
                Ok(Some(_)) => {}
                Ok(None) => ids.push(Id::new(&text.0)),
                Err(why) => notes.fault(&at.item(index), why),
            }
        }
        (all, ids.into_boxed_slice())
    };
    let (all, include) = list("includeApplications", &written.include_applications);
    let (exclude_all, exclude) = list("excludeApplications", &written.exclude_applications);
    if exclude_all {
        notes.fault(
            &at.member("excludeApplications"),
            "`All` cannot be excluded; the policy would apply to no application",
        );
    }
    let contexts = written
        .include_authentication_context_class_references
        .iter();
    AppCondition {
        all,
        include,
        exclude,
        contexts: contexts
            .flatten()
            .map(|context| context.0.clone())
            .collect(),
    }
}

fn client_apps(types: &[ClientAppType]) -> ClientApps {
    let modern = |kind: &ClientAppType| match kind {
        ClientAppType::All
        | ClientAppType::Browser
        | ClientAppType::MobileAppsAndDesktopClients => true,
        ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported | ClientAppType::Other => {
            false
        }
    };
    if types.is_empty() || types.iter().any(modern) {
        ClientApps::Modern
    } else {
        ClientApps::LegacyOnly
    }
}

fn locations(
    written: &documents::Locations,
    named: &Locations,
    at: &At<'_>,
    unsupported: &mut Unsupported,
    notes: &mut Notes<'_>,
) -> Option<LocationCondition> {
    let mut list = |name, list: &[Text]| {
        let at = at.member(name);
        let (mut all, mut ranges) = (false, Vec::new());
        for (index, text) in list.iter().enumerate() {
            let at = at.item(index);
            match keyword(&text.0, &["All", "AllTrusted"]) {
                Ok(Some("All")) => all = true,
                Ok(Some(_)) => ranges.extend(named.trusted()),
                Ok(None) => match named.get(&Id::new(&text.0)) {
                    Some(Location::Ranges { ranges: more, .. }) => ranges.extend(more),
                    Some(Location::Countries) => {
                        unsupported.add(&at, &format!("the country location `{}`", text.0));
                    }
                    None => {
                        let reason = format!("there is no named location `{}`", text.0);
                        unsupported.because(&at, reason, "add it");
                    }
                },
                Err(why) => notes.fault(&at, why),
            }
        }
        // So that equal documents give equal policies, whatever order the locations were found in.
        ranges.sort_unstable();
        ranges.dedup();
        (all, ranges.into_boxed_slice())
    };
    let include = written.include_locations.as_deref().unwrap_or_default();
    let exclude = written.exclude_locations.as_deref().unwrap_or_default();
    if include.is_empty() && exclude.is_empty() {
        return None;
    }
    let (all, included) = list("includeLocations", include);
    let (exclude_all, excluded) = list("excludeLocations", exclude);
    Some(LocationCondition {
        include_all: all || include.is_empty(),
        include: included,
        exclude_all,
        exclude: excluded,
    })
}

/// A keyword, if the text is one; one in the wrong letter case would be an id that nobody has.
pub(super) fn keyword<'k>(text: &str, keywords: &[&'k str]) -> Result<Option<&'k str>, String> {
    let found = keywords
        .iter()
        .find(|keyword| keyword.eq_ignore_ascii_case(text));
    match found {
        Some(keyword) if *keyword != text => Err(format!(
            "`{text}` is not a keyword; they are case-sensitive: write `{keyword}`"
        )),
        found => Ok(found.copied()),
    }
}
