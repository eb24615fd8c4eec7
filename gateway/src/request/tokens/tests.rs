mod weight;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossgate_token::{KeySet, TokenFault, accept_unsigned};

use super::*;
use crate::live::Keys;
use crate::request::testing::{OWN, PARTNER, issuers, key_set, keys, known};

fn now() -> UnixTime {
    UnixTime::from_secs(1_000)
}

fn tokens(bytes: u64) -> Tokens {
    let metrics = Arc::new(Metrics::new().unwrap());
    Tokens::new(TokenCache::Bytes(bytes), metrics).unwrap()
}

fn keep(tokens: &Tokens, digest: u128, basis: Basis<'_>, token: &Arc<KnownToken>) {
    tokens.keep(TokenDigest(digest), basis, token, now());
    tokens.keep_ready(TokenDigest(digest), basis, token);
}

fn is_known(tokens: &Tokens, digest: u128, basis: Basis<'_>) -> bool {
    match tokens.find(TokenDigest(digest), basis, &issuers()) {
        Some(Found::Ready(_)) => true,
        Some(Found::Unpacked(token)) => {
            tokens.used(TokenDigest(digest));
            tokens.keep_ready(TokenDigest(digest), basis, &token);
            true
        }
        Some(Found::Refused(_)) | None => false,
    }
}

fn expiring(at: u32) -> Arc<KnownToken> {
    let claims =
        serde_json::json!({"iss": "https://own.example", "aud": "a", "sub": "s", "exp": at});
    let verified = accept_unsigned(&claims, &issuers(), "own").unwrap();
    Arc::new(KnownToken::new(verified, &issuers()))
}

fn with_groups(groups: usize) -> Arc<KnownToken> {
    let groups: Vec<_> = (0..groups).map(|group| format!("group {group}")).collect();
    let claims = serde_json::json!({
        "iss": "https://own.example", "aud": "api://payroll", "sub": "s", "oid": "ada", "exp": 2_000_000_000, "groups": groups,
    });
    let verified = accept_unsigned(&claims, &issuers(), "own").unwrap();
    Arc::new(KnownToken::new(verified, &issuers()))
}

#[test]
fn a_token_is_found_on_the_basis_it_was_verified_on_and_on_no_other() {
    let (tokens, token, keys) = (tokens(1 << 20), Arc::new(known(OWN)), keys());
    let basis = Basis::new(&keys, 1);
    keep(&tokens, 7, basis, &token);
    let found = tokens.find(TokenDigest(7), basis, &issuers());
    assert!(matches!(found, Some(Found::Ready(found)) if Arc::ptr_eq(&found, &token)));
    assert!(!is_known(&tokens, 8, basis));
    // Other issuers, no keys.
    for basis in [Basis::new(&keys, 2), Basis::new(&Keys::default(), 1)] {
        assert!(!is_known(&tokens, 7, basis), "{basis:?}");
    }
    assert!(is_known(&tokens, 7, basis));
}

#[test]
fn what_is_found_packed_says_what_the_token_said() {
    let (tokens, token, keys) = (tokens(1 << 20), Arc::new(known(PARTNER)), keys());
    let basis = Basis::new(&keys, 1);
    tokens.keep(TokenDigest(7), basis, &token, now());
    let Some(Found::Unpacked(found)) = tokens.find(TokenDigest(7), basis, &issuers()) else {
        panic!("not found");
    };
    assert_eq!(found.verified, token.verified);
    assert_eq!(found.subject, token.subject);
}

#[test]
fn a_key_that_leaves_empties_its_issuer_and_one_that_comes_empties_nothing() {
    let (tokens, keys) = (tokens(1 << 20), keys());
    let basis = Basis::new(&keys, 1);
    keep(&tokens, 1, basis, &Arc::new(known(OWN)));
    keep(&tokens, 2, basis, &Arc::new(known(PARTNER)));
    tokens.keep(TokenDigest(3), basis, &Arc::new(known(OWN)), now());
    let known =
        |keys: &Keys| [1, 2, 3].map(|digest| is_known(&tokens, digest, Basis::new(keys, 1)));
    let with = |own: KeySet| {
        let sets: HashMap<_, _> = [("own".into(), own), ("partner".into(), key_set(&["a"]))].into();
        let sets = sets.into_iter().map(|(name, set)| (name, Arc::new(set)));
        sets.collect::<HashMap<Arc<str>, _>>()
    };
    let two = keys.replaced_by(with(key_set(&["a", "b"])));
    assert_eq!(known(&two), [true, true, true]);
    let rotated = two.replaced_by(with(key_set(&["b"])));
    assert_eq!(known(&rotated), [false, true, false]);
    // The key comes back, which says nothing about what was signed meanwhile.
    let back = rotated.replaced_by(with(key_set(&["a", "b"])));
    assert_eq!(known(&back), [false, true, false]);
    tokens.sweep(Basis::new(&back, 1), now());
    assert_eq!(tokens.len(), 1);
}

