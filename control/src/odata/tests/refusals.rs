//! What is said of queries that are not taken.

use super::*;

#[test]
fn a_query_that_breaks_the_grammar_or_the_types_is_refused_with_what_is_wrong() {
    for (query, message) in [
        ("$top=5&top=6", "`$top` is given twice"),
        ("$top=5&$top=5", "`$top` is given twice"),
        (
            "$count=yes",
            "`$count`: expected `true` or `false`, not `yes`",
        ),
        ("$count", "`$count`: expected `true` or `false`, not ``"),
        (
            "$select=",
            "`$select`: expected names of properties with commas between them",
        ),
        (
            "$select=size,",
            "`$select`: expected names of properties with commas between them",
        ),
        ("$select=foo", "`$select`: `partners` has no property `foo`"),
        (
            "$select=*,foo",
            "`$select`: `partners` has no property `foo`",
        ),
        (
            "$expand=foo",
            "`$expand`: `foo` cannot be expanded; expected `identitySynchronization`",
        ),
        (
            "$expand=",
            "`$expand`: `` cannot be expanded; expected `identitySynchronization`",
        ),
        (
            "$orderby=",
            "`$orderby`: expected properties with commas between them, each perhaps with `asc` or `desc`",
        ),
        (
            "$orderby=size,",
            "`$orderby`: expected properties with commas between them, each perhaps with `asc` or `desc`",
        ),
        (
            "$orderby=size asc desc",
            "`$orderby`: expected properties with commas between them, each perhaps with `asc` or `desc`",
        ),
        (
            "$orderby=foo",
            "`$orderby`: `partners` has no property `foo`",
        ),
        (
            "$orderby=size up",
            "`$orderby`: expected `asc` or `desc` after `size`, not `up`",
        ),
        ("$orderby=size,Size desc", "`$orderby`: names `size` twice"),
        (
            "$orderby=labels",
            "`$orderby`: `labels` is no single value; nothing can be ordered by it",
        ),
        (
            "$orderby=inboundTrust",
            "`$orderby`: `inboundTrust` is no single value; nothing can be ordered by it",
        ),
        (
            "$filter=",
            "`$filter`: expected a property or a value at its end",
        ),
        (
            "$filter=size",
            "`$filter`: expected `eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in` at its end",
        ),
        (
            "$filter=size eq",
            "`$filter`: expected a property or a value at its end",
        ),
        (
            "$filter=size = 1",
            "`$filter`: unexpected `=` at position 5",
        ),
        (
            "$filter=size is 1",
            "`$filter`: expected `eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in` at position 5, not `is`",
        ),
        (
            "$filter=size eq 1 size",
            "`$filter`: expected `and`, `or` or the end at position 10, not `size`",
        ),
        (
            "$filter=size eq 1)",
            "`$filter`: expected `and`, `or` or the end at position 9, not `)`",
        ),
        ("$filter=(size eq 1", "`$filter`: expected `)` at its end"),
        (
            "$filter=()",
            "`$filter`: expected a property or a value at position 1, not `)`",
        ),
        (
            "$filter=size eq 1 and",
            "`$filter`: expected a property or a value at its end",
        ),
        (
            "$filter=or size eq 1",
            "`$filter`: `partners` has no property `or`",
        ),
        (
            "$filter=displayName eq 'a",
            "`$filter`: the text at position 15 has no closing `'`",
        ),
        (
            "$filter=displayName eq \"a\"",
            "`$filter`: unexpected `\"` at position 15",
        ),
        (
            "$filter=foo eq 'a'",
            "`$filter`: `partners` has no property `foo`",
        ),
        (
            "$filter=inboundTrust/foo eq 'a'",
            "`$filter`: `partners` has no property `inboundTrust/foo`",
        ),
        (
            "$filter=size/foo eq 'a'",
            "`$filter`: `partners` has no property `size/foo`",
        ),
        (
            "$filter=size/ eq 'a'",
            "`$filter`: `partners` has no property `size/`",
        ),
        (
            "$filter=displayName eq 5",
            "`$filter`: `displayName` is a text and cannot be compared with `5`; expected a text in single quotes",
        ),
        (
            "$filter=displayName eq c0ffee00-0000-0000-0000-000000000000",
            "`$filter`: `displayName` is a text and cannot be compared with `c0ffee00-0000-0000-0000-000000000000`; expected a text in single quotes",
        ),
        (
            "$filter=isServiceProvider eq 'true'",
            "`$filter`: `isServiceProvider` is a Boolean and cannot be compared with `'true'`; expected `true` or `false`",
        ),
        (
            "$filter=size eq '5'",
            "`$filter`: `size` is a number and cannot be compared with `'5'`; expected a number",
        ),
        (
            "$filter=size eq 05",
            "`$filter`: `size` is a number and cannot be compared with `05`; expected a number",
        ),
        (
            "$filter=size eq 1e999",
            "`$filter`: `size` is a number and cannot be compared with `1e999`; expected a number",
        ),
        (
            "$filter=tenantId eq 'it''s'",
            "`$filter`: `tenantId` is a GUID and cannot be compared with `'it''s'`; expected a GUID",
        ),
        (
            "$filter=since ge 2026-01-31T12:00:00",
            "`$filter`: `since` is a date and time and cannot be compared with `2026-01-31T12:00:00`; expected a date and time such as `2026-01-31T12:00:00Z`",
        ),
        (
            "$filter=since ge 2026-02-30",
            "`$filter`: `since` is a date and time and cannot be compared with `2026-02-30`; expected a date and time such as `2026-01-31T12:00:00Z`",
        ),
        (
            "$filter=inboundTrust eq true",
            "`$filter`: `inboundTrust` is an object and cannot be compared with `true`; expected `null`",
        ),
        (
            "$filter=inboundTrust gt null",
            "`$filter`: `inboundTrust` is an object, which has no order; expected `eq` or `ne`",
        ),
        (
            "$filter=isServiceProvider gt false",
            "`$filter`: `isServiceProvider` is a Boolean, which has no order; expected `eq` or `ne`",
        ),
        (
            "$filter='a' eq 'b'",
            "`$filter`: `'a'` and `'b'` are both values; expected a property",
        ),
        (
            "$filter=labels eq 'a'",
            "`$filter`: `labels` is a collection; ask for its elements with `any` or `all`",
        ),
        (
            "$filter=labels in ('a')",
            "`$filter`: `labels` is a collection; ask for its elements with `any` or `all`",
        ),
        (
            "$filter=startswith(labels,'a')",
            "`$filter`: `labels` is a collection; ask for its elements with `any` or `all`",
        ),
        (
            "$filter=size/any(x:x eq 1)",
            "`$filter`: `size` is a number; `any` and `all` are asked of collections",
        ),
        (
            "$filter=labels/any(x eq 'a')",
            "`$filter`: expected `:` at position 13, not `eq`",
        ),
        (
            "$filter=labels/any('a')",
            "`$filter`: expected a name for the elements, as in `any(x:x eq 'a')` at position 11, not `'a'`",
        ),
        (
            "$filter=labels/any(null:null eq null)",
            "`$filter`: expected a name for the elements, as in `any(x:x eq 'a')` at position 11, not `null`",
        ),
        (
            "$filter=labels/all()",
            "`$filter`: expected a name for the elements, as in `any(x:x eq 'a')` at position 11, not `)`",
        ),
        (
            "$filter=labels/any(x:displayName eq 'a')",
            "`$filter`: `displayName` is not of the element; paths here begin with `x`",
        ),
        (
            "$filter=labels/any(x:xy eq 'a')",
            "`$filter`: `xy` is not of the element; paths here begin with `x`",
        ),
        (
            "$filter=labels/any(x:x/y eq 'a')",
            "`$filter`: `partners` has no property `labels/y`",
        ),
        (
            "$filter=inboundTrust/isMfaAccepted/x/y/z eq true",
            "`$filter`: `partners` has no property `inboundTrust/isMfaAccepted/x/y/z`",
        ),
        (
            "$filter=labels/x/y eq true",
            "`$filter`: `labels/x/y` leads through a collection; ask for its elements with `any` or `all`",
        ),
        (
            "$filter=labels/any(x:x eq 5)",
            "`$filter`: `x` is a text and cannot be compared with `5`; expected a text in single quotes",
        ),
        (
            "$filter=ids/any(x:x eq 'a')",
            "`$filter`: `x` is a GUID and cannot be compared with `'a'`; expected a GUID",
        ),
        (
            "$filter=labels/any(x:x eq 'a'",
            "`$filter`: expected `)` at its end",
        ),
        (
            "$filter=size in ()",
            "`$filter`: expected a property or a value at position 9, not `)`",
        ),
        (
            "$filter=size in (1,)",
            "`$filter`: expected a property or a value at position 11, not `)`",
        ),
        (
            "$filter=size in 1",
            "`$filter`: expected `(` at position 8, not `1`",
        ),
        (
            "$filter=size in (1 2)",
            "`$filter`: expected `)` at position 11, not `2`",
        ),
        (
            "$filter=displayName in (size)",
            "`$filter`: expected values after `in`, texts in single quotes, for `displayName`",
        ),
        (
            "$filter=1 in (1)",
            "`$filter`: expected `eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in` at position 2, not `in`",
        ),
        (
            "$filter=startswith(displayName)",
            "`$filter`: expected `,` at position 22, not `)`",
        ),
        (
            "$filter=startswith('a',displayName)",
            "`$filter`: expected a property at position 11, not `'a'`",
        ),
        (
            "$filter=startswith(displayName,size)",
            "`$filter`: expected a text in single quotes at position 23, not `size`",
        ),
        (
            "$filter=startswith(size,'a')",
            "`$filter`: `size` is a number; `startswith` is asked of texts",
        ),
        (
            "$filter=not size eq 1",
            "`$filter`: expected parentheses around the comparison after `not` at position 4, not `size`",
        ),
        (
            "$filter=not size in (1)",
            "`$filter`: expected parentheses around the comparison after `not` at position 4, not `size`",
        ),
        (
            "$filter=displayName eq '50%'",
            "the query has a `%` without two digits after it, in `displayName eq '50%'`; write `%25` for the character itself",
        ),
        (
            "$filter=%ff",
            "the query encodes bytes that are no UTF-8, in `%ff`",
        ),
    ] {
        refused(query, BadQueryKind::Malformed, message);
    }
}

