//! Drafts in the console: a change is tried, reviewed and published by people in browsers, and binds only then.

use std::time::Duration;

use super::{LANGUAGES, allow_direct_connect, examine, frida, tab_to};
use crate::site::admin::{DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS};
use crate::site::console::lobby;
use crate::site::people::{Doors, Lobby};
use crate::site::{FABRIKAM, everyone, nobody};
use crossgate_insight::sign_ins::{Keep, Store};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::sign_ins::Invention;
use jiff::Timestamp;
use serde_json::{Value, json};

const DRAFTS: &str = "crossgate/drafts";

/// Fabrikam's people come directly.
fn open_to_fabrikam(lobby: Lobby) -> Doors {
    let doors = lobby.open();
    let body = json!({ "tenantId": FABRIKAM, "b2bDirectConnectInbound": everyone() });
    let made = doors.admin("POST", PARTNERS, &body);
    assert_eq!(made.status, 201, "{}", made.text());
    doors
}

/// A draft that keeps Fabrikam's people out.
fn shuts_fabrikam_out(doors: &Doors, name: &str) -> String {
    let made = doors.admin("POST", DRAFTS, &json!({ "displayName": name }));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("{DRAFTS}/{id}/{PARTNERS}/{FABRIKAM}");
    let body = json!({ "b2bDirectConnectInbound": nobody() });
    let changed = doors.admin("PATCH", &path, &body);
    assert!(changed.status < 300, "{}", changed.text());
    id
}

/// The same, begun and changed on the pages; where the draft is.
#[track_caller]
fn shut_fabrikam_out(tab: &Tab<'_>, doors: &Doors, name: &str) -> String {
    tab.goto(&doors.console("/console/drafts"));
    tab.fill("[name=displayName]", name);
    tab.click("main form [type=submit]");
    let draft = tab.page().place.url;
    tab.click("[aria-labelledby=changes] a[href^='/console/organizations']");
    tab.click("main tbody a");
    says(tab, &format!("You are editing the draft {name}."));
    for part in ["usersAndGroups", "applications"] {
        let field = format!("[name='b2bDirectConnectInbound.{part}.access'][value=blocked]");
        tab.click(&field);
    }
    tab.click("main form.setting [type=submit]");
    says(tab, "Saved in the draft");
    draft
}

#[track_caller]
fn says(tab: &Tab<'_>, told: &str) {
    let page = tab.page();
    assert!(page.text.contains(told), "{told}: {}", page.text);
}

/// The page of a draft that one edits the settings of.
fn back(tab: &Tab<'_>) {
    tab.click(".notice.draft a");
}

#[test]
fn a_change_is_drafted_checked_replayed_and_published_without_script_and_binds_only_then() {
    let doors = open_to_fabrikam(lobby());
    let frida = frida(&doors);
    assert_eq!(frida.page().place.status, 200, "{}", frida.page().text);
    let tab = doors.administrator("ada");
    tab.scripts(false);
    let draft = shut_fabrikam_out(&tab, &doors, "Fabrikam comes no more");
    assert_eq!(
        frida.goto(&doors.app("/a")).status,
        200,
        "nothing binds yet"
    );
    back(&tab);
    assert_eq!(tab.page().place.url, draft);
    says(&tab, "b2bDirectConnectInbound");
    tab.click("[aria-labelledby=check] a");
    says(&tab, "It can be published.");

    // Whom the log knows, and would not be let in any more.
    let kept = || {
        doors
            .admin("GET", "auditLogs/signIns?$top=100", &json!({}))
            .json()
    };
    wait_for("the sign-in in the log", Duration::from_secs(20), || {
        kept().to_string().contains("frida").then_some(())
    });
    tab.click("[aria-labelledby=replay] a");
    tab.click("main form.setting [type=submit]");
    wait_for("the replay", Duration::from_secs(20), || {
        if tab.page().text.contains("Done.") {
            return Some(());
        }
        tab.click("main .buttons a");
        None
    });
    says(&tab, "Users of applications: 1.");
    says(&tab, "Users of applications: 0.");
    tab.click("[aria-labelledby=loses] tbody a");
    let page = tab.page();
    assert!(
        page.place.url.contains("/console/decisions/"),
        "{}",
        page.text
    );

    // Frida is all who used the app: that is to be meant.
    tab.goto(&draft);
    tab.click("[aria-labelledby=publish] form [type=submit]");
    let page = tab.page();
    assert_eq!(page.place.status, 409, "{}", page.text);
    assert_eq!(frida.goto(&doors.app("/a")).status, 200, "{}", page.text);
    tab.click("[name=confirm-lock-out]");
    tab.click("[aria-labelledby=publish] form [type=submit]");
    says(&tab, "Published. It binds for all");
    assert_eq!(frida.goto(&doors.app("/a")).status, 403);
    let audit = doors.admin("GET", "auditLogs/directoryAudits?$top=1", &json!({}));
    let record = &audit.json()["value"][0];
    assert_eq!(record["activityDisplayName"], "Publish policy draft");
    assert_eq!(record["initiatedBy"]["user"]["id"], "ada", "{record:#}");
}

