//! Guests who are invited from a CSV file.

use crate::site::admin::{ALL_SCOPES, GLOBAL_ADMINISTRATOR};
use crate::site::{PAYROLL, PORTAL, Site, Stage};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::mail::MailServer;
use serde_json::{Value, json};

const OWNER: &str = "0b0e0000-0000-4000-8000-0000000000d1";
const BULK: &str = "crossgate/invitations/bulk";
const HEAD: &str = "version:v1.0\nEmail address to invite [inviteeEmail] Required,Redirection url [inviteRedirectURL] Required,\
    Send invitation message (true or false) [sendEmail],Customized invitation message [customizedMessageBody],App [app]\n";
const HERE: &str = "https://guests.contoso.com/";

fn mail_settings(mail: &MailServer) -> String {
    let port = mail.port();
    format!(
        "server = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"no-reply@contoso.example\""
    )
}

fn send(site: &Site, token: &str, accept: &str, csv: &str) -> Answer {
    let call = site.graph(token, "POST", BULK);
    call.header("Content-Type", "text/csv; charset=utf-8")
        .header("Accept", accept)
        .body(csv)
        .send()
}

#[track_caller]
fn report(site: &Site, token: &str, csv: &str) -> Vec<Value> {
    let answer = send(site, token, "application/json", csv);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["value"].as_array().unwrap().clone()
}

fn block(site: &Site, admin: &str, domain: &str) {
    let definition = json!({ "B2BManagementPolicy": { "InvitationsAllowedAndBlockedDomainsPolicy": {
        "AllowedDomains": [], "BlockedDomains": [domain] } } });
    let body = json!({ "definition": [definition.to_string()] });
    let path = "/beta/legacy/policies/b2bManagementPolicy";
    assert_eq!(site.send(admin, "PATCH", path, &body).status, 204);
}

