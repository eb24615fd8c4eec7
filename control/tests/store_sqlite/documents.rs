//! Documents now and earlier.

use std::collections::BTreeSet;
use std::num::NonZero;

use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::store::{Head, Share, Store, Stored, Version};

use crate::support::{PARTNER, Site, address, all, all_at, pairs, put, remove};

#[test]
fn an_empty_store_is_at_0() {
    let site = Site::new();
    assert_eq!(site.store.head().unwrap(), Head::default());
    assert_eq!(site.store.get(&address("a")).unwrap(), None);
    assert_eq!(site.store.count(PARTNER).unwrap(), 0);
    assert_eq!(all(&site.store, Share::WHOLE), []);
    assert_eq!(site.store.verify(None).unwrap().documents, 0);
}

#[test]
fn a_document_is_there_with_the_change_that_wrote_it() {
    let site = Site::with_history();
    let stored = |key: &str, since, text: &str| {
        Some(Stored {
            address: address(key),
            since,
            text: text.into(),
        })
    };
    assert_eq!(site.store.get(&address("a")).unwrap(), stored("a", 5, "3"));
    assert_eq!(site.store.get(&address("b")).unwrap(), stored("b", 4, "2"));
    assert_eq!(site.store.get(&address("d")).unwrap(), None);
    assert_eq!(site.store.count(PARTNER).unwrap(), 3);
    assert_eq!(
        all(&site.store, Share::WHOLE),
        pairs(&[("a", "3"), ("b", "2"), ("c", "1")])
    );
}

#[test]
fn kinds_do_not_mix() {
    let site = Site::new();
    let policy = Address::only(DocumentKind::Policy);
    let guest = Address::new(DocumentKind::Guest, "a");
    let write = |address: &Address, text: &str| Write {
        address: address.clone(),
        text: Some(text.into()),
    };
    site.change([
        write(&policy, "policy"),
        write(&guest, "guest"),
        put("a", "partner"),
    ]);
    let text = |address: &Address| site.store.get(address).unwrap().map(|stored| stored.text);
    assert_eq!(text(&policy).as_deref(), Some("policy"));
    assert_eq!(text(&guest).as_deref(), Some("guest"));
    assert_eq!(all(&site.store, Share::WHOLE), pairs(&[("a", "partner")]));
    site.change([Write {
        text: None,
        address: guest,
    }]);
    assert_eq!(text(&address("a")).as_deref(), Some("partner"));
    assert_eq!(site.store.count(DocumentKind::Guest).unwrap(), 0);
}

#[test]
fn pages_go_through_all_keys_in_the_order_of_their_bytes() {
    let site = Site::new();
    site.change(["b", "a", "é", "B", "a0", "aa"].map(|key| put(key, "1")));
    let page = |after, limit| -> Vec<String> {
        let page = site.store.page(PARTNER, after, limit).unwrap();
        page.into_iter()
            .map(|stored| stored.address.key.into())
            .collect()
    };
    assert_eq!(page(None, 3), ["B", "a", "a0"]);
    assert_eq!(page(Some("a0"), 3), ["aa", "b", "é"]);
    assert_eq!(page(Some("a1"), 1), ["aa"]);
    assert_eq!(page(Some("é"), 3), [""; 0]);
    assert_eq!(page(None, usize::MAX).len(), 6);
    assert_eq!(page(None, 0), [""; 0]);
}

#[test]
fn history_has_every_version_and_shows_removal() {
    let site = Site::with_history();
    let history = |key| -> Vec<_> {
        let versions = site.store.history(&address(key)).unwrap();
        versions
            .into_iter()
            .map(|Version { since, until, text }| (since, until, text.into_string()))
            .collect()
    };
    let version = |since, until, text: &str| (since, until, text.to_owned());
    assert_eq!(
        history("a"),
        [
            version(1, Some(2), "1"),
            version(2, Some(5), "2"),
            version(5, None, "3")
        ]
    );
    assert_eq!(
        history("b"),
        [version(1, Some(2), "1"), version(4, None, "2")]
    );
    site.change([remove("c")]);
    assert_eq!(history("c"), [version(4, Some(6), "1")]);
    assert_eq!(history("d"), []);
}

#[test]
fn the_latest_versions_are_read_without_those_before() {
    let site = Site::with_history();
    let since = |key, limit| -> Vec<u64> {
        let versions = site.store.latest(&address(key), limit).unwrap();
        versions.into_iter().map(|version| version.since).collect()
    };
    assert_eq!(since("a", 2), [5, 2]);
    assert_eq!(since("a", 9), [5, 2, 1]);
    assert_eq!(since("b", 1), [4]);
    assert_eq!(since("d", 1), [] as [u64; 0]);
}

