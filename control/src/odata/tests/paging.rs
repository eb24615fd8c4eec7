//! `$skiptoken` and the link to the next page, as a client follows it.

use proptest::prelude::*;

use super::*;

const BASE: &str = "https://graph.example/v1.0/policies/crossTenantAccessPolicy/partners";

fn options(query: &str) -> Options {
    Options::parse(Some(query), &PARTNERS).unwrap()
}

fn query_of(link: &str) -> &str {
    link.strip_prefix(BASE)
        .and_then(|rest| rest.strip_prefix('?'))
        .unwrap()
}

#[test]
fn the_next_link_keeps_every_option_and_replaces_the_skip_token() {
    let query = "$select=size,displayName&%24filter=displayName+eq+'a%26b+%2B%25'&top=2&$orderby=size%20desc&$count=true";
    let first = options(query);
    let object = json!({ "size": 5, "displayName": "a&b +%" });
    let position = first.order_by.position(&object, "key 1");
    let link = first.next_link(BASE, &position);
    assert!(
        link.starts_with(&format!(
            "{BASE}?$select=size,displayName&$filter=displayName%20eq%20%27a%26b%20%2B%25%27&top=2&$orderby=size%20desc&$count=true&$skiptoken="
        )),
        "{link}"
    );
    let second = options(query_of(&link));
    assert_eq!(second.after, Some(position));
    assert_eq!(second.select, first.select);
    assert_eq!(second.filter, first.filter);
    assert_eq!(second.order_by, first.order_by);
    assert_eq!((second.top, second.count), (Some(2), true));

    let other = second.order_by.position(&object, "key 2");
    let link = second.next_link(BASE, &other);
    assert_eq!(link.matches("skiptoken").count(), 1, "{link}");
    assert_eq!(
        options(query_of(&link)).after.unwrap().key.as_ref(),
        "key 2"
    );
}

#[test]
fn a_query_without_options_has_a_next_link_too() {
    let first = Options::parse(None, &PARTNERS).unwrap();
    let link = first.next_link(BASE, &first.order_by.position(&json!({}), "k"));
    assert_eq!(options(query_of(&link)).after.unwrap().key.as_ref(), "k");
}

#[test]
fn a_skip_token_is_taken_only_for_the_list_it_was_made_for() {
    let made = options("$filter=size eq 1&$orderby=displayName&$top=5");
    let link = made.next_link(BASE, &made.order_by.position(&json!({}), "k"));
    let (_, token) = link.split_once("$skiptoken=").unwrap();
    for same in [
        "$filter=size eq 1&$orderby=displayName",
        "$orderby=DisplayName%20asc&filter=(1 eq SIZE)&$top=7&$select=size&$count=true",
    ] {
        assert!(
            options(&format!("{same}&$skiptoken={token}"))
                .after
                .is_some(),
            "{same}"
        );
        assert!(
            options(&format!("SKIPTOKEN={token}&{same}"))
                .after
                .is_some(),
            "{same}"
        );
    }
    for other in [
        "$orderby=displayName",
        "$filter=size eq 1",
        "$filter=size eq 2&$orderby=displayName",
        "$filter=size eq 1&$orderby=displayName desc",
        "$filter=size eq 1&$orderby=displayName,size",
        "$top=5",
    ] {
        let bad =
            Options::parse(Some(&format!("{other}&$skiptoken={token}")), &PARTNERS).unwrap_err();
        assert_eq!(bad.kind, BadQueryKind::SkipToken, "{other}");
        assert_eq!(
            bad.to_string(),
            "`$skiptoken`: is not one for this query; follow `@odata.nextLink` unchanged, or begin again without it"
        );
    }
    let query = format!("$filter=size eq 1&$orderby=displayName&$skiptoken={token}");
    let elsewhere = Allowed {
        resource: "roles",
        ..PARTNERS
    };
    assert!(Options::parse(Some(&query), &elsewhere).is_err());
    for broken in ["", "x", "%20", "AQ", &token[1..], &token[..token.len() - 1]] {
        let query = format!("$filter=size eq 1&$orderby=displayName&$skiptoken={broken}");
        let bad = Options::parse(Some(&query), &PARTNERS).unwrap_err();
        assert_eq!(bad.kind, BadQueryKind::SkipToken, "{broken}");
    }
}

