//! Which queries are taken, and as what.

use super::*;

#[test]
fn no_query_asks_for_everything() {
    for query in [None, Some(""), Some("&"), Some("&&")] {
        let options = Options::parse(query, &PARTNERS).unwrap();
        assert_eq!(options.select, Select::All);
        assert!(options.expand.is_empty() && options.order_by.terms().next().is_none());
        assert!(options.filter.is_none() && options.top.is_none() && options.after.is_none());
        assert!(!options.count);
    }
}

#[test]
fn options_are_read_whatever_their_spelling() {
    for query in [
        "$filter=size%20eq%201&$top=5&$count=true&$select=size&$orderby=size",
        "filter=size+eq+1&top=5&count=TRUE&select=size&orderBy=size",
        "%24filter=size+eq+1&%24TOP=5&$Count=True&$Select=SIZE&$orderBy=Size%20ASC&",
        "&$orderby=%20size%20%20asc%20&$select=%20size%20,size&$filter=%20size+eq+1+&$count=true&$top=0005",
    ] {
        let options = Options::parse(Some(query), &PARTNERS).unwrap();
        assert_eq!(options.filter.unwrap().to_string(), "size eq 1", "{query}");
        assert_eq!(options.order_by.to_string(), "size asc", "{query}");
        assert_eq!(options.select, Select::Only(["size".into()].into()));
        assert_eq!((options.top, options.count), (Some(5), true), "{query}");
    }
}

#[test]
fn every_filter_that_graph_documents_for_the_audit_is_taken_and_admits_its_example() {
    for text in [
        "activityDateTime eq 2026-01-13T17:14:06Z",
        "activityDateTime ge 2026-01-13 and activityDateTime le 2026-01-14",
        "activityDateTime le 2026-01-13T18:14:06.5000000+01:00",
        "activityDateTime ge '2026-01-13T17:14:06Z'",
        "activityDisplayName eq 'update a partner cross-tenant access setting'",
        "startswith(activityDisplayName,'Update a partner')",
        "startsWith(activityDisplayName, 'UPDATE')",
        "category eq 'CrossTenantAccessSettings'",
        "correlationId eq '3f2504e0-4f89-11d3-9a0c-0305e82c3301'",
        "correlationId eq 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "id eq 'Directory_1'",
        "loggedByService eq 'Core Directory'",
        "initiatedBy/user/id eq 'ada'",
        "initiatedBy/user/userPrincipalName eq 'ADA@fabrikam.example'",
        "startswith(initiatedBy/user/userPrincipalName,'ada')",
        "initiatedBy/app/appId eq null",
        "targetResources/any(t: t/id eq 'two')",
        "targetResources/any(t:t/displayName eq 'Policy')",
        "targetResources/any(x: startswith(x/displayName, 'pol'))",
        "targetResources/any(t: t/id eq 'none' or t/displayName eq 'Policy')",
    ] {
        assert!(good_filter(text, &AUDIT).admits(&audit()), "{text}");
    }
}

#[test]
fn filters_print_in_one_form() {
    for (text, printed) in [
        ("  SIZE  EQ  1 ", "size eq 1"),
        ("(((size eq 1)))", "size eq 1"),
        ("1 lt size", "size gt 1"),
        ("1 Ge size", "size le 1"),
        ("'a' eq DisplayName", "displayName eq 'a'"),
        ("size eq -1.50e1", "size eq -15.0"),
        ("displayName eq 'it''s'", "displayName eq 'it''s'"),
        ("displayName eq NULL", "displayName eq null"),
        ("isServiceProvider", "isServiceProvider"),
        ("NOT isServiceProvider", "not (isServiceProvider)"),
        ("not(size eq 1)", "not (size eq 1)"),
        (
            "size eq 1 or size eq 2 and size eq 3",
            "size eq 1 or (size eq 2 and size eq 3)",
        ),
        (
            "size eq 1 and (size eq 2 and size eq 3) and size eq 4",
            "size eq 1 and (size eq 2 and size eq 3) and size eq 4",
        ),
        ("size IN ( 1 , 2 )", "size in (1,2)"),
        ("labels/ANY()", "labels/any()"),
        ("labels/all( x : x eq 'a' )", "labels/all(x:x eq 'a')"),
        (
            "since ge 2026-01-31t13:00+01:00",
            "since ge 2026-01-31T12:00:00Z",
        ),
        ("since ge '2026-01-31'", "since ge 2026-01-31T00:00:00Z"),
        (
            "tenantId eq 'C0FFEE00-0000-0000-0000-000000000000'",
            "tenantId eq c0ffee00-0000-0000-0000-000000000000",
        ),
        ("inboundTrust ne null", "inboundTrust ne null"),
        (
            "inboundTrust/ismfaaccepted eq True",
            "inboundTrust/isMfaAccepted eq true",
        ),
        (
            "contains(tenantId,'ffee') and endsWith( displayName , '''' )",
            "contains(tenantId,'ffee') and endswith(displayName,'''')",
        ),
    ] {
        let got = filter(text, &PARTNERS).map(|filter| filter.to_string());
        assert_eq!(got.unwrap_or_default(), printed, "{text}");
    }
}

#[test]
fn a_filter_within_a_filter_prints_in_one_form() {
    let text = "targetResources/any(t: t/modifiedProperties/any(m: m/displayName eq 'a' and not startswith(m/oldValue,'b')))";
    assert_eq!(
        good_filter(text, &AUDIT).to_string(),
        "targetResources/any(t:t/modifiedProperties/any(m:m/displayName eq 'a' and not (startswith(m/oldValue,'b'))))"
    );
}
