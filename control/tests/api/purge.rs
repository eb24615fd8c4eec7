//! A guest goes for good, with all that they were in.

use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::store::{SignIn, SignInActivity, Store as _};
use jiff::Timestamp;
use serde_json::json;

use super::support::{Site, body, break_glass, put, write};

const AMY: &str = "a0000000-0000-4000-8000-00000000000a";

fn deleted() -> Site {
    let record = json!({"id": AMY, "userType": "Guest", "deletedDateTime": "2026-01-01T00:00:00Z"});
    Site::with(vec![put(DocumentKind::Guest, AMY, &record)])
}

#[track_caller]
fn purge(site: &Site) {
    let path = format!("/v1.0/directory/deletedItems/{AMY}");
    let done = site.call(&break_glass(), "DELETE", &path);
    assert_eq!(done.status, 204, "{}", body(&done));
}

#[test]
fn what_a_guest_was_let_into_while_they_were_removed_for_good_goes_as_well() {
    let site = deleted();
    let assignment = json!({"principalId": AMY, "principalType": "User", "resourceId": "crm"});
    let member = json!({"groupId": "team", "memberId": AMY});
    let owner = json!({"ownerId": AMY, "objectType": "group", "objectId": "team"});
    let given = [
        (
            DocumentKind::AppRoleAssignment,
            format!("crm/{AMY}"),
            assignment,
        ),
        (DocumentKind::GroupMember, format!("team/{AMY}"), member),
        (DocumentKind::Owner, format!("{AMY}/group/team"), owner),
    ];
    let writes = given
        .iter()
        .map(|(kind, key, document)| put(*kind, key, document));
    // By another process, of which this one has not heard yet.
    write(&site.elsewhere(), writes.collect());
    purge(&site);
    for (kind, key, _) in given {
        let left = site.store.get(&Address::new(kind, &key)).unwrap();
        assert!(left.is_none(), "{left:?}");
    }
}

#[test]
fn when_a_guest_came_who_is_gone_for_good_is_noted_no_more() {
    let site = deleted();
    let at = SignIn {
        at: Timestamp::UNIX_EPOCH,
        request: "r".into(),
    };
    let activity = SignInActivity {
        last: at,
        successful: None,
    };
    let note = || site.store.note_sign_ins(&[(AMY.into(), activity.clone())]);
    note().unwrap();
    assert!(site.store.sign_in_activity(AMY).unwrap().is_some());
    purge(&site);
    assert!(site.store.sign_in_activity(AMY).unwrap().is_none());
    // What was collected in memory meanwhile is written down later.
    note().unwrap();
    assert!(site.store.sign_in_activity(AMY).unwrap().is_none());
}