#[test]
fn a_draft_is_begun_and_published_without_a_mouse() {
    let doors = lobby().open();
    let frida = frida(&doors);
    assert_eq!(frida.page().place.status, 403, "{}", frida.page().text);
    let tab = doors.administrator("ada");
    tab_to(&tab, "nav a[href='/console/drafts']");
    tab.press("Enter");
    tab_to(&tab, "[name=displayName]");
    tab.write("Everybody comes directly");
    tab.press("Enter");
    tab_to(&tab, "main a[href^='/console/default']");
    tab.press("Enter");
    allow_direct_connect(&tab);
    // What the draft would come to is told while one types.
    tab.wait_for(".live .good");
    tab_to(&tab, "main form.setting [type=submit]");
    tab.press("Enter");
    says(&tab, "Saved in the draft");
    assert_eq!(frida.goto(&doors.app("/a")).status, 403);
    tab_to(&tab, ".notice.draft a");
    tab.press("Enter");
    tab_to(&tab, "[aria-labelledby=publish] form [type=submit]");
    tab.press("Enter");
    says(&tab, "Published. It binds for all");
    assert_eq!(frida.goto(&doors.app("/a")).status, 200);
}

#[test]
fn where_others_have_to_approve_a_page_saves_in_a_draft_that_binds_once_somebody_else_approves() {
    let lobby = lobby();
    lobby.contoso.account(&json!({
        "sub": "bea", "email": "bea@contoso.com", "name": "Bea Own",
        "claims": { "wids": [GLOBAL_ADMINISTRATOR], "preferred_username": "bea@contoso.com" },
    }));
    let doors = lobby
        .configure(|setup| setup.section("admin", "draft_reviewers = 1"))
        .open();
    let trusts = || {
        let default = doors.admin("GET", DEFAULT, &json!({})).json();
        default["inboundTrust"]["isMfaAccepted"].clone()
    };
    let ada = doors.administrator("ada");
    ada.goto(&doors.console("/console/default?tab=trust"));
    ada.click("[name='inboundTrust.isMfaAccepted']");
    ada.fill("[name=draft-name]", "Trust MFA of others");
    // One who clicks twice means it once.
    let clicks = "(() => { const stopped = []; const form = document.querySelector('main form.setting'); \
        form.addEventListener('submit', (event) => stopped.push(event.defaultPrevented)); \
        const button = form.querySelector('[name=save]'); button.click(); button.click(); return stopped; })()";
    assert_eq!(ada.evaluate(clicks), json!([false, true]));
    ada.wait_for(".notice.draft");
    let drafts = doors.admin("GET", DRAFTS, &json!({})).json();
    assert_eq!(drafts["value"].as_array().unwrap().len(), 1, "{drafts:#}");
    says(&ada, "You are editing the draft Trust MFA of others.");
    says(&ada, "Saved in the draft");
    assert_eq!(trusts(), json!(false));
    back(&ada);
    let draft = ada.page().place.url;
    says(&ada, "You had a hand in this draft");
    ada.click("[aria-labelledby=publish] form [type=submit]");
    assert_eq!(ada.page().place.status, 409, "{}", ada.page().text);
    says(&ada, "0 of the 1 approvals");
    let bea = doors.administrator("bea");
    bea.goto(&draft);
    bea.click("[aria-labelledby=replay] a");
    bea.click("main form.setting [type=submit]");
    // A page whose script runs goes on by itself.
    bea.wait_for("#loses");
    bea.goto(&draft);
    says(&bea, "Users of applications who would lose access: 0.");
    bea.fill("[name=comment]", "as agreed on Monday");
    bea.click("[value=approve]");
    says(&bea, "Approved.");
    says(&bea, "1 of 1");
    assert_eq!(trusts(), json!(false));
    ada.goto(&draft);
    says(&ada, "as agreed on Monday");
    ada.click("[aria-labelledby=publish] form [type=submit]");
    says(&ada, "Published. It binds for all");
    assert_eq!(trusts(), json!(true));
}

