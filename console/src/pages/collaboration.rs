//! External collaboration settings: who may invite whom, and whether guests may leave.

use http::Method;
use serde_json::{Value, json};

use super::settings::checked;
use super::text;
use crate::api::{Failed, Told};
use crate::form::{self, Problem, checks, field};
use crate::render::Shown;
use crate::reply::Reply;

/// Three documents, each with a form of its own.
const INVITES: &str = "policies/authorizationPolicy";
const DOMAINS: &str = "legacy/policies/b2bManagementPolicy";
const LEAVING: &str = "policies/externalIdentitiesPolicy";

/// Who may invite, as Entra lists them: the widest first.
const INVITERS: [&str; 4] = [
    "everyone",
    "adminsGuestInvitersAndAllMembers",
    "adminsAndGuestInviters",
    "none",
];

const LISTS: [&str; 3] = ["any", "block", "allow"];

/// What is in the list of domains.
const LIST: &str = "/B2BManagementPolicy/InvitationsAllowedAndBlockedDomainsPolicy";

/// `/console/collaboration`.
pub(super) fn open(shown: &Shown<'_>) -> Reply {
    if !shown.visit.changes() {
        return page(shown, None);
    }
    let form = shown.visit.field("form");
    let (path, body) = match form {
        "invites" => (
            INVITES,
            json!({ "allowInvitesFrom": shown.visit.field("allowInvitesFrom") }),
        ),
        "leaving" => (
            LEAVING,
            json!({ "allowExternalIdentitiesToLeave": shown.visit.is_ticked("allowExternalIdentitiesToLeave") }),
        ),
        _ => match domains(shown) {
            Ok(body) => (DOMAINS, body),
            Err(failed) => return shown.failed("collaboration", &failed),
        },
    };
    // An empty list is none to the API, which would let everybody in.
    let is_empty = path == DOMAINS
        && shown.visit.field("list") == "allow"
        && names(shown.visit.field("domains")).next().is_none();
    let changed = if is_empty {
        Err(Problem::of(
            "definition",
            shown.say("collaboration.no-domains"),
        ))
    } else {
        shown.change(shown.setting(Method::PATCH, path).body(&body))
    };
    if checks(shown.visit) {
        return checked(changed.as_ref(), &fields());
    }
    match changed {
        Ok(told) => Reply::Go(shown.of_settings(HERE, &[("saved", shown.saved(&told))])),
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => page(shown, Some(&problem)),
    }
}

fn fields() -> Vec<String> {
    [
        "allowInvitesFrom",
        "definition",
        "allowExternalIdentitiesToLeave",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The policy of domains with the lists of the form; what else is in it stays.
fn domains(shown: &Shown<'_>) -> Result<Value, Failed> {
    let told = shown.setting(Method::GET, DOMAINS).send(shown.api)?;
    let mut definition = definition(&told.body);
    let names: Vec<&str> = names(shown.visit.field("domains")).collect();
    let (allowed, blocked) = match shown.visit.field("list") {
        "allow" => (names, Vec::new()),
        "block" => (Vec::new(), names),
        _ => (Vec::new(), Vec::new()),
    };
    let list = json!({ "AllowedDomains": allowed, "BlockedDomains": blocked });
    match definition.pointer_mut(LIST) {
        Some(place) => *place = list,
        None => {
            definition = json!({ "B2BManagementPolicy": { "InvitationsAllowedAndBlockedDomainsPolicy": list } });
        }
    }
    Ok(json!({ "definition": [definition.to_string()] }))
}

fn names(sent: &str) -> impl Iterator<Item = &str> {
    let names = sent.split([',', ';', '\n', '\r', ' ', '\t']);
    names.filter(|name| !name.is_empty())
}

fn definition(policy: &Value) -> Value {
    let text = policy.pointer("/definition/0").and_then(Value::as_str);
    let read = text.and_then(|text| serde_json::from_str(text).ok());
    read.unwrap_or(Value::Null)
}

fn page(shown: &Shown<'_>, problem: Option<&Problem>) -> Reply {
    let read = |path: &str| shown.setting(Method::GET, path).send(shown.api);
    let (invites, domains, leaving) = match (read(INVITES), read(DOMAINS), read(LEAVING)) {
        (Ok(invites), Ok(domains), Ok(leaving)) => (invites, domains, leaving),
        (Err(failed), _, _) | (_, Err(failed), _) | (_, _, Err(failed)) => {
            return shown.failed("collaboration", &failed);
        }
    };
    let sent = |form: &str| problem.is_some() && shown.visit.field("form") == form;
    let inviters = if sent("invites") {
        shown.visit.field("allowInvitesFrom").to_owned()
    } else {
        text(&invites.body, "/allowInvitesFrom")
    };
    let (list, names) = if sent("domains") {
        let visit = shown.visit;
        (
            visit.field("list").to_owned(),
            visit.field("domains").to_owned(),
        )
    } else {
        listed(&definition(&domains.body))
    };
    let leaves = if sent("leaving") {
        shown.visit.is_ticked("allowExternalIdentitiesToLeave")
    } else {
        let leaves = leaving.body.get("allowExternalIdentitiesToLeave");
        leaves.and_then(Value::as_bool).unwrap_or(false)
    };
    let version = |form: &str, told: &Told| {
        let problem = problem.filter(|_| sent(form));
        form::version(
            shown.visit,
            problem,
            told.etag.as_deref().unwrap_or_default(),
        )
    };
    let values = json!({
        "inviters": INVITERS.map(|name| json!({ "key": name, "chosen": name == inviters })),
        "lists": LISTS.map(|name| json!({ "key": name, "chosen": name == list })),
        "domains": names,
        "leaves": leaves,
        "versions": {
            "invites": version("invites", &invites),
            "domains": version("domains", &domains),
            "leaving": version("leaving", &leaving),
        },
        "form": if problem.is_some() { shown.visit.field("form") } else { "" },
        "may_invites": shown.may_set("authorizationPolicy/allProperties/allTasks"),
        "may_domains": shown.may_set("policies/basic/update"),
        "saved": !shown.visit.asked("saved").is_empty(),
        "confirmed": shown.visit.is_ticked(field::CONFIRM),
        "problem": problem.map(|problem| problem.shown(&fields())),
    });
    match problem {
        Some(problem) => shown.page_with(
            problem.status(),
            "collaboration.html",
            "collaboration",
            &values,
        ),
        None => shown.page("collaboration.html", "collaboration", &values),
    }
}

/// Which list there is, and what is in it.
fn listed(definition: &Value) -> (String, String) {
    let names = |member: &str| -> Vec<String> {
        let list = definition.pointer(&format!("{LIST}/{member}"));
        let list = list.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|name| Some(name.as_str()?.to_owned()))
            .collect()
    };
    let (allowed, blocked) = (names("AllowedDomains"), names("BlockedDomains"));
    if !allowed.is_empty() {
        ("allow".to_owned(), allowed.join("\n"))
    } else if !blocked.is_empty() {
        ("block".to_owned(), blocked.join("\n"))
    } else {
        ("any".to_owned(), String::new())
    }
}

const HERE: &str = "/console/collaboration";
