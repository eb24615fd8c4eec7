use serde_json::{Map, Value, json};

use super::{Filter, path};
use crate::scim::fault::FaultKind;
use crate::scim::schema::ResourceKind;

fn ada() -> Map<String, Value> {
    let ada = json!({
        "id": "8c1e", "externalId": "A-1", "userName": "Ada@Fabrikam.com", "active": true, "title": "",
        "name": {"familyName": "Lovelace", "givenName": "Ada"},
        "emails": [
            {"type": "work", "value": "ada@fabrikam.com", "primary": true},
            {"type": "home", "value": "ada@example.org"},
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "m1"}},
        "meta": {"resourceType": "User", "lastModified": "2026-05-01T10:00:00Z", "version": "W/\"7\""},
    });
    ada.as_object().cloned().unwrap()
}

#[test]
fn a_filter_finds_what_the_table_of_the_rfc_says() {
    for (filter, expected) in [
        (r#"userName eq "ada@fabrikam.com""#, true),
        (r#"USERNAME Eq "ADA@FABRIKAM.COM""#, true),
        (r#"userName eq "ada""#, false),
        (r#"userName ne "ada""#, true),
        (r#"externalId eq "a-1""#, false),
        (r#"externalId eq "A-1""#, true),
        (r#"userName co "fabri""#, true),
        (r#"userName sw "ada""#, true),
        (r#"userName ew ".COM""#, true),
        (r#"userName ew "fabrikam""#, false),
        (r#"name.familyName gt "Lo""#, true),
        (r#"name.familyName lt "Lo""#, false),
        (r#"name.familyName ge "lovelace""#, true),
        (r#"name.familyName le "Lovelace""#, true),
        ("title pr", false),
        ("nickName pr", false),
        ("name pr", true),
        ("emails pr", true),
        ("nickName eq null", true),
        ("userName ne null", true),
        (r#"nickName ne "x""#, true),
        (r#"nickName eq "x""#, false),
        ("active eq true", true),
        (r#"active eq "True""#, true),
        ("active ne true", false),
        (r#"meta.lastModified gt "2026-05-01T09:59:59Z""#, true),
        (r#"meta.lastModified ge "2026-05-01T12:00:00+02:00""#, true),
        (r#"meta.lastModified lt "2026-05-01T10:00:00Z""#, false),
        (r#"emails eq "ada@example.org""#, true),
        (r#"emails.type eq "home""#, true),
        (
            r#"emails[type eq "work" and value co "@example.org"]"#,
            false,
        ),
        (
            r#"emails[type eq "work" and value co "@fabrikam.com"]"#,
            true,
        ),
        (r#"emails[not (type eq "work")]"#, true),
        (r#"emails[primary eq true]"#, true),
        (r#"userName eq "x" or active eq true and title pr"#, false),
        (
            r#"(userName eq "x" or active eq true) and externalId pr"#,
            true,
        ),
        (r#"not (userName eq "x")"#, true),
        (r#"userName eq "x" or userName sw "ada" or title pr"#, true),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "a""#,
            true,
        ),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "r&d""#,
            true,
        ),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m1""#,
            true,
        ),
        (r#"userName eq "a\"b""#, false),
        ("  active   eq  true  ", true),
    ] {
        let parsed = Filter::parse(ResourceKind::User, filter);
        let parsed = parsed.unwrap_or_else(|fault| panic!("{filter}: {}", fault.detail));
        assert_eq!(parsed.admits(&ada()), expected, "{filter}");
    }
}

#[test]
fn what_is_no_filter_is_refused_and_told_where() {
    let deep = format!("{}active eq true{}", "(".repeat(40), ")".repeat(40));
    let long = format!(r#"userName eq "{}""#, "x".repeat(5_000));
    for filter in [
        "",
        "userName",
        "userName eq",
        "userName eq x",
        r#"userName is "x""#,
        r#"userName eq "x" and"#,
        r#"userName eq "x" active pr"#,
        r#"(userName eq "x""#,
        r#"userName eq "x")"#,
        r#"userName eq "x"#,
        r#"shoeSize eq "x""#,
        r#"name.shoeSize eq "x""#,
        r#"emails[shoeSize eq "x"]"#,
        r#"emails[type eq "x""#,
        r#"userName[type eq "x"]"#,
        r#"active gt true"#,
        r#"active co "x""#,
        r#"active eq "x""#,
        r#"userName eq 5"#,
        r#"userName gt null"#,
        r#"meta.lastModified gt "yesterday""#,
        r#"not userName eq "x""#,
        &deep,
        &long,
    ] {
        let fault = Filter::parse(ResourceKind::User, filter).err();
        let kind = fault.and_then(|fault| fault.kind);
        assert_eq!(kind, Some(FaultKind::Filter), "{filter}");
    }
}

#[test]
fn a_path_names_what_there_is_or_is_refused() {
    for good in [
        "userName",
        "NAME.givenName",
        "emails.value",
        r#"emails[type eq "work"]"#,
        r#"emails[type eq "work"].value"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName",
    ] {
        assert!(path(ResourceKind::User, good).is_ok(), "{good}");
    }
    for (wrong, kind) in [
        ("", FaultKind::Path),
        ("shoeSize", FaultKind::Path),
        ("name.shoeSize", FaultKind::Path),
        ("members", FaultKind::Path),
        (r#"name[givenName eq "x"]"#, FaultKind::Path),
        (r#"emails[type eq "work"].shoeSize"#, FaultKind::Path),
        (r#"emails[type eq "work""#, FaultKind::Filter),
        (r#"emails[type eq "work"]x"#, FaultKind::Filter),
        ("emails[]", FaultKind::Filter),
    ] {
        let fault = path(ResourceKind::User, wrong).err();
        assert_eq!(fault.and_then(|fault| fault.kind), Some(kind), "{wrong}");
    }
}
