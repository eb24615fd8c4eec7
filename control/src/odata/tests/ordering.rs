//! `$orderby`.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn order(text: &str) -> OrderBy {
    let query = format!("$orderby={text}");
    Options::parse(Some(&query), &PARTNERS).unwrap().order_by
}

fn sorted(text: &str, mut objects: Vec<Value>) -> Vec<Value> {
    let order = order(text);
    objects.sort_by(|a, b| order.compare(a, b));
    objects
}

#[test]
fn a_list_is_ordered_by_the_first_property_that_differs() {
    let object = |name: &str, size: i64| json!({ "displayName": name, "size": size });
    let objects = vec![
        object("b", 1),
        object("A", 2),
        object("a", 1),
        object("B", 2),
    ];
    assert_eq!(
        sorted("displayName,size", objects.clone()),
        [
            object("a", 1),
            object("A", 2),
            object("b", 1),
            object("B", 2)
        ]
    );
    assert_eq!(
        sorted("size desc,displayName", objects.clone()),
        [
            object("A", 2),
            object("B", 2),
            object("a", 1),
            object("b", 1)
        ]
    );
    assert_eq!(
        sorted("displayName desc,size desc", objects),
        [
            object("B", 2),
            object("b", 1),
            object("A", 2),
            object("a", 1)
        ]
    );
}

#[test]
fn null_and_absent_come_first_and_last_where_descending() {
    let objects = vec![
        json!({ "size": 1 }),
        json!({}),
        json!({ "size": -1 }),
        json!({ "size": null }),
    ];
    assert_eq!(
        sorted("size", objects.clone()),
        [
            json!({}),
            json!({ "size": null }),
            json!({ "size": -1 }),
            json!({ "size": 1 })
        ]
    );
    assert_eq!(
        sorted("size desc", objects),
        [
            json!({ "size": 1 }),
            json!({ "size": -1 }),
            json!({}),
            json!({ "size": null })
        ]
    );
}

#[test]
fn times_are_ordered_by_when_they_are_and_not_by_their_text() {
    let objects = [
        "2026-01-01T01:00:00+02:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.1Z",
        "0",
    ];
    let objects = objects.map(|time| json!({ "since": time }));
    assert_eq!(
        sorted("since", objects.iter().rev().cloned().collect()),
        objects
    );
}

#[test]
fn the_terms_of_an_order_are_told_as_documents_spell_them() {
    let order = order("SINCE desc,inboundtrust/isMfaAccepted");
    let terms: Vec<_> = order
        .terms()
        .map(|(path, direction)| (path.to_string(), direction))
        .collect();
    assert_eq!(
        terms,
        [
            ("since".into(), Direction::Descending),
            ("inboundTrust/isMfaAccepted".into(), Direction::Ascending)
        ]
    );
    assert!(order.terms().next().unwrap().0.is("since"));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3_i64).prop_map(Value::from),
        prop_oneof![
            Just(i64::MAX),
            Just(i64::MAX - 1),
            Just(1 << 53),
            Just((1 << 53) + 1)
        ]
        .prop_map(Value::from),
        prop_oneof![
            Just(-0.0),
            Just(0.5),
            Just(9_007_199_254_740_992.0),
            Just(9.3e18)
        ]
        .prop_map(Value::from),
        "[aAbB]{0,2}".prop_map(Value::from),
        prop_oneof![
            Just("2026-01-01T00:00:00Z"),
            Just("2026-01-01T01:00:00+01:00"),
            Just("2025-01-01T00:00:00Z")
        ]
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({ "a": 1 })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_values_at_all_have_one_order(values in prop::array::uniform3(any_value())) {
        for property in ["size", "since", "displayName"] {
            let order = order(property);
            let [a, b, c] = values.clone().map(|value| json!({ property: value }));
            prop_assert_eq!(order.compare(&a, &b), order.compare(&b, &a).reverse());
            prop_assert_eq!(order.compare(&a, &a), Ordering::Equal);
            if order.compare(&a, &b).is_le() && order.compare(&b, &c).is_le() {
                prop_assert!(order.compare(&a, &c).is_le());
                let strict = order.compare(&a, &b).is_lt() || order.compare(&b, &c).is_lt();
                prop_assert_eq!(order.compare(&a, &c).is_lt(), strict);
            }
        }
    }
}
