//! Whether a genuine token opens this application, now.

use std::slice::from_ref;

use crossgate_policy::ids::{ResourceTenant, UnixTime};
use crossgate_token::{Expected, TokenFault};
use serde_json::{Value, json};

use crate::site::{CONTOSO, FABRIKAM, accept, entra_claims, tenant, v1, with};

const NOW: u32 = 1_767_225_600;

fn expected() -> Expected<'static, &'static str> {
    Expected {
        resource: ResourceTenant(tenant(CONTOSO)),
        audiences: &["api://payroll", "api://wages"],
        possession_proven: false,
        now: UnixTime::from_secs(NOW),
    }
}

fn check(changes: &[(&str, Value)], expected: &Expected<'_, &str>) -> Result<(), TokenFault> {
    accept(&with(entra_claims(), changes))
        .unwrap()
        .check(expected)
}

#[test]
fn an_expired_token_is_refused_at_the_very_second() {
    for (exp, fault) in [
        (f64::from(NOW) - 59.0, None),
        (f64::from(NOW) - 59.5, None),
        (f64::from(NOW) - 60.0, Some(TokenFault::Expired)),
        (0.0, Some(TokenFault::Expired)),
    ] {
        assert_eq!(
            check(&[("exp", json!(exp))], &expected()).err(),
            fault,
            "{exp}"
        );
    }
}

#[test]
fn times_to_come_are_refused_beyond_the_clocks_difference() {
    for (name, fault) in [
        ("nbf", TokenFault::NotYetValid),
        ("iat", TokenFault::IssuedInTheFuture),
        ("auth_time", TokenFault::AuthenticatedInTheFuture),
    ] {
        let at = |ahead: f64| check(&[(name, json!(f64::from(NOW) + ahead))], &expected());
        assert_eq!(at(60.0), Ok(()), "{name}");
        assert_eq!(at(60.5), Err(fault), "{name}");
    }
}

#[test]
fn one_of_the_audiences_must_be_the_applications_to_the_letter() {
    for aud in [json!("api://payroll"), json!(["x", "api://wages"])] {
        assert_eq!(check(&[("aud", aud)], &expected()), Ok(()));
    }
    for aud in [
        json!("api://Payroll"),
        json!("api://payroll/"),
        json!(["x"]),
        json!(""),
    ] {
        assert_eq!(
            check(&[("aud", aud.clone())], &expected()),
            Err(TokenFault::WrongAudience),
            "{aud}"
        );
    }
    let audiences: &[&str] = &[];
    let nobody = Expected {
        audiences,
        ..expected()
    };
    assert_eq!(check(&[], &nobody), Err(TokenFault::WrongAudience));
}

#[test]
fn only_the_resource_tenant_may_name_another_provider() {
    for idp in [v1(FABRIKAM), "live.com".to_owned(), "google.com".to_owned()] {
        let changes = [("idp", json!(idp))];
        assert_eq!(check(&changes, &expected()), Ok(()), "{idp}");
        let elsewhere = Expected {
            resource: ResourceTenant(tenant(FABRIKAM)),
            ..expected()
        };
        assert_eq!(
            check(&changes, &elsewhere),
            Err(TokenFault::ForeignIdp),
            "{idp}"
        );
        assert_eq!(check(&[], &elsewhere), Ok(()));
    }
}

#[test]
fn a_bound_token_needs_its_proof() {
    let changes = [("cnf", json!({"jkt": "x"}))];
    assert_eq!(
        check(&changes, &expected()),
        Err(TokenFault::UnprovenPossession)
    );
    let proven = Expected {
        possession_proven: true,
        ..expected()
    };
    assert_eq!(check(&changes, &proven), Ok(()));
}

#[test]
fn of_several_faults_the_first_of_the_table_is_reported() {
    let stale = ("exp", json!(0));
    let aud = ("aud", json!("x"));
    let bound = ("cnf", json!({}));
    assert_eq!(
        check(from_ref(&stale), &expected()),
        Err(TokenFault::Expired)
    );
    assert_eq!(
        check(&[stale.clone(), aud.clone()], &expected()),
        Err(TokenFault::WrongAudience)
    );
    assert_eq!(
        check(&[stale, aud, bound], &expected()),
        Err(TokenFault::UnprovenPossession)
    );
}