#[test]
fn however_many_come_once_what_was_used_again_stays() {
    let (tokens, token, keys) = (tokens(256 << 10), Arc::new(known(OWN)), keys());
    let basis = Basis::new(&keys, 1);
    // A quarter of what there is room for.
    let hot = 1..=80;
    for digest in hot.clone() {
        keep(&tokens, digest, basis, &token);
        assert!(is_known(&tokens, digest, basis));
    }
    for digest in 1_000..21_000 {
        keep(&tokens, digest, basis, &token);
    }
    let still = hot
        .filter(|digest| is_known(&tokens, *digest, basis))
        .count();
    assert_eq!(still, 80);
}

#[test]
fn the_cache_is_bounded_in_bytes_whatever_is_kept() {
    for groups in [0, 10, 100, 1000] {
        let (tokens, token, keys) = (tokens(1 << 20), with_groups(groups), keys());
        let basis = Basis::new(&keys, 1);
        for digest in 1..5_000 {
            keep(&tokens, digest, basis, &token);
        }
        let tables = tokens.tables.as_ref().unwrap();
        let (packed, ready) = (&tables.packed, &tables.ready);
        assert!(packed.weight() <= 1 << 20, "{}", packed.weight());
        assert!(ready.weight() <= 3 << 19, "{}", ready.weight());
        assert!(is_known(&tokens, 4_999, basis), "{groups}");
        // Room is used: sets fill unevenly, yet not by half.
        assert!(
            packed.weight() >= 600 << 10,
            "{groups}: {}",
            packed.weight()
        );
    }
}

#[test]
fn a_giant_is_not_kept() {
    let (tokens, token, keys) = (tokens(1 << 20), with_groups(20_000), keys());
    keep(&tokens, 1, Basis::new(&keys, 1), &token);
    assert!(tokens.is_empty());
}

#[test]
fn expired_tokens_leave_and_are_not_taken_in() {
    let (tokens, keys) = (tokens(1 << 20), keys());
    let basis = Basis::new(&keys, 1);
    // A minute of skew is granted to clocks.
    tokens.keep(TokenDigest(9), basis, &expiring(940), now());
    assert!(tokens.is_empty());
    keep(&tokens, 1, basis, &expiring(941));
    keep(&tokens, 2, basis, &expiring(5_000));
    tokens.sweep(basis, now());
    assert_eq!(tokens.len(), 2);
    tokens.sweep(basis, UnixTime::from_secs(1_001));
    assert_eq!(tokens.len(), 1);
    assert!(!is_known(&tokens, 1, basis));
    assert!(is_known(&tokens, 2, basis));
    assert_eq!(tokens.metrics.token_cache_evictions.get(), 1);
}

#[test]
fn an_expired_token_is_verified_once_and_takes_nothing_from_good_ones() {
    let (tokens, keys) = (tokens(1 << 20), keys());
    let basis = Basis::new(&keys, 1);
    keep(&tokens, 1, basis, &Arc::new(known(OWN)));
    let expired = expiring(940);
    tokens.keep(TokenDigest(2), basis, &expired, now());
    let find = |basis| tokens.find(TokenDigest(2), basis, &issuers());
    let Some(Found::Unpacked(found)) = find(basis) else {
        panic!("not found");
    };
    assert_eq!(found.verified, expired.verified);
    // It rests on its issuer's keys like any other.
    assert!(find(Basis::new(&keys.replaced_by(HashMap::new()), 1)).is_none());
    for digest in 3..20_003 {
        tokens.keep(TokenDigest(digest), basis, &expired, now());
    }
    assert_eq!(tokens.len(), 1);
    assert!(is_known(&tokens, 1, basis));
    let refused = &tokens.tables.as_ref().unwrap().refused;
    assert!(refused.weight() <= MOST_REFUSED);
}

