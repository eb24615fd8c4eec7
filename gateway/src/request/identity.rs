//! Who calls, as the app's upstreams are told.

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use crossgate_policy::Permit;
use crossgate_policy::ids::Id;
use http::HeaderValue;

use super::assertion::{About, Assertion, Signer};
use super::principal;
use super::route::App;
use super::token::KnownToken;

/// Who calls, ready to be sent: the values are pieces of one text, so that sending them reads one stretch of memory.
///
/// A value is absent where there is none, or none that can stand in a header.
#[derive(Debug)]
pub struct Identity {
    /// `X-MS-CLIENT-PRINCIPAL`.
    pub principal: Option<HeaderValue>,
    /// `X-MS-CLIENT-PRINCIPAL-ID`.
    pub user: Option<HeaderValue>,
    /// `X-MS-CLIENT-PRINCIPAL-NAME`.
    pub name: Option<HeaderValue>,
    /// `X-MS-CLIENT-PRINCIPAL-IDP`.
    pub idp: Option<HeaderValue>,
    /// `X-Crossgate-Assertion`; absent also where the caller has no id, or signing failed.
    pub assertion: Option<HeaderValue>,
    /// `X-Crossgate-Home-Tenant`.
    pub home_tenant: Option<HeaderValue>,
    grounds: Grounds,
}

/// What the same has to be for the same token, so that the same is told.
#[derive(Debug)]
struct Grounds {
    app: Id,
    vouched: bool,
    permit: Permit,
    /// When the assertion was signed, in seconds.
    signed: u64,
}

/// What was told last by one token. Read and replaced without a lock; of two made at once one is forgotten.
#[derive(Debug, Default)]
pub struct Kept(ArcSwapOption<Identity>);

/// The caller whom this token identifies, at this time in seconds; `None` where nothing was decided about anybody.
///
/// What was told last of this token, while that is the same and its assertion is fresh; otherwise anew.
#[must_use]
pub fn of(
    token: &KnownToken,
    permit: &Permit,
    app: &App,
    signer: &Signer,
    now: u64,
) -> Option<Arc<Identity>> {
    let facts = permit.facts()?;
    let vouched = token.is_vouched_for(app.resource);
    let id = &app.called.target.id;
    let before = token.told.0.load_full();
    if let Some(before) = &before
        && before.grounds.hold(id, vouched, permit, now)
    {
        return Some(Arc::clone(before));
    }
    let user = facts.own_user_id.as_ref().or(facts.home_user_id.as_ref());
    let user = user.or(token.subject.user_id.as_ref());
    let about = About {
        app: id,
        user,
        idp: token.idp(),
        permit,
    };
    let assertion = signer.assertion(&about, now);
    let before = before.filter(|before| before.grounds.vouched == vouched);
    let principal = before.as_ref().and_then(|before| before.principal.as_ref());
    let identity = Identity::new(token, &about, vouched, &assertion, principal);
    let identity = Arc::new(identity);
    token.told.0.store(Some(Arc::clone(&identity)));
    Some(identity)
}

impl Grounds {
    fn hold(&self, app: &Id, vouched: bool, permit: &Permit, now: u64) -> bool {
        self.vouched == vouched
            && Assertion::is_fresh(self.signed, now)
            && self.app == *app
            && self.permit == *permit
    }
}

impl Identity {
    fn new(
        token: &KnownToken,
        about: &About<'_>,
        vouched: bool,
        assertion: &Assertion,
        principal: Option<&HeaderValue>,
    ) -> Self {
        let principal = principal.map_or_else(
            || Cow::Owned(principal::principal(token, vouched).into_bytes()),
            |value| Cow::Borrowed(value.as_bytes()),
        );
        let user = about.user.map(ToString::to_string);
        let home_tenant = about
            .permit
            .facts()
            .and_then(crossgate_policy::Facts::home_tenant_id)
            .map(|tenant| tenant.to_string());
        let [principal, user, name, idp, mut signed, home_tenant] = values([
            Some(&principal),
            user.as_ref().map(String::as_bytes),
            principal::name(token, vouched).map(str::as_bytes),
            Some(about.idp)
                .filter(|idp| idp.is_ascii())
                .map(str::as_bytes),
            assertion.text().map(str::as_bytes),
            home_tenant.as_ref().map(String::as_bytes),
        ]);
        if let Some(signed) = &mut signed {
            signed.set_sensitive(true);
        }
        Self {
            principal,
            user,
            name,
            idp,
            assertion: signed,
            home_tenant,
            grounds: Grounds {
                app: about.app.clone(),
                vouched,
                permit: about.permit.clone(),
                signed: assertion.at(),
            },
        }
    }
}

