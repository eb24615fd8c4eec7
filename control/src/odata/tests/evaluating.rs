//! What filters admit, and what surely follows from them.

use std::ops::Bound;

use super::*;

#[track_caller]
fn check(text: &str, object: &Value, expected: bool) {
    assert_eq!(
        good_filter(text, &PARTNERS).admits(object),
        expected,
        "{text} of {object}"
    );
}

#[test]
fn null_and_absent_are_equal_to_null_alone() {
    for object in [
        json!({}),
        json!({ "size": null, "displayName": null, "since": null }),
    ] {
        for (text, expected) in [
            ("size eq null", true),
            ("size ge null", true),
            ("size le null", true),
            ("size in (1,null)", true),
            ("displayName eq null", true),
            ("since eq null", true),
            ("inboundTrust eq null", true),
            ("inboundTrust/isMfaAccepted eq null", true),
            ("size ne 1", true),
            ("displayName ne ''", true),
            ("isServiceProvider ne false", true),
            ("not (size eq 1)", true),
            ("not (size gt 1)", true),
            ("size ne null", false),
            ("size gt null", false),
            ("size lt null", false),
            ("size eq 0", false),
            ("size ge 0", false),
            ("size lt 1", false),
            ("size le 1", false),
            ("displayName eq ''", false),
            ("isServiceProvider eq false", false),
            ("since le 2026-01-01", false),
            ("size in (0)", false),
        ] {
            check(text, &object, expected);
        }
    }
    for (text, expected) in [
        ("size eq null", false),
        ("size ne null", true),
        ("size gt null", false),
        ("size ge null", false),
        ("size le null", false),
        ("inboundTrust ne null", true),
        ("inboundTrust eq null", false),
    ] {
        check(text, &json!({ "size": 0, "inboundTrust": {} }), expected);
    }
}

#[test]
fn a_function_of_null_is_neither_true_nor_false_and_neither_is_its_opposite() {
    for object in [
        json!({}),
        json!({ "displayName": null, "isServiceProvider": null }),
    ] {
        for (text, expected) in [
            ("contains(displayName,'')", false),
            ("not contains(displayName,'a')", false),
            ("isServiceProvider", false),
            ("not isServiceProvider", false),
            ("not (not isServiceProvider)", false),
            ("isServiceProvider or size eq null", true),
            ("isServiceProvider or size eq 1", false),
            ("not (isServiceProvider or size eq 1)", false),
            ("not (isServiceProvider and size eq 1)", true),
            ("not (isServiceProvider and size eq null)", false),
            ("not (size eq 1 and isServiceProvider)", true),
            ("size eq null or isServiceProvider", true),
        ] {
            check(text, &object, expected);
        }
    }
}

#[test]
fn values_compare_as_their_type_says() {
    let object = json!({
        "tenantId": "C0FFEE00-0000-0000-0000-00000000000a",
        "displayName": "Contoso É",
        "isServiceProvider": true,
        "size": 10,
        "since": "2026-01-31T13:00:00.5+01:00"
    });
    for (text, expected) in [
        ("tenantId eq c0ffee00-0000-0000-0000-00000000000A", true),
        ("tenantId ne 'c0ffee00-0000-0000-0000-00000000000b'", true),
        ("displayName eq 'CONTOSO É'", true),
        ("displayName eq 'contoso é'", false),
        ("displayName gt 'contosn'", true),
        ("displayName lt 'CONTOSP'", true),
        ("startswith(displayName,'cont')", true),
        ("startswith(displayName,'ontoso')", false),
        ("endswith(displayName,'SO É')", true),
        ("endswith(displayName,'cont')", false),
        ("contains(displayName,'TOS')", true),
        ("contains(displayName,'')", true),
        ("contains(displayName,'tot')", false),
        ("isServiceProvider", true),
        ("isServiceProvider eq true", true),
        ("isServiceProvider ne true", false),
        ("not isServiceProvider", false),
        ("size eq 10.0", true),
        ("size gt 9.99", true),
        ("size gt 10", false),
        ("size ge 10", true),
        ("9 lt size", true),
        ("size in (1,10,100)", true),
        ("size in (1,100)", false),
        ("since eq 2026-01-31T12:00:00.5Z", true),
        ("since gt 2026-01-31T12:00:00Z", true),
        ("since lt 2026-02-01", true),
        ("since lt 2026-01-31", false),
        ("size eq 1 or size eq 10 and size eq 11", false),
        ("(size eq 10 or size eq 1) and size lt 11", true),
        ("size eq 10 or size eq 1 and size eq 11", true),
    ] {
        check(text, &object, expected);
    }
}

