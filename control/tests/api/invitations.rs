//! Several invite the same guest, and mail waits for its server.

use crossgate_control::administrator::Administrator;
use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::invitations::{self, Acceptance, Offer};
use crossgate_control::outbox;
use crossgate_control::store::Store as _;
use crossgate_policy::ids::Id;
use crossgate_policy::ids::TenantId;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::support::{ADA, BOB, OWN, Site, body, put, user};

const AMY: &str = "amy@fabrikam.example";
const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";

fn open(mut documents: Vec<Write>) -> Site {
    let role = json!({"id": "ada", "principalId": ADA, "roleDefinitionId": USER_ADMINISTRATOR, "directoryScopeId": "/"});
    documents.push(put(DocumentKind::RoleAssignment, "ada", &role));
    let more = format!(
        "portal.store = \"portal.db\"\n\
         [mail]\nserver = \"localhost\"\nsecurity = \"none\"\nfrom = \"gate@contoso.example\"\n\
         [[issuer]]\nname = \"own\"\nkind = \"oidc\"\nissuer = \"https://own.example\"\ntenant = \"{OWN}\"\n\
         [[provider]]\nname = \"own\"\nissuer = \"own\"\nclient_id = \"api://payroll\"\n\
         [[app]]\nid = \"payroll\"\nhosts = [\"a.example\"]\nsign_in = true\n"
    );
    Site::configured(&more, documents)
}

/// Somebody of ours whose token is for inviting; Ada has a role, and others have none.
fn inviter(id: &str, name: &str) -> Administrator {
    Administrator {
        display_name: Some(name.into()),
        ..user(id, &["User.Invite.All"])
    }
}

fn wanted(address: &str, redirect: &str, more: &Value) -> String {
    let mut wanted = json!({
        "invitedUserEmailAddress": address, "inviteRedirectUrl": redirect, "sendInvitationMessage": true,
    });
    let members = more.as_object().cloned().unwrap_or_default();
    wanted.as_object_mut().unwrap().extend(members);
    wanted.to_string()
}

/// Invites, and answers the guest and the ticket of the link.
#[track_caller]
fn invite(site: &Site, who: &Administrator, redirect: &str) -> (String, String) {
    let made = site.send(
        who,
        "POST",
        "/v1.0/invitations",
        &wanted(AMY, redirect, &json!({})),
    );
    let made = (made.status, body(&made));
    assert_eq!(made.0, 201, "{}", made.1);
    let link = made.1["inviteRedeemUrl"].as_str().unwrap();
    let (_, ticket) = link.rsplit_once("ticket=").unwrap();
    let guest = made.1["invitedUser"]["id"].as_str().unwrap();
    (guest.to_owned(), ticket.to_owned())
}

#[track_caller]
fn inviting(order: &outbox::Order) -> &outbox::Inviting {
    match &order.letter {
        outbox::Letter::Invitation(inviting) => inviting,
        other @ (outbox::Letter::Approval(_) | outbox::Letter::Review(_)) => panic!("{other:?}"),
    }
}

fn told(offer: &Offer) -> (&str, Option<&str>) {
    (&offer.redirect, offer.inviter.as_deref())
}

const OURS: (&str, Option<&str>) = ("https://a.example/", Some("Ada"));
const OTHERS: (&str, Option<&str>) = ("https://elsewhere.example/", Some("Bob"));

#[test]
fn each_link_leads_where_its_own_inviter_said_and_in_nobody_elses_name() {
    let site = open(Vec::new());
    let (guest, first) = invite(&site, &inviter(ADA, "Ada"), OURS.0);
    let (again, second) = invite(&site, &inviter(BOB, "Bob"), OTHERS.0);
    assert_eq!(guest, again);
    let offer = |ticket: &str| {
        invitations::find(&site.ledger, &guest, ticket)
            .unwrap()
            .unwrap()
            .offer
    };
    assert_eq!(told(&offer(&first)), OURS);
    assert_eq!(told(&offer(&second)), OTHERS);

    // Mail is in the name of who had it sent, however often it is tried.
    let (ours, others) = (
        outbox::take_next(&site.ledger).unwrap().unwrap(),
        outbox::take_next(&site.ledger).unwrap().unwrap(),
    );
    assert!(outbox::take_next(&site.ledger).unwrap().is_none());
    for (order, expected) in [(&ours, OURS), (&others, OTHERS)] {
        assert_eq!(told(&inviting(order).invited.offer), expected);
        assert_eq!(told(&offer(inviting(order).ticket.expose())), expected);
    }
    assert_eq!(told(&offer(&first)), OURS);
    let acceptance = Acceptance::Tenant {
        tenant: TenantId::parse("33333333-3333-4333-8333-333333333333").unwrap(),
        user: Id::new(BOB),
    };
    let mailed = inviting(&ours).ticket.expose();
    let led = invitations::accept(&site.ledger, (&guest, AMY), Some(mailed), &acceptance);
    assert_eq!(led.unwrap().as_deref(), Some(OURS.0));
}

#[test]
fn who_comes_by_the_app_itself_is_sent_nowhere_else() {
    let site = open(Vec::new());
    let (guest, _) = invite(&site, &inviter(BOB, "Bob"), OTHERS.0);
    let acceptance = Acceptance::Account {
        issuer: "mail".to_owned(),
        assigned: None,
    };
    let led = invitations::accept(&site.ledger, (&guest, AMY), None, &acceptance);
    assert_eq!(led.unwrap(), None);
}