#[test]
fn each_line_is_invited_or_told_why_not_and_stands_in_the_audit_by_itself() {
    let mail = MailServer::start();
    let stage = Stage::new().with_store().with_sign_in();
    let site = stage.section("mail", &mail_settings(&mail)).open();
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    block(&site, &admin, "blocked.example");
    let csv = format!(
        "{HEAD}amy@adatum.example,{HERE},false,,\n\
         bob@adatum.example,{HERE},TRUE,\"Hi, Bob\",{PAYROLL}\n\
         AMY@adatum.example,{HERE},false,,\n\
         eve@blocked.example,{HERE},false,,\n\
         not an address,{HERE},false,,\n\
         cyn@adatum.example,ftp://x,false,,\n\
         dan@adatum.example,{HERE},perhaps,,\n\
         fay@adatum.example,{HERE},false,,none\n\
         \"=HYPERLINK(\"\"http://evil\"\")\",{HERE},false,,\n"
    );
    let lines = report(&site, &admin, &csv);
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["line"].as_u64().unwrap(),
                line["status"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (3, "invited"),
        (4, "invited"),
        (5, "refused"),
        (6, "refused"),
        (7, "refused"),
        (8, "refused"),
        (9, "refused"),
        (10, "refused"),
        (11, "refused"),
    ];
    assert_eq!(told, expected, "{lines:#?}");
    let link = lines[0]["inviteRedeemUrl"].as_str().unwrap();
    assert!(
        link.starts_with("https://guests.contoso.com/.crossgate/redeem?"),
        "{link}"
    );
    assert!(
        lines[1]["inviteRedeemUrl"].is_null(),
        "whose link it is gets it by mail"
    );
    assert_eq!(lines[2]["error"]["message"], "line 3 says the same");
    assert!(
        lines[3]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("domain")
    );
    assert!(lines[8]["id"].is_null());
    let words = mail.newest("bob@adatum.example", 1);
    assert!(
        words["text"].as_str().unwrap().contains("> Hi, Bob"),
        "{words}"
    );
    let bob = lines[1]["id"].as_str().unwrap();
    let assigned = site.read(&admin, &format!("users/{bob}/appRoleAssignments"));
    assert_eq!(assigned["value"][0]["resourceId"], PAYROLL, "{assigned}");
    // Every line is a record of its own, also one that repeats another or cannot be read.
    let filter = "activityDisplayName%20eq%20'Invite%20external%20user'";
    let records = site.read(
        &admin,
        &format!("auditLogs/directoryAudits?$filter={filter}"),
    );
    let results: Vec<_> = records["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["result"])
        .collect();
    let count = |result: &str| results.iter().filter(|one| **one == result).count();
    let told = (count("success"), count("failure"));
    assert_eq!(told, (2, lines.len() - 2), "{records:#}");
    // The same file again names who is there already, and makes nobody twice.
    let again = send(&site, &admin, "text/csv", &csv);
    assert_eq!(
        again.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let text = again.text();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(
        rows[0],
        "line,inviteeEmail,status,id,inviteRedeemUrl,errorCode,errorMessage"
    );
    assert!(
        rows[1].starts_with("3,amy@adatum.example,already,"),
        "{text}"
    );
    assert!(
        text.contains("11,\"'=HYPERLINK(\"\"http://evil\"\")\",refused,"),
        "{text}"
    );
    assert_eq!(
        site.read(&admin, "users")["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_line_for_an_app_takes_its_owner_and_the_whole_file_somebody_who_may_invite() {
    let site = Stage::new().with_store().with_sign_in().open();
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let token = site.caller(json!({ "oid": OWNER, "scp": ALL_SCOPES }));
    let path = format!("servicePrincipals/{PAYROLL}/owners/$ref");
    let owner = json!({ "@odata.id": format!("https://x/{OWNER}") });
    assert_eq!(site.send(&admin, "POST", &path, &owner).status, 204);
    let csv = format!(
        "{HEAD}amy@adatum.example,{HERE},,,{PAYROLL}\namy@adatum.example,{HERE},,,{PORTAL}\nbob@adatum.example,{HERE},,,\n"
    );
    let lines = report(&site, &token, &csv);
    let statuses: Vec<_> = lines
        .iter()
        .map(|line| line["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["invited", "refused", "invited"], "{lines:#?}");
    assert_eq!(lines[1]["error"]["code"], "Authorization_RequestDenied");
    let body = json!({ "allowInvitesFrom": "adminsAndGuestInviters" });
    assert_eq!(
        site.send(&admin, "PATCH", "policies/authorizationPolicy", &body)
            .status,
        204
    );
    assert_eq!(send(&site, &token, "", &csv).status, 403);
}

#[test]
fn mail_is_bounded_by_line_and_a_file_that_is_wrong_or_too_large_invites_nobody() {
    let mail = MailServer::start();
    let stage = Stage::new().with_store().with_sign_in();
    let site = stage.section("mail", &mail_settings(&mail)).open();
    let admin = site.administrator(GLOBAL_ADMINISTRATOR);
    let member = site.caller(json!({ "oid": OWNER, "scp": "User.Invite.All" }));
    let mut csv = HEAD.to_owned();
    for number in 0..102 {
        csv += &format!("guest{number}@adatum.example,{HERE},true,,\n");
    }
    let lines = report(&site, &member, &csv);
    let refused: Vec<_> = lines
        .iter()
        .filter(|line| line["status"] == "refused")
        .collect();
    assert_eq!(refused.len(), 2, "{refused:#?}");
    assert!(
        refused
            .iter()
            .all(|line| line["error"]["code"] == "TooManyRequests")
    );
    let before = site.read(&admin, "users?$count=true")["@odata.count"].clone();
    let large = format!("{HEAD}{}", "a".repeat(1 << 20));
    let many = format!(
        "{HEAD}{}",
        format!("x@adatum.example,{HERE}\n").repeat(2001)
    );
    for (csv, status) in [
        (String::new(), 400),
        ("name\nx\n".to_owned(), 400),
        (large, 413),
        (many, 413),
    ] {
        let answer = send(&site, &admin, "", &csv);
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let json = site.send(&admin, "POST", BULK, &json!({}));
    assert_eq!(json.status, 415, "{}", json.text());
    assert_eq!(
        site.read(&admin, "users?$count=true")["@odata.count"],
        before
    );
}