#[test]
fn a_value_of_another_type_than_its_propertys_equals_nothing() {
    let object = json!({
        "tenantId": 5, "displayName": ["a"], "isServiceProvider": "true", "size": "10", "since": "yesterday",
        "labels": "a", "inboundTrust": "a"
    });
    for (text, expected) in [
        ("tenantId eq null", false),
        ("displayName eq 'a'", false),
        ("displayName ne 'a'", true),
        ("contains(displayName,'a')", false),
        ("isServiceProvider", false),
        ("isServiceProvider eq true", false),
        ("size eq 10", false),
        ("size gt 0", false),
        ("since ge 2000-01-01", false),
        ("since ne null", true),
        ("labels/any()", false),
        ("labels/any(x:x eq 'a')", false),
        ("inboundTrust/isMfaAccepted eq null", true),
    ] {
        check(text, &object, expected);
    }
}

#[test]
fn any_asks_for_one_element_and_all_for_each() {
    for (labels, any, all, some) in [
        (json!(null), false, true, false),
        (json!([]), false, true, false),
        (json!(["a"]), true, true, true),
        (json!(["A", "b"]), true, false, true),
        (json!(["b"]), false, false, true),
        (json!([null]), false, false, true),
        (json!([null, "a", 5]), true, false, true),
    ] {
        let object = json!({ "labels": labels });
        check("labels/any(x:x eq 'a')", &object, any);
        check("labels/any(x:startswith(x,'a'))", &object, any);
        check("labels/all(x:x eq 'a')", &object, all);
        check("labels/all(x:startswith(x,'a'))", &object, all);
        check("labels/any()", &object, some);
        check("not labels/any(x:x eq 'a')", &object, !any);
    }
}

