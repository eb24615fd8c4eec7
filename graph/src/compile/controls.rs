//! What a Conditional Access policy demands.

use crossgate_policy::snapshot::{Controls, Operator, Strength};

use super::conditional_access::Unsupported;
use crate::documents::conditional_access::{
    AuthenticationStrength, BuiltInControl, GrantControls, OperatorName, SessionControls,
};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::set;

/// Compiles `grantControls`.
pub(super) fn grant(
    written: Option<&GrantControls>,
    at: &At<'_>,
    unsupported: &mut Unsupported,
    notes: &mut Notes<'_>,
) -> Controls {
    let mut controls = Controls {
        operator: Operator::And,
        block: false,
        mfa: false,
        compliant_device: false,
        hybrid_joined_device: false,
        terms_of_use: Box::new([]),
        strength: None,
    };
    let Some(GrantControls {
        operator,
        built_in_controls,
        custom_authentication_factors,
        terms_of_use,
        authentication_strength,
    }) = written
    else {
        return controls;
    };
    let built_in = built_in_controls.as_deref().unwrap_or_default();
    let built_in_at = at.member("builtInControls");
    for (index, control) in built_in.iter().enumerate() {
        let mut refuse = |name: &str| {
            unsupported.add(&built_in_at.item(index), &format!("the control `{name}`"));
        };
        match control {
            BuiltInControl::Block => controls.block = true,
            BuiltInControl::Mfa => controls.mfa = true,
            BuiltInControl::CompliantDevice => controls.compliant_device = true,
            BuiltInControl::DomainJoinedDevice => controls.hybrid_joined_device = true,
            BuiltInControl::ApprovedApplication => refuse("approvedApplication"),
            BuiltInControl::CompliantApplication => refuse("compliantApplication"),
            BuiltInControl::PasswordChange => refuse("passwordChange"),
            BuiltInControl::RiskRemediation => refuse("riskRemediation"),
        }
    }
    if set(*custom_authentication_factors) {
        unsupported.add(
            &at.member("customAuthenticationFactors"),
            "`customAuthenticationFactors`",
        );
    }
    controls.terms_of_use = terms_of_use
        .iter()
        .flatten()
        .map(|id| id.0.clone())
        .collect();
    controls.strength = authentication_strength.as_deref().and_then(|written| {
        strength(
            written,
            &at.member("authenticationStrength"),
            unsupported,
            notes,
        )
    });
    let count = built_in.len()
        + usize::from(!controls.terms_of_use.is_empty())
        + usize::from(authentication_strength.is_some());
    controls.operator = match operator {
        Some(OperatorName::And) => Operator::And,
        Some(OperatorName::Or) => Operator::Or,
        None if count > 1 => {
            notes.fault(
                &at.member("operator"),
                "`operator` is missing, and there are several controls; expected `AND` or `OR`",
            );
            Operator::And
        }
        None => Operator::And,
    };
    controls
}

fn strength(
    written: &AuthenticationStrength,
    at: &At<'_>,
    unsupported: &mut Unsupported,
    notes: &mut Notes<'_>,
) -> Option<Strength> {
    let at = at.member("id");
    let Some(id) = &written.id else {
        notes.fault(
            &at,
            "`id` is missing; expected the id of a built-in strength",
        );
        return None;
    };
    let strength = Strength::from_id(&id.0);
    if strength.is_none() {
        unsupported.add(
            &at,
            &format!("the custom authentication strength `{}`", id.0),
        );
    }
    strength
}

/// Notes every session control that is on: a gateway keeps no session to control.
pub(super) fn session(written: &SessionControls, at: &At<'_>, unsupported: &mut Unsupported) {
    let SessionControls {
        application_enforced_restrictions,
        cloud_app_security,
        persistent_browser,
        sign_in_frequency,
        secure_sign_in_session,
        global_secure_access_filtering_profile,
        continuous_access_evaluation,
        disable_resilience_defaults,
    } = written;
    for (name, control) in [
        (
            "applicationEnforcedRestrictions",
            application_enforced_restrictions,
        ),
        ("cloudAppSecurity", cloud_app_security),
        ("persistentBrowser", persistent_browser),
        ("signInFrequency", sign_in_frequency),
        ("secureSignInSession", secure_sign_in_session),
        (
            "globalSecureAccessFilteringProfile",
            global_secure_access_filtering_profile,
        ),
        ("continuousAccessEvaluation", continuous_access_evaluation),
    ] {
        // One that does not say whether it is on is taken as on.
        if control
            .as_deref()
            .is_some_and(|control| control.is_enabled != Some(false))
        {
            unsupported.add(&at.member(name), &format!("the session control `{name}`"));
        }
    }
    if *disable_resilience_defaults == Some(true) {
        let name = "disableResilienceDefaults";
        unsupported.add(&at.member(name), &format!("the session control `{name}`"));
    }
}