#[test]
fn a_contradiction_is_saved_in_a_draft_and_told_and_keeps_it_from_being_published() {
    let doors = lobby().open();
    let made = doors.admin("POST", DRAFTS, &json!({ "displayName": "Contradicts" }));
    let draft = made.json()["id"].as_str().unwrap().to_owned();
    let tab = doors.administrator("ada");
    // A page of what binds offers the drafts that there are.
    tab.goto(&doors.console("/console/default?tab=trust"));
    tab.click("[name='inboundTrust.isMfaAccepted']");
    // What is told of it moves what stands below.
    tab.wait_for(".live .good");
    tab.click("details.aside summary");
    tab.evaluate(&format!(
        "document.querySelector('[name=save-in]').value = {draft:?}"
    ));
    tab.click("[name=save]");
    says(&tab, "You are editing the draft Contradicts.");
    let default = doors.admin("GET", DEFAULT, &json!({})).json();
    assert_eq!(default["inboundTrust"]["isMfaAccepted"], json!(false));
    tab.click(".tabs a[href*=inbound]");
    tab.click("[name='b2bCollaborationInbound.usersAndGroups.access'][value=blocked]");
    tab.wait_for(".live .problem");
    says(&tab, "the draft cannot be published");
    tab.click("main form.setting [type=submit]");
    says(&tab, "Saved in the draft");
    tab.click(".notice.good a");
    says(&tab, "It cannot be published as it is.");
    says(&tab, "It contradicts itself or the rest of the policy");
    tab.click("[aria-labelledby=publish] form [type=submit]");
    let page = tab.page();
    assert_eq!(page.place.status, 400, "{}", page.text);
    // It can be taken out again.
    tab.click("form:has([value=take-out]) [type=submit]");
    says(&tab, "The document is in this draft no more.");
    says(&tab, "It changes nothing yet.");
}

/// Whether a draft that is staged for so many of a hundred tenants binds for one.
fn is_in(share: u128, draft: &str, tenant: &str) -> bool {
    let number = |id: &str| u128::from_str_radix(&id.replace('-', ""), 16).unwrap();
    (number(draft) ^ number(tenant)) % 100 < share
}

#[test]
fn a_draft_is_staged_for_some_and_returned() {
    let doors = open_to_fabrikam(lobby());
    let frida = frida(&doors);
    assert_eq!(frida.page().place.status, 200, "{}", frida.page().text);
    let id = std::iter::repeat_with(|| shuts_fabrikam_out(&doors, "Less"))
        .take(20)
        .find(|id| is_in(99, id, FABRIKAM))
        .unwrap();
    let tab = doors.administrator("ada");
    tab.goto(&doors.console(&format!("/console/drafts/{id}")));
    let stage = "[aria-labelledby=publish] form.setting";
    tab.fill("[name=percent]", "99");
    tab.fill("[name=maxNewRefusals]", "100");
    tab.click(&format!("{stage} [type=submit]"));
    assert_eq!(tab.page().place.status, 409, "{}", tab.page().text);
    tab.click(&format!("{stage} [name=confirm-lock-out]"));
    tab.click(&format!("{stage} [type=submit]"));
    says(&tab, "99 of a hundred tenants");
    assert_eq!(frida.goto(&doors.app("/a")).status, 403);
    wait_for("the refusal in the check", Duration::from_secs(20), || {
        tab.goto(&doors.console(&format!("/console/drafts/{id}?check=1")));
        tab.page().text.contains("1, of 100").then_some(())
    });
    // The settings can be looked at, and not changed.
    tab.goto(&doors.console(&format!("/console/organizations/{FABRIKAM}?draft={id}")));
    says(&tab, "It is not open");
    back(&tab);
    tab.click("form:has([value=return]) [type=submit]");
    says(&tab, "Returned. It binds for nobody.");
    says(&tab, "an administrator returned it");
    assert_eq!(frida.goto(&doors.app("/a")).status, 200);
    tab.click("details:has([value=delete]) summary");
    tab.click("form:has([value=delete]) [type=submit]");
    assert_eq!(tab.page().place.url, doors.console("/console/drafts"));
    let left = doors.admin("GET", &format!("{DRAFTS}/{id}"), &json!({}));
    assert_eq!(left.status, 404, "{}", left.text());
}