#[test]
fn a_query_that_asks_for_more_than_there_is_here_is_refused_as_unsupported() {
    let taken =
        "expected `$select`, `$expand`, `$filter`, `$orderby`, `$top`, `$skiptoken`, `$count`";
    for option in [
        "$search", "$skip", "skip", "$apply", "$format", "foo", "$", "",
    ] {
        refused(
            &format!("{option}=1"),
            BadQueryKind::Unsupported,
            &format!("the query option `{option}` is not supported by `partners`; {taken}"),
        );
    }
    for top in [
        "0",
        "1000",
        "-1",
        "+1",
        "65536",
        "5.0",
        "x",
        "",
        "99999999999999999999",
    ] {
        refused(
            &format!("$top={}", top.replace('+', "%2B")),
            BadQueryKind::Unsupported,
            &format!("`$top`: invalid page size `{top}`; expected a number from 1 to 999"),
        );
    }
    for (query, message) in [
        (
            "$select=inboundTrust/isMfaAccepted",
            "`$select`: `inboundTrust/isMfaAccepted` is within a property; select the whole property",
        ),
        (
            "$expand=identitySynchronization($select=a,b)",
            "`$expand`: options in parentheses are not supported; name only what to expand",
        ),
        (
            "$filter=tolower(displayName) eq 'a'",
            "`$filter`: the function `tolower` is not supported; expected `startswith`, `endswith` or `contains`",
        ),
        (
            "$filter=labels/none(x:x eq 'a')",
            "`$filter`: the function `labels/none` is not supported; expected `startswith`, `endswith` or `contains`",
        ),
        (
            "$filter=displayName eq tenantId",
            "`$filter`: `displayName` and `tenantId` are both properties; compare each with a value, texts in single quotes",
        ),
    ] {
        refused(query, BadQueryKind::Unsupported, message);
    }
}