/// The values of these texts, in one piece of memory.
fn values<const N: usize>(texts: [Option<&[u8]>; N]) -> [Option<HeaderValue>; N] {
    let mut rest = Bytes::from(texts.into_iter().flatten().collect::<Vec<_>>().concat());
    texts.map(|text| {
        let piece = rest.split_to(text?.len());
        HeaderValue::from_maybe_shared(piece).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{OWN, PARTNER, app, known, permit, permit_from, routes, signer};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use crossgate_policy::ids::{Guid, TenantId};

    #[test]
    fn the_same_is_told_while_token_app_permit_and_time_are_the_same() {
        let (signer, permit, token) = (signer(), permit(), known(PARTNER));
        let routes = routes(&["payroll", "payments"]);
        let payroll = app(&routes, "payroll");
        let told = |now| of(&token, &permit, payroll, &signer, now).unwrap();
        let first = told(1000);
        assert_eq!(first.user.as_ref().unwrap(), "ada");
        assert_eq!(first.idp.as_ref().unwrap(), "partner");
        assert!(Arc::ptr_eq(&told(1119), &first));
        let later = told(1120);
        assert_ne!(later.assertion, first.assertion);
        assert_eq!(later.principal, first.principal);
        let elsewhere = of(&token, &permit, app(&routes, "payments"), &signer, 1120).unwrap();
        assert_ne!(elsewhere.assertion, later.assertion);
        let moved = permit_from(TenantId(Guid::from_u128(3)));
        let moved = of(&token, &moved, payroll, &signer, 1120).unwrap();
        assert_ne!(moved.home_tenant, later.home_tenant);
        assert_ne!(moved.assertion, later.assertion);
    }

    /// Whether `X-MS-CLIENT-PRINCIPAL` tells a claim of this kind.
    fn tells(identity: &Identity, kind: &str) -> bool {
        let principal = STANDARD
            .decode(identity.principal.as_ref().unwrap())
            .unwrap();
        let told: serde_json::Value = serde_json::from_slice(&principal).unwrap();
        let claims = told["claims"].as_array().unwrap();
        claims.iter().any(|claim| claim["typ"] == kind)
    }

    #[test]
    fn what_an_apps_own_tenant_does_not_vouch_for_is_not_told_to_it() {
        let (signer, permit) = (signer(), permit());
        let routes = routes(&["payroll", "abroad"]);
        let (payroll, abroad) = (app(&routes, "payroll"), app(&routes, "abroad"));
        let of_partner = of(&known(PARTNER), &permit, payroll, &signer, 1000).unwrap();
        assert!(!tells(&of_partner, "roles") && !tells(&of_partner, "groups"));
        assert_eq!(of_partner.name, None);
        // The same token at our app, at a partner's, and at ours again.
        let token = known(OWN);
        for (app, vouched) in [(payroll, true), (abroad, false), (payroll, true)] {
            let told = of(&token, &permit, app, &signer, 1000).unwrap();
            assert_eq!(tells(&told, "roles"), vouched, "{}", app.called.name);
            assert_eq!(told.name.is_some(), vouched, "{}", app.called.name);
        }
    }

    #[test]
    fn a_caller_without_an_id_has_no_assertion_and_an_issuer_may_have_any_name() {
        let (signer, permit, token) = (signer(), permit(), known(OWN));
        let app = Id::new("payroll");
        for (idp, told) in [("own", Some("own")), ("B\u{fc}cher", None)] {
            let about = About {
                app: &app,
                user: None,
                idp,
                permit: &permit,
            };
            let assertion = signer.assertion(&about, 1000);
            let identity = Identity::new(&token, &about, true, &assertion, None);
            assert_eq!(identity.idp, told.map(HeaderValue::from_static));
            assert_eq!((identity.user, identity.assertion), (None, None));
        }
    }

    #[test]
    fn a_value_that_cannot_stand_in_a_header_is_left_out_and_the_others_stay() {
        let [first, bad, none, last] =
            values([Some(b"a".as_slice()), Some(b"x\r\ny"), None, Some(b"b")]);
        assert_eq!(
            (first.unwrap(), last.unwrap()),
            ("a".parse().unwrap(), "b".parse().unwrap())
        );
        assert_eq!((bad, none), (None, None));
    }
}
