//! Filters made at random: what is printed reads back, and what is no filter is refused.

use proptest::prelude::*;
use serde_json::json;

use super::literal::Literal;
use super::*;
use crate::odata::tests::{AUDIT, PARTNERS, filter};

fn path(text: &'static str) -> Path {
    text.split('/').collect()
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(Comparison::ALL.to_vec())
}

fn equality() -> impl Strategy<Value = Comparison> {
    prop::sample::select(vec![Comparison::Equal, Comparison::NotEqual])
}

fn text() -> impl Strategy<Value = Literal> {
    "\\PC{0,8}|[' ]{0,3}".prop_map(|text| Literal::Text(text.into()))
}

fn guid() -> impl Strategy<Value = Literal> {
    any::<u128>().prop_map(|value| {
        Literal::Guid(
            crossgate_policy::ids::Guid::from_u128(value)
                .to_string()
                .into(),
        )
    })
}

fn number() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<i64>().prop_map(serde_json::Number::from),
        any::<u64>().prop_map(serde_json::Number::from),
        // Halves and quarters: others may come back from their text a little off.
        any::<i32>().prop_filter_map("finite", |n| serde_json::Number::from_f64(
            f64::from(n) / 4.0
        )),
    ]
    .prop_map(Literal::Number)
}

fn time() -> impl Strategy<Value = Literal> {
    let (min, max) = (
        jiff::Timestamp::MIN.as_nanosecond(),
        jiff::Timestamp::MAX.as_nanosecond(),
    );
    (min..=max).prop_map(|at| Literal::DateTime(jiff::Timestamp::from_nanosecond(at).unwrap()))
}

/// Conditions without others in them, on partners.
fn leaf() -> impl Strategy<Value = Expression> {
    let compare = |(path, comparison, literal)| Expression::Compare(path, comparison, literal);
    let null = || Just(Literal::Null);
    prop_oneof![
        (
            Just(path("displayName")),
            comparison(),
            prop_oneof![text(), null()]
        )
            .prop_map(compare),
        (
            Just(path("size")),
            comparison(),
            prop_oneof![number(), null()]
        )
            .prop_map(compare),
        (
            Just(path("since")),
            comparison(),
            prop_oneof![time(), null()]
        )
            .prop_map(compare),
        (
            Just(path("tenantId")),
            equality(),
            prop_oneof![guid(), null()]
        )
            .prop_map(compare),
        (
            Just(path("inboundTrust/isMfaAccepted")),
            equality(),
            any::<bool>().prop_map(Literal::Boolean)
        )
            .prop_map(compare),
        (Just(path("inboundTrust")), equality(), null()).prop_map(compare),
        Just(Expression::Holds(path("isServiceProvider"))),
        prop::collection::vec(guid(), 1..4)
            .prop_map(|literals| Expression::In(path("tenantId"), literals)),
        (
            prop::sample::select(TextFunction::ALL.to_vec()),
            "\\PC{0,8}"
        )
            .prop_map(|(function, text)| Expression::Text(
                function,
                path("displayName"),
                text.into()
            )),
        Just(Expression::Elements(path("labels"), Quantifier::NotEmpty)),
        ("[a-mo-z_][a-z0-9_]{0,5}", any::<bool>(), element()).prop_map(|(variable, all, of)| {
            let condition = Box::new(Condition {
                variable: variable.into(),
                of,
            });
            let quantifier = if all {
                Quantifier::All(condition)
            } else {
                Quantifier::Any(condition)
            };
            Expression::Elements(path("labels"), quantifier)
        }),
    ]
}

/// Conditions on an element of `labels`.
fn element() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (comparison(), text()).prop_map(|(comparison, text)| Expression::Compare(
            Path::default(),
            comparison,
            text
        )),
        prop::collection::vec(text(), 1..3)
            .prop_map(|texts| Expression::In(Path::default(), texts)),
        "[a-z']{0,3}".prop_map(|text| {
            Expression::Text(TextFunction::Contains, Path::default(), text.into())
        }),
    ];
    leaf.prop_recursive(2, 6, 3, combined)
}

fn expression() -> impl Strategy<Value = Expression> {
    leaf().prop_recursive(4, 24, 4, combined)
}

fn combined(
    inner: prop::strategy::BoxedStrategy<Expression>,
) -> impl Strategy<Value = Expression> + use<> {
    prop_oneof![
        prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::And),
        prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::Or),
        inner.prop_map(|part| Expression::Not(Box::new(part))),
    ]
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "and",
            "or",
            "not",
            "eq",
            "ne",
            "gt",
            "in",
            "(",
            ")",
            ",",
            ":",
            "x",
            "x/id",
            "'",
            "'a'",
            "''",
            "true",
            "null",
            "-1",
            "1.5",
            "2026-01-01",
            "size",
            "displayName",
            "labels",
            "labels/any(",
            "/any(",
            "/all(x:",
            "startswith(",
            "isServiceProvider",
            "since",
            "tenantId",
            "c0ffee00-0000-0000-0000-000000000000",
            "é",
            "$",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_as_the_same_filter(expression in expression()) {
        let printed = Filter(expression.clone()).to_string();
        let read = filter(&printed, &PARTNERS).map_err(|bad| TestCaseError::fail(format!("{printed}: {bad}")))?;
        prop_assert_eq!(read.0, expression, "{}", printed);
    }

    #[test]
    fn words_in_any_order_are_a_filter_or_refused(words in prop::collection::vec(word(), 0..12), spaced in any::<bool>()) {
        let text = words.join(if spaced { " " } else { "" });
        if let Ok(read) = filter(&text, &PARTNERS) {
            let printed = read.to_string();
            prop_assert_eq!(filter(&printed, &PARTNERS).unwrap(), read, "{}", printed);
        }
        let _ = filter(&text, &AUDIT);
    }

    #[test]
    fn what_follows_from_a_filter_holds_for_all_that_it_admits(
        expression in expression(),
        name in prop::option::of("[a-c]{0,2}"),
        size in prop::option::of(-2..3),
        label in "[a-c]{0,2}",
        provider in prop::option::of(any::<bool>()),
        second in 0..60_u8,
    ) {
        let at = format!("2026-01-01T00:00:{second:02}Z");
        let object = json!({
            "displayName": name, "size": size, "labels": [label], "isServiceProvider": provider, "since": at
        });
        let filter = Filter(expression);
        if filter.admits(&object) {
            if let Some(equal) = filter.equals("displayName") {
                prop_assert!(name.unwrap().eq_ignore_ascii_case(equal));
            }
            let at: jiff::Timestamp = at.parse().unwrap();
            prop_assert!(std::ops::RangeBounds::contains(&filter.range("since"), &at));
        }
        // Nothing is both, whatever is unknown.
        let opposite = Filter(Expression::Not(Box::new(filter.0.clone())));
        prop_assert!(!(filter.admits(&object) && opposite.admits(&object)));
    }
}