#[test]
fn earlier_states_can_be_read() {
    let site = Site::with_history();
    assert_eq!(all_at(&site.store, 0), []);
    assert_eq!(all_at(&site.store, 1), pairs(&[("a", "1"), ("b", "1")]));
    assert_eq!(all_at(&site.store, 2), pairs(&[("a", "2")]));
    assert_eq!(all_at(&site.store, 3), pairs(&[("a", "2")]));
    assert_eq!(
        all_at(&site.store, 4),
        pairs(&[("a", "2"), ("b", "2"), ("c", "1")])
    );
    for now in [5, 6, u64::MAX] {
        assert_eq!(
            all_at(&site.store, now),
            pairs(&[("a", "3"), ("b", "2"), ("c", "1")])
        );
    }
}

#[test]
fn what_changed_is_named_once_also_where_it_came_and_went() {
    let site = Site::with_history();
    site.change([put("d", "1"), put("c", "2")]);
    let head = site.change([remove("d")]);
    let since = |sequence| {
        let (changed, at) = site.store.changed_since(sequence).unwrap();
        assert_eq!(at, head);
        changed
            .into_iter()
            .map(|address| address.key.into())
            .collect::<Vec<String>>()
    };
    assert_eq!(since(0), ["a", "b", "c", "d"]);
    assert_eq!(since(4), ["a", "c", "d"]);
    assert_eq!(since(5), ["c", "d"]);
    assert_eq!(since(6), ["d"]);
    assert_eq!(since(7), [""; 0]);
    assert_eq!(since(u64::MAX), [""; 0]);
}

#[test]
fn a_write_that_changes_nothing_makes_no_version_and_is_no_change() {
    let site = Site::with_history();
    let before = site.store.head().unwrap();
    let after = site.change([put("a", "3"), remove("d")]);
    assert_eq!((after.sequence, after.changed), (6, 5));
    assert_eq!(after.changed_hash, before.changed_hash);
    assert_ne!(after.hash, before.hash);
    assert_eq!(site.store.head().unwrap(), after);
    assert_eq!(site.store.get(&address("a")).unwrap().unwrap().since, 5);
    assert_eq!(site.store.history(&address("a")).unwrap().len(), 3);
    assert_eq!(site.store.changed_since(5).unwrap().0, []);
    assert_eq!(site.store.verify(None).unwrap().head, after);
}

#[test]
fn of_two_writes_to_one_document_the_last_counts() {
    let site = Site::new();
    site.change([
        put("b", "1"),
        put("a", "1"),
        put("b", "2"),
        put("c", "1"),
        remove("c"),
    ]);
    assert_eq!(
        all(&site.store, Share::WHOLE),
        pairs(&[("a", "1"), ("b", "2")])
    );
    assert_eq!(site.store.history(&address("b")).unwrap().len(), 1);
    assert_eq!(site.store.history(&address("c")).unwrap(), []);
    site.store.verify(None).unwrap();
}

#[test]
fn texts_and_keys_may_be_anything() {
    let site = Site::new();
    let long = "x".repeat(1 << 20);
    let keys = ["", "a\0b", "a", "'", "\u{10ffff}", &long];
    site.change(keys.map(|key| put(key, &long)));
    site.change(keys.map(|key| put(key, "a\0b")));
    for key in keys {
        let stored = site.store.get(&address(key)).unwrap().unwrap();
        assert_eq!((stored.address, &*stored.text), (address(key), "a\0b"));
    }
    assert_eq!(all(&site.store, Share::WHOLE).len(), keys.len());
    site.store.verify(None).unwrap();
}

#[test]
fn shares_add_up_to_the_whole_and_are_of_about_the_same_size() {
    let shapes: [fn(u32) -> String; 3] = [
        |number| {
            format!(
                "{:08x}-0000-4000-8000-000000000000",
                number.wrapping_mul(0x9e37_79b1)
            )
        },
        |number| format!("tenant-{number:06}.example"),
        |number| number.to_string(),
    ];
    for shape in shapes {
        let site = Site::new();
        site.change((0..12_000).map(|number| put(&shape(number), "1")));
        // A tenth goes, so that marks go too.
        site.change(
            (0..12_000)
                .filter(|number| number % 10 == 0)
                .map(|number| remove(&shape(number))),
        );
        let whole: BTreeSet<_> = all(&site.store, Share::WHOLE).into_iter().collect();
        assert_eq!(whole.len(), 10_800);
        for of in [1, 2, 3, 7] {
            let parts: Vec<_> = Share::split(NonZero::new(of).unwrap())
                .map(|part| all(&site.store, part))
                .collect();
            let sum: usize = parts.iter().map(Vec::len).sum();
            assert_eq!(sum, whole.len(), "none twice");
            assert_eq!(
                parts.iter().flatten().cloned().collect::<BTreeSet<_>>(),
                whole
            );
            if of == 2 {
                let smaller = parts.iter().map(Vec::len).min().unwrap();
                assert!(smaller > sum / 4, "{smaller} of {sum}");
            }
        }
    }
}

#[test]
fn shares_of_few_documents_add_up_to_the_whole() {
    let site = Site::with_history();
    let parts: Vec<_> = Share::split(NonZero::new(5).unwrap())
        .flat_map(|part| all(&site.store, part))
        .collect();
    assert_eq!(parts, pairs(&[("a", "3"), ("b", "2"), ("c", "1")]));
}