#[test]
fn a_flood_of_bad_tokens_takes_nothing_from_good_ones_and_is_bounded() {
    let (tokens, token, keys) = (tokens(1 << 20), Arc::new(known(OWN)), keys());
    let basis = Basis::new(&keys, 1);
    for digest in 1..=500 {
        tokens.keep(TokenDigest(digest), basis, &token, now());
    }
    let kept = tokens.len();
    let why = Unverified::from(TokenFault::BadSignature);
    for digest in 1_000..101_000 {
        tokens.refuse(TokenDigest(digest), basis, &why);
        let found = tokens.find(TokenDigest(digest), basis, &issuers());
        assert!(matches!(found, Some(Found::Refused(found)) if found == why));
    }
    assert_eq!(tokens.len(), kept);
    let refused = &tokens.tables.as_ref().unwrap().refused;
    assert!(refused.weight() <= MOST_REFUSED);
}

#[test]
fn a_refusal_ends_with_the_keys_and_issuers_it_rests_on() {
    let (tokens, keys) = (tokens(1 << 20), keys());
    let why = Unverified::from(TokenFault::BadSignature);
    tokens.refuse(TokenDigest(1), Basis::new(&keys, 1), &why);
    let more = keys.replaced_by(keys.sets.clone());
    for basis in [Basis::new(&more, 1), Basis::new(&keys, 2)] {
        assert!(tokens.find(TokenDigest(1), basis, &issuers()).is_none());
    }
    let unknown = Unverified::UnknownKey {
        key_id: "k".into(),
        not_in: ["own".into()].into(),
        without_keys: [].into(),
    };
    tokens.refuse(TokenDigest(2), Basis::new(&keys, 1), &unknown);
    assert!(
        tokens
            .find(TokenDigest(2), Basis::new(&keys, 1), &issuers())
            .is_none()
    );
}

#[test]
fn a_cache_that_is_off_keeps_nothing() {
    let metrics = Arc::new(Metrics::new().unwrap());
    let tokens = Tokens::new(TokenCache::Off, metrics).unwrap();
    let keys = keys();
    let basis = Basis::new(&keys, 1);
    keep(&tokens, 1, basis, &Arc::new(known(OWN)));
    tokens.refuse(TokenDigest(2), basis, &TokenFault::BadSignature.into());
    assert!(tokens.find(TokenDigest(1), basis, &issuers()).is_none());
    assert!(tokens.find(TokenDigest(2), basis, &issuers()).is_none());
}

/// Each worker does one thing at a time, so a token that all see at once is verified once by each at most.
#[test]
fn a_new_token_on_many_connections_is_verified_once_by_each_worker_at_most() {
    const WORKERS: usize = 4;
    let (tokens, token, keys) = (tokens(1 << 20), Arc::new(known(OWN)), keys());
    let basis = Basis::new(&keys, 1);
    for digest in 1..200 {
        let verified = AtomicUsize::new(0);
        let begin = std::sync::Barrier::new(WORKERS);
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    begin.wait();
                    for _ in 0..100 {
                        if !is_known(&tokens, digest, basis) {
                            verified.fetch_add(1, Ordering::Relaxed);
                            keep(&tokens, digest, basis, &token);
                        }
                    }
                });
            }
        });
        let verified = verified.into_inner();
        assert!((1..=WORKERS).contains(&verified), "{verified}");
    }
}

#[test]
fn many_threads_that_keep_and_sweep_leave_the_sums_right() {
    let (tokens, token, keys) = (tokens(64 << 10), Arc::new(known(OWN)), keys());
    std::thread::scope(|scope| {
        for thread in 1..=4u128 {
            let (tokens, token, keys) = (&tokens, &token, &keys);
            scope.spawn(move || {
                let basis = Basis::new(keys, 1);
                for step in 0..5_000 {
                    let digest = 1 + (step * thread) % 300;
                    if !is_known(tokens, digest, basis) {
                        keep(tokens, digest, basis, token);
                    }
                    if step % 500 == 0 {
                        tokens.sweep(basis, now());
                    }
                }
            });
        }
    });
    // Everything goes, and with it all that was counted.
    tokens.sweep(Basis::new(&keys, 2), now());
    let tables = tokens.tables.as_ref().unwrap();
    assert_eq!((tokens.len(), tables.packed.weight()), (0, 0));
    assert_eq!((tables.ready.len(), tables.ready.weight()), (0, 0));
}
