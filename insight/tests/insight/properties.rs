//! Files of properties, as they are written.

use crossgate_config::{Property, Says};

#[test]
fn every_key_is_read_and_the_order_is_by_kind() {
    let text = r#"
[[nobody_new]]
name = "the draft lets in the team only"
except = { home = ["22222222-2222-4222-8222-222222222222"], group = ["team"] }
[[never]]
name = "no way without MFA"
where = { home = ["other", "none"], app = ["payroll"], direction = ["inbound"], access_type = ["b2bDirectConnect"], kind = "user", mfa = false }
[[possible]]
name = "somebody still comes"
where = { user = ["ada"], client = ["tool"], address = ["10.0.0.0/8", "192.0.2.7"], trusted_device = true }
[[reached]]
name = "it is no dead letter"
document = "conditional-access/mfa"
[[unreached]]
name = "the old entry is"
document = "partners/22222222-2222-4222-8222-222222222222"
property = "b2bCollaboration"
"#;
    let properties = Property::parse(text).unwrap();
    let names: Vec<&str> = properties.iter().map(|property| &*property.name).collect();
    assert_eq!(
        names,
        [
            "no way without MFA",
            "somebody still comes",
            "the draft lets in the team only",
            "it is no dead letter",
            "the old entry is"
        ]
    );
    let Says::Never(selection) = &properties[0].says else {
        panic!("{properties:?}")
    };
    assert_eq!(selection.all_of.mfa, Some(false));
    assert_eq!(selection.all_of.home.as_ref().map(Vec::len), Some(2));
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = "[[never]]\nwhere = { hom = [\"own\"], mfa = 1, home = [\"Fabrikam\"], group = [] }\nexcept = {}\n\
                [[reached]]\nname = \"x\"\n[[unreached]]\nname = \"y\"\ndocument = \"guests/ada\"\n[[always]]\n";
    let faults = Property::parse(text).unwrap_err();
    let told: Vec<String> = faults
        .iter()
        .map(|fault| fault.in_file("a.toml").to_string())
        .collect();
    let told = told.join("\n");
    for part in [
        "a.toml:1:1: never[0].name: missing; expected what it is called",
        "a.toml:2:11: never[0].where.hom: unknown key; did you mean `home`?",
        "never[0].where.mfa: ",
        "never[0].where.home[0]: `Fabrikam` is no home; expected a tenant id, `own`, `other` or `none`",
        "never[0].where.group: is empty, and so true of nobody",
        "never[0].except: is empty, and so excepts everybody",
        "reached[0].document: missing; expected a document",
        "unreached[0].document: `guests/ada` is no document of the policy; expected `default`",
        "a.toml:9:3: always: unknown key",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let told = Property::parse("").unwrap_err();
    assert!(
        told[0].message.contains("no property stands here"),
        "{told:?}"
    );
}
