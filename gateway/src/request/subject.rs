//! What a verified token says, in the words of policy and of events.

use std::sync::Arc;

use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::subject as policy;
use crossgate_token as token;

use crate::sign_ins::TokenFacts;

/// Who a verified token speaks for.
#[must_use]
pub fn subject(verified: &token::Verified) -> policy::Subject {
    let (claims, identity) = (verified.claims(), verified.identity());
    policy::Subject {
        issuer: identity.issuer,
        home: home(identity.home),
        kind: if claims.app_only {
            policy::SubjectKind::App
        } else {
            policy::SubjectKind::User
        },
        user_id: claims.user.clone(),
        home_oid: claims.home_object.clone(),
        groups: policy::TokenGroups {
            listed: claims.groups.clone(),
            overage: claims.group_overage,
        },
        directory_roles: claims.directory_roles.clone(),
        account: match claims.account {
            token::Account::Member => policy::Account::Member,
            token::Account::Guest => policy::Account::Guest,
            token::Account::Unstated => policy::Account::Unstated,
        },
        app_roles: claims.app_roles.clone(),
        scopes: claims.scopes.clone(),
        client: claims.client().cloned(),
        proofs: proofs(claims.proofs),
        auth_contexts: claims.auth_contexts.clone(),
        session: claims.session.clone(),
        token_id: claims.token_id.clone(),
        jwt_id: claims.jwt_id.clone(),
        authenticated_at: claims.earliest_sign_in(),
        restriction_policy: claims.restriction_policy.clone(),
    }
}

/// What readers of events want to know of a verified token.
#[must_use]
pub fn token_facts(verified: &token::Verified, entra: bool) -> TokenFacts {
    let claims = verified.claims();
    let names = &claims.names;
    TokenFacts {
        issuer: Arc::clone(verified.issuer()),
        entra,
        display_name: names.name.clone(),
        user_principal_name: names
            .user_principal_name
            .clone()
            .or_else(|| names.preferred_username.clone()),
        client_name: None,
        unique_token_identifier: claims.token_id.clone().or_else(|| claims.jwt_id.clone()),
        session_id: claims.session.clone(),
        device_id: None,
    }
}

/// Whether an issuer of kind `entra` verified the token.
#[must_use]
pub fn is_entra(verified: &token::Verified, issuers: &token::Issuers) -> bool {
    issuers
        .named(verified.issuer())
        .is_some_and(|issuer| match issuer.kind {
            token::IssuerKind::Entra { .. } => true,
            token::IssuerKind::Oidc { .. } => false,
        })
}

/// A verifier's fault as a decision tells it.
#[must_use]
pub fn refusal(fault: token::TokenFault) -> TokenRefusal {
    TokenRefusal {
        code: fault.code(),
        reason: fault.reason(),
    }
}

fn home(home: token::Home) -> policy::Home {
    match home {
        token::Home::Tenant { tenant, cloud } => policy::Home::Tenant {
            tenant,
            cloud: match cloud {
                token::HomeCloud::Issuer(cloud) => policy::HomeCloud::Issuer(cloud),
                token::HomeCloud::Named(cloud) => policy::HomeCloud::Named(cloud),
                token::HomeCloud::GlobalOrUsGov => policy::HomeCloud::GlobalOrUsGov,
            },
        },
        token::Home::MicrosoftAccount => policy::Home::MicrosoftAccount,
        token::Home::NoTenant => policy::Home::NoTenant,
    }
}

const fn proofs(proofs: token::Proofs) -> policy::Proofs {
    // A fact that the verifier learns to read must be passed on here.
    let token::Proofs {
        mfa,
        resource_mfa,
        compliant_device,
        hybrid_joined_device,
        passwordless,
        phishing_resistant,
    } = proofs;
    policy::Proofs {
        mfa,
        resource_mfa,
        compliant_device,
        hybrid_joined_device,
        passwordless,
        phishing_resistant,
    }
}
