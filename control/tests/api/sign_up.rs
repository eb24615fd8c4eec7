//! People sign up by themselves, wait, and are forgotten again.

use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::invitations::Acceptance;
use crossgate_control::sign_up_requests::remove_outdated;
use crossgate_control::signing_up::{Applicant, NotSignedUp, SignedUp, sign_up};
use crossgate_control::store::Store as _;
use crossgate_policy::ids::{Id, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::support::{OWN, Site, body, break_glass, put, write};

const WINGTIP: &str = "22222222-2222-4222-8222-222222222222";
const AMY: &str = "a0000000-0000-4000-8000-00000000000a";
const RECORD: &str = "a0000000-0000-4000-8000-0000000000ff";

/// Where people of Wingtip sign up for Payroll, and wait for approval.
fn open() -> Site {
    let flow = json!({
        "id": "B2X_1_p", "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 1,
        "userFlowIdentityProviders": [{"id": "wingtip"}],
        "crossgate": {"applications": ["payroll"], "requiresApproval": true},
    });
    let on = json!({"selfServiceSignUp": {"isEnabled": true}});
    let anyone = json!({"tenantId": WINGTIP, "b2bCollaborationInbound": {
        "usersAndGroups": {"accessType": "allowed", "targets": [{"target": "AllUsers", "targetType": "user"}]},
        "applications": {"accessType": "allowed", "targets": [{"target": "AllApplications", "targetType": "application"}]},
    }});
    let more = format!(
        "portal.store = \"portal.db\"\n\
         [[issuer]]\nname = \"own\"\nkind = \"oidc\"\nissuer = \"https://own.example\"\ntenant = \"{OWN}\"\n\
         [[provider]]\nname = \"own\"\nissuer = \"own\"\nclient_id = \"api://payroll\"\n\
         [[app]]\nid = \"payroll\"\nhosts = [\"a.example\"]\nsign_in = true\n"
    );
    Site::configured(
        &more,
        vec![
            put(DocumentKind::UserFlow, "B2X_1_p", &flow),
            put(DocumentKind::AuthenticationFlows, "", &on),
            put(DocumentKind::Partner, WINGTIP, &anyone),
        ],
    )
}

fn applicant(user: &str) -> Applicant {
    Applicant {
        identity: Acceptance::Tenant {
            tenant: TenantId::parse(WINGTIP).unwrap(),
            user: Id::new(user),
        },
        addresses: vec![format!("{user}@wingtip.example")],
        provider: "wingtip".to_owned(),
        app: Id::new("payroll"),
        name: None,
        language: "en".to_owned(),
        origin: "https://a.example".to_owned(),
    }
}

fn signs_up(site: &Site, user: &str) -> Result<SignedUp, NotSignedUp> {
    let by = (None, Uuid::new_v4());
    sign_up(&site.ledger, &applicant(user), &Map::new(), by)
}

#[track_caller]
fn waits(site: &Site, user: &str) {
    let done = signs_up(site, user);
    assert!(matches!(done, Ok(SignedUp::Waits)), "{done:?}");
}

fn requests(site: &Site) -> Vec<Value> {
    let page = site.store.page(DocumentKind::SignUpRequest, None, 1000);
    let requests = page.unwrap().into_iter();
    requests
        .map(|stored| serde_json::from_str(&stored.text).unwrap())
        .collect()
}

/// A record of Amy's whose time is up, and that nothing has disabled yet.
fn ended(state: &str) -> Value {
    json!({
        "id": RECORD, "accountEnabled": true, "userType": "Guest", "mail": format!("{AMY}@wingtip.example"),
        "externalUserState": state,
        "crossgate": {"homeTenantId": WINGTIP, "homeUserId": AMY, "expiresDateTime": "2020-01-01T00:00:00Z"},
    })
}

#[test]
fn nobody_signs_up_or_is_approved_past_a_record_whose_time_is_up() {
    for state in ["Accepted", "PendingAcceptance"] {
        let site = open();
        waits(&site, AMY);
        let id = requests(&site)[0]["id"].as_str().unwrap().to_owned();
        let record = put(DocumentKind::Guest, RECORD, &ended(state));
        write(&*site.store, vec![record]);
        let path = format!("/v1.0/crossgate/signUpRequests/{id}/approve");
        let told = site.send(&break_glass(), "POST", &path, "{}");
        assert_eq!(told.status, 400, "{}", body(&told));
        assert!(
            body(&told).to_string().contains("they have a record"),
            "{}",
            body(&told)
        );
        let refused = signs_up(&site, AMY);
        assert!(
            matches!(refused, Err(NotSignedUp::Known)),
            "{state}: {refused:?}"
        );
        assert_eq!(site.store.count(DocumentKind::Guest).unwrap(), 1);
    }
}

#[test]
fn a_request_is_recorded_under_the_id_by_which_it_is_approved() {
    let site = open();
    waits(&site, AMY);
    let target = site.latest()["targetResources"][0].clone();
    let id = &requests(&site)[0]["id"];
    assert_eq!(&target["id"], id, "{target}");
    let path = format!(
        "/v1.0/crossgate/signUpRequests/{}/approve",
        id.as_str().unwrap()
    );
    let approved = site.send(&break_glass(), "POST", &path, "{}");
    assert_eq!(approved.status, 200, "{}", body(&approved));
    let of_approval = site.latest()["targetResources"][0].clone();
    for member in ["id", "type"] {
        assert_eq!(target[member], of_approval[member], "{of_approval}");
    }
}

#[test]
fn requests_that_are_too_old_go_whether_or_not_anybody_else_signs_up() {
    let site = open();
    waits(&site, AMY);
    let old = requests(&site)[0].clone();
    let mut writes = Vec::new();
    for n in 0..120 {
        let (id, mut request) = (Uuid::new_v4().to_string(), old.clone());
        request["id"] = json!(id);
        let ends = Timestamp::now() + SignedDuration::from_hours(24 * n);
        request["expirationDateTime"] = json!(ends.to_string());
        writes.push(put(DocumentKind::SignUpRequest, &id, &request));
    }
    write(&*site.store, writes);
    // Some 10 days later, in a minute.
    let later = Timestamp::now() + SignedDuration::from_hours(24 * 10 + 1);
    for second in 0..60 {
        let at = later + SignedDuration::from_secs(second);
        remove_outdated(&site.ledger, at).unwrap();
    }
    let left = requests(&site);
    assert_eq!(left.len(), 121 - 11);
    let is_good = |request: &Value| {
        let ends = request["expirationDateTime"].as_str().unwrap();
        ends.parse::<Timestamp>().unwrap() > later
    };
    assert!(left.iter().all(is_good));
    let record = site.latest();
    assert_eq!(
        record["activityDisplayName"],
        "Self-service sign-up request expired"
    );
    // Nothing of the person stands in it.
    assert!(!record.to_string().contains("wingtip.example"), "{record}");
    let gone = record["targetResources"][0]["id"].as_str().unwrap();
    let gone = Address::new(DocumentKind::SignUpRequest, gone);
    assert!(site.store.get(&gone).unwrap().is_none());
}