#[test]
fn an_option_that_this_resource_does_not_take_is_refused_with_those_it_takes() {
    for query in ["$select=id", "select=id", "%24SELECT=id"] {
        let bad = Options::parse(Some(query), &AUDIT).unwrap_err();
        assert_eq!(bad.kind, BadQueryKind::Unsupported);
        assert_eq!(
            bad.to_string(),
            "the query option `$select` is not supported by `directoryAudits`; \
             expected `$filter`, `$orderby`, `$top`, `$skiptoken`"
        );
    }
    let nothing = Allowed {
        options: &[],
        ..PARTNERS
    };
    assert_eq!(
        Options::parse(Some("$top=1"), &nothing)
            .unwrap_err()
            .to_string(),
        "the query option `$top` is not supported by `partners`; it takes no query options"
    );
    assert!(Options::parse(None, &nothing).is_ok());
}

#[test]
fn the_largest_page_is_the_resources_own() {
    for (allowed, largest) in [(PARTNERS, 999), (AUDIT, 1000)] {
        let top = |top: u16| Options::parse(Some(&format!("$top={top}")), &allowed);
        assert_eq!(top(largest).unwrap().top, Some(largest));
        assert_eq!(top(1).unwrap().top, Some(1));
        assert!(top(largest + 1).is_err());
    }
}

