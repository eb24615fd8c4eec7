//! A policy that is changed document by document is the policy that its documents make.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;

use crossgate_graph::{Compiled, DocumentKind, Standing};
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::RevocationKind;
use support::store::{Store, Write, change, put, remove};
use support::{MFA, OWN, PARTNER, own, partner, policy};

const PARTNERS: u64 = 40;

fn tenant(number: u64) -> String {
    format!("22222222-2222-4222-8222-{number:012}")
}

fn half(access: &str, target: &str, kind: &str) -> String {
    format!(
        r#"{{"accessType":"{access}","targets":[{{"target":"{target}","targetType":"{kind}"}}]}}"#
    )
}

/// Numbers without an order, always the same ones.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// Halves of a setting, some missing, some at odds with others.
fn setting(dice: &mut impl FnMut(u64) -> u64) -> String {
    let mut access = || ["allowed", "blocked"][dice(2) as usize];
    let (users, apps) = (access(), access());
    let named = dice(3) == 0;
    let user = if named {
        tenant(900 + dice(3))
    } else {
        "AllUsers".to_owned()
    };
    let app = if dice(3) == 0 {
        tenant(800 + dice(3))
    } else {
        "AllApplications".to_owned()
    };
    let users = format!(r#""usersAndGroups":{}"#, half(users, &user, "user"));
    let apps = format!(r#""applications":{}"#, half(apps, &app, "application"));
    match dice(4) {
        0 => format!("{{{users}}}"),
        1 => format!("{{{apps}}}"),
        _ => format!("{{{users},{apps}}}"),
    }
}

fn write(dice: &mut impl FnMut(u64) -> u64) -> Write {
    let (kind, key, text) = match dice(19) {
        0..8 => {
            let id = tenant(dice(PARTNERS));
            let inbound = setting(dice);
            let trust = dice(3) == 0;
            let text = format!(
                r#"{{"tenantId":"{id}","b2bCollaborationInbound":{inbound},"b2bDirectConnectInbound":{},"inboundTrust":{{"isMfaAccepted":{trust}}}}}"#,
                setting(dice)
            );
            (DocumentKind::Partner, id, text)
        }
        8 | 9 => {
            let halves = ["allowed", "blocked"].map(|access| {
                let apps = half(access, "AllApplications", "application");
                format!(
                    r#"{{"usersAndGroups":{},"applications":{apps}}}"#,
                    half(access, "AllUsers", "user")
                )
            });
            let [inbound, direct] = [0, 1].map(|_| &halves[dice(2) as usize]);
            let text = format!(
                r#"{{"b2bCollaborationInbound":{inbound},"b2bDirectConnectInbound":{direct}}}"#
            );
            (DocumentKind::Default, String::new(), text)
        }
        10 => {
            let id = format!("p{}", dice(3));
            let location = dice(3);
            let place = format!(r#","locations":{{"includeLocations":["l{location}"]}}"#);
            let text = policy(&place, MFA).replace(r#""id":"p""#, &format!(r#""id":"{id}""#));
            (DocumentKind::ConditionalAccess, id, text)
        }
        11 => {
            let id = format!("l{}", dice(3));
            let text = format!(
                r#"{{"id":"{id}","ipRanges":[{{"cidrAddress":"10.{}.0.0/16"}}]}}"#,
                dice(200)
            );
            (DocumentKind::NamedLocation, id, text)
        }
        12 | 13 => {
            let (id, second, minute) = (dice(5), dice(3), dice(60));
            let suffix = ["", "#2", "#3"][second as usize];
            let (kind, tenant) = match dice(2) {
                0 => ("user".to_owned(), String::new()),
                _ => (
                    format!("user@{PARTNER}"),
                    format!(r#","tenant":"{PARTNER}""#),
                ),
            };
            let text = format!(
                r#"{{"kind":"user","id":"u{id}"{tenant},"notBefore":"2026-01-01T00:{minute:02}:00Z"}}"#
            );
            (
                DocumentKind::Revocation,
                format!("{kind}/u{id}{suffix}"),
                text,
            )
        }
        16 | 17 => {
            // A user and a group may bear one id, and one become the other.
            let (app, who) = (format!("a{}", dice(2)), format!("u{}", dice(5)));
            let kind = ["User", "Group"][dice(2) as usize];
            let text = format!(
                r#"{{"resourceId":"{app}","principalId":"{who}","principalType":"{kind}"}}"#
            );
            (
                DocumentKind::AppRoleAssignment,
                format!("{app}/{who}"),
                text,
            )
        }
        18 => {
            let (group, who) = (format!("u{}", dice(5)), format!("u{}", dice(5)));
            let text = format!(r#"{{"groupId":"{group}","memberId":"{who}"}}"#);
            (DocumentKind::GroupMember, format!("{group}/{who}"), text)
        }
        14 => {
            let (id, home) = (format!("g{}", dice(6)), dice(8));
            let text = format!(
                r#"{{"id":"{id}","crossgate":{{"homeTenantId":"{PARTNER}","homeUserId":"h{home}"}}}}"#
            );
            (DocumentKind::Guest, id, text)
        }
        _ => {
            let clouds = ["", r#""microsoftonline.us""#][dice(2) as usize];
            let text = format!(r#"{{"allowedCloudEndpoints":[{clouds}]}}"#);
            (DocumentKind::Policy, String::new(), text)
        }
    };
    (kind, key, (dice(4) > 0).then_some(text))
}

/// Everything that a decision could read, in words.
fn told(compiled: &Compiled) -> Vec<String> {
    fn line(what: &dyn Debug) -> String {
        format!("{what:?}")
    }
    let Compiled {
        allowed_clouds,
        default,
        partners,
        guests,
        conditional_access,
        revocations,
        assignments,
        external_collaboration,
        sign_up,
        redemption,
        advisories: _,
        counts,
    } = compiled;
    let found = |number| partners.get(TenantId::parse(&tenant(number)).unwrap());
    let all: BTreeMap<_, _> = partners.iter().collect();
    let found: Vec<_> = (0..PARTNERS).map(found).collect();
    assert_eq!(found.iter().flatten().count(), all.len());
    let mut guests: Vec<_> = guests.records.iter().map(|guest| line(guest)).collect();
    guests.sort();
    let users = (0..5).map(|user| Id::new(&format!("u{user}")));
    let revoked: Vec<_> = users
        .map(|user| {
            let of = |tenant| revocations.of(RevocationKind::User, &user, tenant);
            (of(None), of(TenantId::parse(PARTNER)))
        })
        .collect();
    let users = (0..5).map(|user| Id::new(&format!("u{user}")));
    let assigned: Vec<_> = users
        .map(|user| {
            let of = |app: &str| assignments.of(&user, &Id::new(app));
            (of("a0"), of("a1"), assignments.groups_of(&user))
        })
        .collect();
    vec![
        line(allowed_clouds),
        line(default),
        line(&found),
        line(&guests),
        line(conditional_access),
        line(&(revoked, revocations.len())),
        line(&assigned),
        line(external_collaboration),
        line(sign_up),
        line(redemption),
        line(counts),
    ]
}

#[test]
fn a_policy_changed_document_by_document_is_the_one_that_its_documents_make() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..12 {
        let mut dice = dice(seed * 7_919);
        let mut store = Store::default();
        let mut standing = Standing::initial(&own());
        for _ in 0..150 {
            let count = if dice(10) == 0 { dice(30) } else { 1 + dice(2) };
            let writes = (0..count).map(|_| write(&mut dice));
            let writes: BTreeMap<_, _> = writes
                .map(|(kind, key, text)| ((kind, key), text))
                .collect();
            let writes: Vec<_> = writes
                .into_iter()
                .map(|((kind, key), text)| (kind, key, text))
                .collect();
            let before = standing.compiled();
            let old = told(&before);
            match change(&mut standing, &mut store, &writes) {
                Ok(_) => {
                    accepted += 1;
                    let loaded = store
                        .load()
                        .unwrap_or_else(|faults| panic!("{faults:#?}\n{writes:#?}"));
                    let (now, loaded) = (told(&standing.compiled()), told(&loaded.compiled()));
                    assert_eq!(now, loaded, "{writes:#?}");
                }
                Err(_) => {
                    refused += 1;
                    assert_eq!(told(&standing.compiled()), old, "{writes:#?}");
                    // What a removal of a location is refused for is the only thing that a loader takes.
                    let removes =
                        |write: &Write| write.0 == DocumentKind::NamedLocation && write.2.is_none();
                    if !writes.iter().any(removes) {
                        let mut after = store.clone();
                        after.write(&writes);
                        assert!(after.load().is_err(), "{writes:#?}");
                    }
                }
            }
            assert_eq!(told(&before), old, "what was taken before stays as it was");
        }
    }
    assert!(accepted > 300 && refused > 100, "{accepted} and {refused}");
}

fn settled(writes: &[Write]) -> (Standing, Store) {
    let (mut standing, mut store) = (Standing::initial(&own()), Store::default());
    change(&mut standing, &mut store, writes).unwrap();
    (standing, store)
}

#[track_caller]
fn refused(standing: &mut Standing, store: &mut Store, writes: &[Write]) -> Vec<String> {
    change(standing, store, writes).unwrap_err()
}

#[test]
fn every_fault_of_every_changed_document_is_told_with_its_path() {
    let (mut standing, mut store) = settled(&[]);
    let other = tenant(5);
    let faults = refused(
        &mut standing,
        &mut store,
        &[
            put(
                DocumentKind::Partner,
                PARTNER,
                r#"{"tenantId":"x","inboundTrust":{"isMfaAccepted":1}}"#,
            ),
            put(
                DocumentKind::Partner,
                OWN,
                format!(r#"{{"tenantId":"{OWN}"}}"#),
            ),
            put(
                DocumentKind::Partner,
                &other,
                format!(r#"{{"tenantId":"{PARTNER}"}}"#),
            ),
            put(DocumentKind::Guest, "a", r#"{"id":"b"}"#),
            put(
                DocumentKind::Revocation,
                "user/a",
                r#"{"kind":"user","id":"b","notBefore":"2026-01-01T00:00:00Z"}"#,
            ),
            put(
                DocumentKind::AppRoleAssignment,
                "crm/bob",
                r#"{"resourceId":"crm","principalId":"ada","principalType":"User"}"#,
            ),
            put(
                DocumentKind::GroupMember,
                "t/ada",
                r#"{"groupId":"t","memberId":"ada/bob"}"#,
            ),
            put(DocumentKind::Group, "t", r#"{"id":"t"}"#),
            put(
                DocumentKind::Owner,
                "ada/group/t",
                r#"{"ownerId":"ada","objectType":"servicePrincipal","objectId":"t"}"#,
            ),
            put(DocumentKind::ConditionalAccess, "a", policy("", MFA)),
            put(
                DocumentKind::NamedLocation,
                "x",
                r#"{"id":"y","ipRanges":[{"cidrAddress":"10.0.0.0/8"}]}"#,
            ),
            put(
                DocumentKind::PartnerTemplate,
                "",
                r#"{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"no"}}}"#,
            ),
            put(DocumentKind::Default, "x", "{}"),
        ],
    );
    let begin: Vec<_> = faults
        .iter()
        .map(|fault| fault.splitn(3, ": ").take(2).collect::<Vec<_>>().join(": "))
        .collect();
    let of_partner = format!("partners/{PARTNER}: inboundTrust.isMfaAccepted");
    for expected in [
        "app-role-assignments/crm/bob: principalId",
        "group-members/t/ada: memberId",
        "groups/t: displayName",
        "owners/ada/group/t: ownerId",
        "conditional-access/a: id",
        "default/x: ",
        "guests/a: id",
        "named-locations/x: id",
        &of_partner,
        &format!("partners/{PARTNER}: tenantId"),
        &format!("partners/{OWN}: tenantId"),
        &format!("partners/{other}: tenantId"),
        "revocations/user/a: id",
        "templates/partner-configuration: b2bCollaborationInbound.usersAndGroups.accessType",
    ] {
        assert!(
            begin.iter().any(|fault| fault == expected),
            "{expected}: {faults:#?}"
        );
    }
    assert_eq!(standing.compiled().counts.partners, 0);
}

#[test]
fn a_default_that_would_make_a_partner_contradict_itself_is_refused_and_the_partner_named() {
    let users = half("allowed", "AllUsers", "user");
    let document = format!(
        r#"{{"tenantId":"{PARTNER}","b2bCollaborationInbound":{{"usersAndGroups":{users}}}}}"#
    );
    let (mut standing, mut store) = settled(&[put(DocumentKind::Partner, PARTNER, document)]);
    let blocked = format!(
        r#"{{"b2bCollaborationInbound":{{"usersAndGroups":{},"applications":{}}}}}"#,
        half("blocked", "AllUsers", "user"),
        half("blocked", "AllApplications", "application")
    );
    let default = put(DocumentKind::Default, "", blocked);
    let faults = refused(&mut standing, &mut store, std::slice::from_ref(&default));
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let begin = format!(
        "default: b2bCollaborationInbound: with this, partner `{PARTNER}` contradicts itself: "
    );
    assert!(faults[0].starts_with(&begin), "{faults:#?}");
    let both = [default, remove(DocumentKind::Partner, PARTNER)];
    change(&mut standing, &mut store, &both).unwrap();
    assert!(standing.compiled().partners.get(partner()).is_none());
}

#[test]
fn a_named_location_that_a_policy_names_cannot_go_before_the_policy() {
    let location = r#"{"id":"l","ipRanges":[{"cidrAddress":"10.0.0.0/8"}]}"#;
    let place = r#","locations":{"includeLocations":["l"]}"#;
    let (mut standing, mut store) = settled(&[
        put(DocumentKind::NamedLocation, "l", location),
        put(DocumentKind::ConditionalAccess, "p", policy(place, MFA)),
    ]);
    let gone = remove(DocumentKind::NamedLocation, "l");
    let faults = refused(&mut standing, &mut store, std::slice::from_ref(&gone));
    let expected =
        "named-locations/l: : `conditional-access/p` names the location; change that first";
    assert_eq!(faults, [expected]);
    let both = [gone, remove(DocumentKind::ConditionalAccess, "p")];
    change(&mut standing, &mut store, &both).unwrap();
    assert_eq!(standing.compiled().counts.named_locations, 0);
}

#[test]
fn remarks_are_those_of_the_documents_that_change() {
    let with = |id: &str| {
        put(
            DocumentKind::Partner,
            id,
            format!(r#"{{"tenantId":"{id}","serviceProviderConstraints":{{"a":1}}}}"#),
        )
    };
    let (mut standing, mut store) = settled(&[with(PARTNER)]);
    let other = tenant(1);
    let remarks = change(&mut standing, &mut store, &[with(&other)]).unwrap();
    let place = format!("partners/{other}: serviceProviderConstraints: ");
    assert!(
        remarks.len() == 1 && remarks[0].starts_with(&place),
        "{remarks:#?}"
    );
    let quiet = put(
        DocumentKind::Partner,
        &other,
        format!(r#"{{"tenantId":"{other}"}}"#),
    );
    assert!(
        change(&mut standing, &mut store, &[quiet])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_change_of_no_guest_shares_the_guests() {
    let (mut standing, mut store) = settled(&[put(DocumentKind::Guest, "g", r#"{"id":"g"}"#)]);
    let before = standing.compiled().guests.records;
    let other = put(
        DocumentKind::Partner,
        PARTNER,
        format!(r#"{{"tenantId":"{PARTNER}"}}"#),
    );
    change(&mut standing, &mut store, &[other]).unwrap();
    assert!(std::sync::Arc::ptr_eq(
        &before,
        &standing.compiled().guests.records
    ));
    change(
        &mut standing,
        &mut store,
        &[remove(DocumentKind::Guest, "g")],
    )
    .unwrap();
    assert_eq!(standing.compiled().counts.guests, 0);
}

#[test]
fn an_import_of_many_partners_is_one_proposal() {
    let documents = |members: &str| -> Vec<_> {
        (0..5_000)
            .map(|number| {
                let id = tenant(number);
                put(
                    DocumentKind::Partner,
                    &id,
                    format!(r#"{{"tenantId":"{id}"{members}}}"#),
                )
            })
            .collect()
    };
    let (mut standing, mut store) = settled(&documents(""));
    assert_eq!(standing.compiled().counts.partners, 5_000);
    let trusted = documents(r#","inboundTrust":{"isMfaAccepted":true}"#);
    change(&mut standing, &mut store, &trusted).unwrap();
    let partners = standing.compiled().partners;
    assert!(
        partners
            .iter()
            .all(|(_, partner)| partner.trust.mfa == Some(true))
    );
    let gone: Vec<_> = trusted
        .into_iter()
        .map(|(kind, key, _)| (kind, key, None))
        .collect();
    change(&mut standing, &mut store, &gone).unwrap();
    assert_eq!(standing.compiled().counts.partners, 0);
}
