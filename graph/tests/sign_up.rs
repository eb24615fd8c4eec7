//! Documents of self-service sign-up: what they come to, and every word of what is said about those with a fault.

#[cfg(test)]
mod support;

use crossgate_graph::{DataType, Input};
use crossgate_policy::ids::Id;
use support::{faults, loaded};

const ON: (&str, &str) = (
    "authentication-flows-policy.json",
    r#"{"selfServiceSignUp":{"isEnabled":true}}"#,
);
const CONNECTOR: (&str, &str) = (
    "api-connectors/c.json",
    r##"{"id":"c","displayName":"Approvals","targetUrl":"https://approvals.example/check?code=1",
        "authenticationConfiguration":{"@odata.type":"#microsoft.graph.basicAuthentication","username":"gate"}}"##,
);
const CODE: &str = "extension_11111111111141118111111111111111_Code";
const ATTRIBUTE: (&str, &str) = (
    "user-flow-attributes/a.json",
    r#"{"id":"extension_11111111111141118111111111111111_Code","displayName":"Code","dataType":"int64"}"#,
);

fn flow(members: &str) -> String {
    format!(
        r#"{{"id":"B2X_1_x","userFlowType":"signUpOrSignIn","userFlowTypeVersion":1,{members}}}"#
    )
}

#[test]
fn a_flow_is_found_by_its_app_while_it_is_switched_on() {
    let flow = flow(&format!(
        r#""crossgate":{{"applications":["AAAAAAAA-0000-4000-8000-000000000001"],"requiresApproval":true}},
           "userFlowIdentityProviders":[{{"id":"fabrikam"}}],
           "apiConnectorConfiguration":{{"postFederationSignup":{{"id":"c"}}}},
           "userAttributeAssignments":[{{"id":"email"}},{{"id":"city","displayName":"City"}},{{"id":"{CODE}","isOptional":true}}]"#
    ));
    let files = [CONNECTOR, ATTRIBUTE, ("user-flows/f.json", &*flow)];
    let app = Id::new("aaaaaaaa-0000-4000-8000-000000000001");
    assert!(loaded(&files).sign_up.of_app(&app).is_none());
    let all = [&files[..], &[ON]].concat();
    let sign_up = loaded(&all).sign_up;
    let found = sign_up.of_app(&app).unwrap();
    assert!(found.takes("fabrikam") && !found.takes("mail"));
    assert!(found.requires_approval);
    let connector = found.post_federation_signup.as_ref().unwrap();
    assert_eq!(connector.username.as_deref(), Some("gate"));
    assert!(found.post_attribute_collection.is_none());
    let asked: Vec<_> = found
        .attributes
        .iter()
        .map(|one| (&*one.id, one.data_type, one.optional))
        .collect();
    assert_eq!(
        asked,
        [
            ("city", DataType::Text, false),
            (CODE, DataType::Integer, true)
        ]
    );
    assert!(found.attributes.iter().all(|one| one.input == Input::Text));
    assert!(sign_up.of_app(&Id::new("other")).is_none());
}

#[test]
fn what_a_flow_names_must_be_there_and_fit() {
    let told = |members: &str| {
        let faults = faults(&[("user-flows/f.json", &flow(members)), ATTRIBUTE]);
        faults.join("\n")
    };
    for (members, expected) in [
        (
            r#""apiConnectorConfiguration":{"postAttributeCollection":{"id":"c"}}"#,
            "asks the API connector `c`, which is not there",
        ),
        (
            r#""userAttributeAssignments":[{"id":"shoeSize"}]"#,
            "there is no attribute `shoeSize`",
        ),
        (
            r#""userAttributeAssignments":[{"id":"city"},{"id":"city"}]"#,
            "`city` is asked already",
        ),
        (
            r#""userAttributeAssignments":[{"id":"city","requiresVerification":true}]"#,
            "only `email` is verified",
        ),
        (
            r#""userAttributeAssignments":[{"id":"city","userInputType":"checkboxMultiSelect"}]"#,
            "does not fit the attribute's type of data",
        ),
        (
            r#""userAttributeAssignments":[{"id":"city","userInputType":"radioSingleSelect"}]"#,
            "expected 1 to 300 values",
        ),
        (
            r#""userAttributeAssignments":[{"id":"extension_11111111111141118111111111111111_Code","userInputType":"radioSingleSelect","userAttributeValues":[{"name":"A","value":"a"}]}]"#,
            "is not of the attribute's type of data",
        ),
        (
            r#""crossgate":{"applications":["a","a"]}"#,
            "stands here twice",
        ),
        (
            r#""crossgate":{"termsOfUse":"http://contoso.example"}"#,
            "not an https address",
        ),
        (r#""userFlowTypeVersion":3"#, "there is version 1 alone"),
        (r#""languages":[]"#, "languages"),
    ] {
        let told = told(members);
        assert!(told.contains(expected), "{members}: {told}");
    }
    let other = flow(r#""crossgate":{"applications":["a"]}"#);
    let second = other.replace("B2X_1_x", "B2X_1_y");
    let told = faults(&[
        ("user-flows/f.json", &*other),
        ("user-flows/g.json", &*second),
    ]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("has the user flow `B2X_1_x` already"),
        "{told:?}"
    );
}

#[test]
fn a_connector_is_asked_over_https_and_holds_no_secret() {
    let told = |members: &str| {
        let text = format!(r#"{{"id":"c","displayName":"C",{members}}}"#);
        faults(&[("api-connectors/c.json", &text)]).join("\n")
    };
    for (members, expected) in [
        (r#""targetUrl":"http://a.example""#, "not an https address"),
        (r#""targetUrl":"https://user:pw@a.example""#, "names a user"),
        (r#""targetUrl":"https://a.example/#x""#, "has a fragment"),
        (r#""targetUrl":"https://""#, "has no host"),
        (
            r#""targetUrl":"https://a.example","authenticationConfiguration":{"username":"a","password":"hush"}"#,
            "a password is not kept here",
        ),
        (
            r#""targetUrl":"https://a.example","authenticationConfiguration":{}"#,
            "who we are to the connector",
        ),
        (
            r#""targetUrl":"https://a.example","authenticationConfiguration":{"username":"a","pkcs12Value":"eA=="}"#,
            "client certificates are not supported",
        ),
    ] {
        let told = told(members);
        assert!(told.contains(expected), "{members}: {told}");
        assert!(
            !told.contains("hush") && !told.contains("user:pw"),
            "{told}"
        );
    }
}