/// Follows every link to the end, over a list that may change between pages.
fn walk(
    query: &str,
    pages: usize,
    mut list: impl FnMut(usize) -> Vec<(String, Value)>,
) -> Vec<String> {
    let mut seen = Vec::new();
    let mut next = Some(query.to_owned());
    for page in 0..pages {
        let Some(query) = next.take() else { break };
        let options = options(&query);
        let mut objects = list(page);
        objects.retain(|(key, object)| {
            options
                .after
                .as_ref()
                .is_none_or(|after| options.order_by.compare_to(object, key, after).is_gt())
        });
        objects.sort_by(|(key_a, a), (key_b, b)| {
            options
                .order_by
                .compare(a, b)
                .then_with(|| key_a.cmp(key_b))
        });
        let size = usize::from(options.top.unwrap());
        let rest = objects.len() > size;
        objects.truncate(size);
        if let Some((key, object)) = objects.last().filter(|_| rest) {
            let link = options.next_link(BASE, &options.order_by.position(object, key));
            next = Some(query_of(&link).to_owned());
        }
        seen.extend(objects.into_iter().map(|(key, _)| key));
    }
    assert_eq!(next, None, "pages end");
    seen
}

#[test]
fn an_object_that_is_gone_still_marks_the_place_where_its_page_ended() {
    let all: Vec<_> = (0..5)
        .map(|n| (format!("key{n}"), json!({ "size": 10 - n })))
        .collect();
    let seen = walk("$orderby=size desc&$top=2", 9, |page| {
        all.iter()
            .filter(|(key, _)| page == 0 || key != "key1")
            .cloned()
            .collect()
    });
    assert_eq!(seen, ["key0", "key1", "key2", "key3", "key4"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn following_the_links_lists_every_object_once_and_in_order(
        sizes in prop::collection::vec(prop::option::of(0..4_u8), 0..20),
        top in 1..6_u16,
        by in prop::sample::select(vec!["", "&$orderby=size", "&$orderby=size desc", "&$orderby=displayName,size"]),
    ) {
        let all: Vec<_> = sizes.iter().enumerate().map(|(n, size)| {
            (format!("key{n:02}"), json!({ "size": size, "displayName": size.map(|size| format!("{}", size % 2)) }))
        }).collect();
        let query = format!("$top={top}{by}");
        let order = options(&query).order_by;
        let mut expected = all.clone();
        expected.sort_by(|(key_a, a), (key_b, b)| order.compare(a, b).then_with(|| key_a.cmp(key_b)));
        let expected: Vec<_> = expected.into_iter().map(|(key, _)| key).collect();
        prop_assert_eq!(walk(&query, 25, |_| all.clone()), expected);
    }

    #[test]
    fn any_query_survives_its_way_through_a_link(name in "\\PC{0,30}", key in "\\PC{0,30}") {
        let mut url = String::new();
        query::push(&mut url, "$filter", &format!("displayName eq '{}'", name.replace('\'', "''")));
        let first = options(url.strip_prefix('?').unwrap());
        let link = first.next_link(BASE, &first.order_by.position(&json!({}), &key));
        let uri: http::Uri = link.parse().unwrap();
        let second = options(uri.query().unwrap());
        prop_assert_eq!(&second.filter, &first.filter);
        prop_assert_eq!(second.filter.as_ref().unwrap().equals("displayName"), Some(name.as_str()));
        prop_assert_eq!(second.after.map(|after| after.key), Some(key.into()));
    }

    #[test]
    fn no_query_at_all_makes_it_panic(query in ".{0,200}") {
        let _ = Options::parse(Some(&query), &PARTNERS);
        for option in QueryOption::ALL {
            let _ = Options::parse(Some(&format!("{}={query}", option.name())), &PARTNERS);
        }
    }
}