#[test]
fn conditions_on_an_element_must_meet_in_one() {
    for (text, expected) in [
        (
            "targetResources/any(t:t/id eq 'one' and t/displayName eq 'policy')",
            true,
        ),
        (
            "targetResources/any(t:t/id eq 'two' and t/displayName eq 'policy')",
            false,
        ),
        (
            "targetResources/any(t:t/id eq 'two') and targetResources/any(u:u/displayName eq 'policy')",
            true,
        ),
        (
            "targetResources/any(t:t/modifiedProperties/any(m:m/displayName eq 'tenantId' and m/oldValue eq null))",
            true,
        ),
        (
            "targetResources/any(t:t/id eq 'one' and t/modifiedProperties/any())",
            false,
        ),
        (
            "targetResources/all(t:t/modifiedProperties/all(t:t/oldValue eq null))",
            true,
        ),
        ("initiatedBy/app eq null and initiatedBy/user ne null", true),
    ] {
        assert_eq!(
            good_filter(text, &AUDIT).admits(&audit()),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_text_that_must_be_equal_is_found_and_none_that_need_not_be() {
    for (text, expected) in [
        ("displayName eq 'a'", Some("a")),
        ("'a' eq displayname", Some("a")),
        ("displayName in ('a')", Some("a")),
        (
            "size eq 1 and (displayName eq 'a' and size eq 2)",
            Some("a"),
        ),
        ("displayName eq 'a' and displayName eq 'b'", Some("a")),
        ("displayName ne null and displayName eq 'A'", Some("A")),
        ("displayName eq 'a' or size eq 1", None),
        (
            "(displayName eq 'a' or displayName eq 'a') and size eq 1",
            None,
        ),
        ("not (displayName eq 'a')", None),
        ("not (not (displayName eq 'a'))", None),
        ("displayName in ('a','b')", None),
        ("displayName in (null)", None),
        ("displayName eq null", None),
        ("displayName ne 'a'", None),
        ("displayName ge 'a'", None),
        ("startswith(displayName,'a')", None),
        ("labels/any(displayName:displayName eq 'a')", None),
    ] {
        assert_eq!(
            good_filter(text, &PARTNERS).equals("displayName"),
            expected,
            "{text}"
        );
    }
    let tenant = good_filter(
        "tenantId eq 'C0FFEE00-0000-0000-0000-000000000000'",
        &PARTNERS,
    );
    assert_eq!(
        tenant.equals("tenantId"),
        Some("c0ffee00-0000-0000-0000-000000000000")
    );
    let user = good_filter("initiatedBy/user/id eq 'ada'", &AUDIT);
    assert_eq!(user.equals("initiatedBy/user/id"), Some("ada"));
    for other in [
        "initiatedBy/user",
        "id",
        "user/id",
        "initiatedBy/app/id",
        "",
    ] {
        assert_eq!(user.equals(other), None, "{other}");
    }
    let element = good_filter("targetResources/any(t:t/id eq 'a')", &AUDIT);
    for path in ["id", "targetResources/id", "t/id"] {
        assert_eq!(element.equals(path), None);
    }
}

#[test]
fn the_bounds_of_a_time_are_those_that_all_conditions_keep() {
    use Bound::{Excluded, Included, Unbounded};
    let day = |day: u8| format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
    for (text, lower, upper) in [
        ("since ge 2026-01-02", Included(day(2)), Unbounded),
        ("since gt 2026-01-02", Excluded(day(2)), Unbounded),
        ("since le 2026-01-02", Unbounded, Included(day(2))),
        ("2026-01-02 gt since", Unbounded, Excluded(day(2))),
        ("since eq 2026-01-02", Included(day(2)), Included(day(2))),
        (
            "since ge 2026-01-02 and since le 2026-01-05",
            Included(day(2)),
            Included(day(5)),
        ),
        (
            "since ge 2026-01-02 and (since ge 2026-01-03 and size eq 1)",
            Included(day(3)),
            Unbounded,
        ),
        (
            "since ge 2026-01-03 and since ge 2026-01-02",
            Included(day(3)),
            Unbounded,
        ),
        (
            "since ge 2026-01-02 and since gt 2026-01-02",
            Excluded(day(2)),
            Unbounded,
        ),
        (
            "since lt 2026-01-02 and since le 2026-01-02",
            Unbounded,
            Excluded(day(2)),
        ),
        (
            "since le 2026-01-03 and since lt 2026-01-04",
            Unbounded,
            Included(day(3)),
        ),
        (
            "since gt 2026-01-05 and since lt 2026-01-02",
            Excluded(day(5)),
            Excluded(day(2)),
        ),
        (
            "since ge 2026-01-02 or since ge 2026-01-03",
            Unbounded,
            Unbounded,
        ),
        ("not (since ge 2026-01-02)", Unbounded, Unbounded),
        ("since ne 2026-01-02", Unbounded, Unbounded),
        ("since ge null", Unbounded, Unbounded),
        ("size ge 1", Unbounded, Unbounded),
    ] {
        let range = good_filter(text, &PARTNERS).range("since");
        assert_eq!(range, (lower, upper), "{text}");
    }
    let other = good_filter("since ge 2026-01-02", &PARTNERS).range("until");
    assert_eq!(other, (Unbounded, Unbounded));
}
