//! Who calls, as the app's upstreams are told.

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
/// What was told before by this token, while that is the same and its assertion is fresh; otherwise anew.
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
    let principal = before.and_then(|before| before.principal.clone());
    let identity = Arc::new(Identity::new(token, &about, vouched, &assertion, principal));
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
        principal: Option<HeaderValue>,
    ) -> Self {
        let principal = principal.map_or_else(
            || principal::principal(token, vouched).into(),
            |value| Bytes::copy_from_slice(value.as_bytes()),
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
            Some(about.idp.as_bytes()),
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
    let text = Bytes::from(texts.into_iter().flatten().collect::<Vec<_>>().concat());
    let mut rest = text;
    texts.map(|text| {
        let piece = rest.split_to(text?.len());
        HeaderValue::from_maybe_shared(piece).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{OWN, PARTNER, app, known, permit, permit_from, routes, signer};
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

    #[test]
    fn what_no_longer_is_vouched_for_is_told_no_more() {
        let (signer, permit, token) = (signer(), permit(), known(OWN));
        let routes = routes(&["payroll"]);
        let payroll = app(&routes, "payroll");
        let vouched = of(&token, &permit, payroll, &signer, 1000).unwrap();
        assert_eq!(vouched.name.as_ref().unwrap(), "ada@contoso.com");
        let grounds = &vouched.grounds;
        assert!(grounds.hold(&payroll.called.target.id, true, &permit, 1000));
        assert!(!grounds.hold(&payroll.called.target.id, false, &permit, 1000));
        let about = About {
            app: &payroll.called.target.id,
            user: None,
            idp: "own",
            permit: &permit,
        };
        let assertion = signer.assertion(&about, 1000);
        let other = Identity::new(&token, &about, false, &assertion, None);
        assert_ne!(other.principal, vouched.principal);
        assert_eq!((other.name, other.assertion), (None, None));
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