#[test]
fn mails_that_wait_for_their_time_hold_up_no_other_however_many() {
    let later = (Timestamp::now() + 6.hours()).to_string();
    let waiting = (0..2500).map(|number| {
        let id = format!("00000000-0000-7000-8000-{number:012}");
        let mail = json!({"id": id, "guest": "nobody", "origin": "https://a.example", "due": later, "tries": 8});
        put(DocumentKind::Mail, &id, &mail)
    });
    let site = open(waiting.collect());
    assert!(outbox::take_next(&site.ledger).unwrap().is_none());
    invite(&site, &inviter(ADA, "Ada"), OURS.0);
    let order = outbox::take_next(&site.ledger).unwrap().unwrap();
    assert_eq!(inviting(&order).invited.address, AMY);
    assert!(
        outbox::take_next(&site.ledger).unwrap().is_none(),
        "taken for a while"
    );

    outbox::give_up(
        &site.ledger,
        &order.id,
        "the mail server refused it with 550",
    )
    .unwrap();
    let record = site.latest();
    assert_eq!(record["activityDisplayName"], "Send external user invite");
    assert!(
        record.to_string().contains("refused it with 550"),
        "{record:#}"
    );
    assert!(outbox::take_next(&site.ledger).unwrap().is_none());
}

/// Asks for mail; the status, and the seconds to wait.
fn mailed(site: &Site, who: &Administrator, address: &str, more: &Value) -> (u16, Option<u64>) {
    let wanted = wanted(address, OURS.0, more);
    let answer = site.send(who, "POST", "/v1.0/invitations", &wanted);
    let wait = answer.headers.get("retry-after");
    let wait = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
    (answer.status.as_u16(), wait)
}

#[test]
fn mails_to_one_address_are_counted_whoever_invites_copies_too() {
    let site = open(Vec::new());
    let (ada, bob) = (inviter(ADA, "Ada"), inviter(BOB, "Bob"));
    let plain = json!({});
    for who in [&ada, &bob, &ada] {
        assert_eq!(mailed(&site, who, AMY, &plain), (201, None));
    }
    let copy = json!({"invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {"address": "Amy@Fabrikam.example"}}]}});
    assert_eq!(
        mailed(&site, &bob, "ben@fabrikam.example", &copy),
        (201, None)
    );
    assert_eq!(
        mailed(&site, &bob, "AMY@fabrikam.example", &plain),
        (201, None)
    );
    for who in [&ada, &bob] {
        let (status, wait) = mailed(&site, who, AMY, &plain);
        assert!(
            status == 429 && (3000..=3601).contains(&wait.unwrap()),
            "{status}, {wait:?}"
        );
        let record = site.latest();
        assert_eq!(record["result"], "failure");
        assert_eq!(record["activityDisplayName"], "Invite external user");
    }
    assert_eq!(mailed(&site, &bob, "zoe@fabrikam.example", &copy).0, 429);
    // Others are not held up, nor is who hands the link over.
    assert_eq!(
        mailed(&site, &bob, "cat@fabrikam.example", &plain),
        (201, None)
    );
    let by_hand = json!({"sendInvitationMessage": false});
    assert_eq!(mailed(&site, &bob, AMY, &by_hand), (201, None));
}

#[test]
fn who_invites_without_a_role_has_so_many_mails_sent_and_who_has_one_more() {
    let site = open(Vec::new());
    let (ada, bob) = (inviter(ADA, "Ada"), inviter(BOB, "Bob"));
    let plain = json!({});
    for number in 0..100 {
        let address = format!("guest{number}@fabrikam.example");
        assert_eq!(
            mailed(&site, &bob, &address, &plain),
            (201, None),
            "{number}"
        );
        assert_eq!(
            mailed(&site, &ada, &format!("a{address}"), &plain),
            (201, None)
        );
    }
    assert_eq!(mailed(&site, &bob, AMY, &plain).0, 429);
    assert_eq!(mailed(&site, &ada, AMY, &plain), (201, None));
    let other = inviter("0b0e0000-0000-4000-8000-00000000000c", "Cay");
    assert_eq!(mailed(&site, &other, AMY, &plain), (201, None));
}

#[test]
fn redeeming_keeps_what_a_guest_told_and_a_reset_forgets_it_and_both_keep_the_end() {
    let id = "a0000000-0000-4000-8000-00000000000a";
    let told = json!({"extension_a": "told"});
    let record = json!({
        "id": id, "accountEnabled": true, "mail": AMY, "userType": "Guest", "externalUserState": "PendingAcceptance",
        "crossgate": {"consentGiven": false, "expiresDateTime": "2100-01-01T00:00:00Z", "attributes": told},
    });
    let site = open(vec![put(DocumentKind::Guest, id, &record)]);
    let ada = inviter(ADA, "Ada");
    let facts = || {
        let address = Address::new(DocumentKind::Guest, id);
        let stored = site.store.get(&address).unwrap().unwrap();
        let record: Value = serde_json::from_str(&stored.text).unwrap();
        record["crossgate"].clone()
    };
    let (guest, ticket) = invite(&site, &ada, "https://a.example/");
    assert_eq!(guest, id);
    let account = Acceptance::Account {
        issuer: "mail".to_owned(),
        assigned: None,
    };
    invitations::accept(&site.ledger, (id, AMY), Some(&ticket), &account).unwrap();
    let kept = json!({"consentGiven": true, "expiresDateTime": "2100-01-01T00:00:00Z", "attributes": told});
    assert_eq!(facts(), kept);

    let reset = json!({"invitedUser": {"id": id}, "resetRedemption": true});
    let wanted = wanted("ben@fabrikam.example", "https://a.example/", &reset);
    let resets = user(ADA, &["User.ReadWrite.All"]);
    let answer = site.send(&resets, "POST", "/v1.0/invitations", &wanted);
    assert_eq!(answer.status, 201, "{}", body(&answer));
    let fresh = json!({"consentGiven": false, "expiresDateTime": "2100-01-01T00:00:00Z"});
    assert_eq!(facts(), fresh);
}