#[test]
fn a_filter_too_long_too_deep_or_of_too_many_terms_is_refused_and_one_at_the_bound_is_not() {
    let long = |length: usize| format!("displayName eq '{}'", "a".repeat(length - 17));
    let many = |terms: usize| vec!["size eq 1"; terms].join(" or ");
    let listed = |terms: usize| format!("size in ({})", vec!["1"; terms].join(","));
    let deep = |depth: usize| format!("{}size eq 1{}", "(".repeat(depth), ")".repeat(depth));
    let negated = |depth: usize| format!("{}isServiceProvider", "not ".repeat(depth));
    for (bound, make, message) in [
        (
            8192,
            &long as &dyn Fn(usize) -> String,
            "`$filter`: has 8193 bytes; expected at most 8192",
        ),
        (
            256,
            &many,
            "`$filter`: has more than 256 conditions and values",
        ),
        (
            256,
            &listed,
            "`$filter`: has more than 256 conditions and values",
        ),
        (32, &deep, "`$filter`: is nested more than 32 deep"),
        (32, &negated, "`$filter`: is nested more than 32 deep"),
    ] {
        let _ = good_filter(&make(bound), &PARTNERS);
        let bad = filter(&make(bound + 1), &PARTNERS).unwrap_err();
        assert_eq!(bad.to_string(), message);
        assert_eq!(bad.kind, BadQueryKind::Unsupported);
    }
}

#[test]
fn depth_is_that_of_the_place_not_of_the_whole() {
    let _ = good_filter(&vec!["((size eq 1))"; 100].join(" and "), &PARTNERS);
}

#[track_caller]
fn refused(query: &str, kind: BadQueryKind, message: &str) {
    let bad = Options::parse(Some(query), &PARTNERS).expect_err(query);
    assert_eq!(
        (bad.to_string().as_str(), bad.kind),
        (message, kind),
        "{query}"
    );
}
