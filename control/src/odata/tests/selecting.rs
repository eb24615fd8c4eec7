//! `$select` and `$expand` of whole queries.

use super::*;

fn select(query: &str, object: &Value) -> Value {
    let options = Options::parse(Some(query), &PARTNERS).unwrap();
    let mut object = object.as_object().unwrap().clone();
    options.select.apply(&mut object);
    Value::Object(object)
}

#[test]
fn what_is_selected_is_kept_with_its_annotations_and_the_objects() {
    let object = json!({
        "@odata.context": "c", "@odata.type": "t", "tenantId": "1", "displayName": "a", "size": 1, "extra": true,
        "identitySynchronization": {}, "identitySynchronization@odata.context": "i", "size@odata.type": "#Int32", "": 0
    });
    for (query, expected) in [
        (
            "$select=tenantId",
            json!({ "@odata.context": "c", "@odata.type": "t", "tenantId": "1" }),
        ),
        (
            "$select=SIZE,DisplayName,size",
            json!({ "@odata.context": "c", "@odata.type": "t", "size": 1, "size@odata.type": "#Int32", "displayName": "a" }),
        ),
        (
            "$select=tenantId&$expand=IdentitySynchronization",
            json!({
                "@odata.context": "c", "@odata.type": "t", "tenantId": "1",
                "identitySynchronization": {}, "identitySynchronization@odata.context": "i"
            }),
        ),
        (
            "$select=identitySynchronization",
            json!({
                "@odata.context": "c", "@odata.type": "t",
                "identitySynchronization": {}, "identitySynchronization@odata.context": "i"
            }),
        ),
        (
            "$select=inboundTrust",
            json!({ "@odata.context": "c", "@odata.type": "t" }),
        ),
        ("$select=*", object.clone()),
        ("$select=tenantId,*", object.clone()),
        ("$top=1", object.clone()),
    ] {
        assert_eq!(select(query, &object), expected, "{query}");
    }
}

#[test]
fn what_is_expanded_is_named_once_and_as_documents_spell_it() {
    let expand = |query| Options::parse(Some(query), &PARTNERS).unwrap().expand;
    let once: Box<[Box<str>]> = ["identitySynchronization".into()].into();
    assert_eq!(
        expand("$expand=IdentitySynchronization , identitysynchronization"),
        once
    );
    assert!(expand("$top=1").is_empty());
}