#[test]
fn a_replay_of_many_sign_ins_is_told_once_it_is_done_without_a_click() {
    let lobby = lobby();
    let keep = Keep {
        days: 30,
        size: 1 << 30,
    };
    let store = Store::open(&lobby.directory().join("sign-ins"), keep, false).unwrap();
    let invention = Invention {
        days: 1,
        ..Invention::of(20_000, Timestamp::now().as_millisecond())
    };
    let mut text = String::new();
    for number in 0..20_000 {
        invention.event(number).write(&mut text);
    }
    store.append(text.as_bytes()).unwrap();
    drop(store);
    let doors = open_to_fabrikam(lobby);
    let id = shuts_fabrikam_out(&doors, "Less");
    let tab = doors.administrator("ada");
    tab.goto(&doors.console(&format!("/console/drafts/{id}/replay")));
    tab.click("main form.setting [type=submit]");
    tab.wait_for("#loses");
    let looked_at = tab.evaluate("document.querySelector('[data-progress]').textContent");
    let looked_at = looked_at.as_str().unwrap().rsplit(' ').next().unwrap();
    assert!(looked_at.parse::<u64>().unwrap() >= 20_000, "{looked_at}");
    // Whoever went to a place within the page meanwhile is shown it anew as well: the script runs again as it did then.
    tab.evaluate(
        "location.hash = 'main'; document.querySelector('main').insertAdjacentHTML('beforeend', '<div data-under-way></div>'); \
         const script = document.createElement('script'); script.type = 'module'; \
         script.src = document.querySelector('script').src; document.head.append(script); null",
    );
    tab.wait_for("main:not(:has([data-under-way]))");
}

#[test]
fn whoever_may_only_read_reads_drafts_and_changes_none() {
    let doors = open_to_fabrikam(lobby());
    let id = shuts_fabrikam_out(&doors, "Less");
    let here = format!("/console/drafts/{id}");
    let tab = doors.administrator("ruth");
    tab.goto(&doors.console(&here));
    says(&tab, "b2bDirectConnectInbound");
    let page = tab.page();
    assert!(!page.text.contains("Publish"), "{}", page.text);
    // Of the page for a replay, which changes nothing.
    tab.goto(&doors.console(&format!("{here}/replay")));
    let token = super::token(&tab);
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("crossgate-csrf", &*token), ("do", "delete")] {
        fields.append_pair(name, value);
    }
    let answer = doors
        .curl_console(&tab, &here)
        .method("POST")
        .header("Content-Type", super::FORM)
        .body(fields.finish())
        .send();
    assert_eq!(answer.status, 403, "{}", answer.text());
    let left: Value = doors
        .admin("GET", &format!("{DRAFTS}/{id}"), &json!({}))
        .json();
    assert_eq!(left["displayName"], "Less", "{left:#}");
}

#[test]
fn every_page_of_a_draft_can_be_used_by_everybody() {
    let lobby = lobby();
    let lobby = lobby.configure(|setup| setup.section("sign_ins", "sinks = [\"stdout\"]"));
    let doors = open_to_fabrikam(lobby);
    drop(frida(&doors));
    let tab = doors.administrator("ada");
    let draft = shut_fabrikam_out(&tab, &doors, "Fabrikam comes no more");
    let id = draft.rsplit('/').next().unwrap();
    let path = format!("{DRAFTS}/{id}/replay");
    wait_for(
        "the sign-in under the draft",
        Duration::from_secs(20),
        || {
            let begun = doors.admin("POST", &path, &json!({}));
            assert!([202, 409].contains(&begun.status), "{}", begun.text());
            let told = doors.admin("GET", &path, &json!({})).json();
            (told["loses"]["users"] == 1).then_some(())
        },
    );
    for (tag, asked, suffix) in LANGUAGES {
        let tab = doors.browser.open(&format!("ada {tag}"));
        tab.language(asked);
        tab.goto(&doors.console("/console"));
        doors.contoso.sign_in(&tab, "ada", None);
        for (name, path) in [
            ("drafts", doors.console("/console/drafts")),
            ("draft", format!("{draft}?check=1")),
            ("replay", format!("{draft}/replay")),
            (
                "in-draft",
                doors.console(&format!("/console/organizations/{FABRIKAM}?draft={id}")),
            ),
        ] {
            let place = tab.goto(&path);
            assert_eq!(place.status, 200, "{name}: {}", tab.page().text);
            examine(&tab, tag, &format!("console-{name}{suffix}"));
        }
    }
}
