//! A synchronised user: a record of the `users` API, and a SCIM resource.

use crossgate_policy::ids::TenantId;
use serde_json::{Map, Value, json};

use super::directory::{Known, State, Team, one_form};
use super::schema::ResourceKind;
use super::values::{Attributes, is_primary};
use crate::expiry;
use crate::home;
use crate::text::Document;

/// What stands behind a record.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) tenant: TenantId,
    /// As the partner told them.
    pub(super) attributes: Attributes,
    pub(super) groups: Vec<Box<str>>,
    /// An administrator of ours has disabled the account, which the partner cannot undo.
    pub(super) held: bool,
    /// How long it is used was decided here.
    pub(super) term: Term,
    /// The partner has removed it.
    pub(super) removed: bool,
    pub(super) last_modified: String,
}

/// What an administrator of ours has said of when an account ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Term {
    Open,
    /// It ends at a time, which has not come or is not noticed yet.
    Ends,
    /// It has ended, and is disabled for that.
    Expired,
}

impl Term {
    fn read(document: &Document) -> Self {
        if expiry::is_expired(document) {
            Self::Expired
        } else if expiry::end_of(document).is_some() {
            Self::Ends
        } else {
            Self::Open
        }
    }
}

impl Person {
    /// Reads a record; `None` where nobody synchronises it.
    pub(super) fn read(document: &Document) -> Option<Self> {
        let crossgate = document.get("crossgate")?;
        let told = crossgate.get(MEMBER)?;
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        let attributes = told.get("resource")?.as_object()?.clone();
        let is_active = attributes.get("active") != Some(&Value::Bool(false));
        let is_enabled = document.get("accountEnabled") != Some(Value::Bool(false));
        let term = Term::read(document);
        let was_held = told.get("held") == Some(&Value::Bool(true));
        let groups = told.get("groups").and_then(Value::as_array);
        let groups = groups.into_iter().flatten().filter_map(Value::as_str);
        Some(Self {
            id: document.text_of("id")?,
            tenant: TenantId::parse(text("tenantId")?)?,
            groups: groups.map(Into::into).collect(),
            // Who was disabled because their time was up is held for no other reason.
            held: !is_enabled && term != Term::Expired && (is_active || was_held),
            term,
            removed: told.get("removed") == Some(&Value::Bool(true)),
            last_modified: text("lastModified").unwrap_or_default().to_owned(),
            attributes,
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }

    pub(super) fn user_name(&self) -> &str {
        self.text("userName").unwrap_or_default()
    }

    pub(super) fn external_id(&self) -> Option<&str> {
        self.text("externalId").filter(|id| !id.is_empty())
    }

    /// The address that is theirs before others: the primary one, the one for work, the first.
    pub(super) fn mail(&self) -> Option<&str> {
        let emails = self.attributes.get("emails").and_then(Value::as_array)?;
        let is_work = |item: &&Value| item.get("type").and_then(Value::as_str) == Some("work");
        let primary = emails.iter().find(|item| is_primary(item));
        let first = primary
            .or_else(|| emails.iter().find(is_work))
            .or(emails.first())?;
        first.get("value").and_then(Value::as_str)
    }

    fn value_of(&self, name: &str, kind: &str) -> Option<&str> {
        let mut items = self.attributes.get(name)?.as_array()?.iter();
        let item = items.find(|item| item.get("type").and_then(Value::as_str) == Some(kind))?;
        item.get("value").and_then(Value::as_str)
    }

    fn part(&self, name: &str, part: &str) -> Option<&str> {
        self.attributes.get(name)?.get(part)?.as_str()
    }

    fn is_active(&self) -> bool {
        self.attributes.get("active") != Some(&Value::Bool(false))
    }

    /// Whether the partner and this organization both let the account be used.
    fn is_enabled(&self) -> bool {
        self.is_active() && !self.held && self.term != Term::Expired
    }

    /// Whether an administrator of ours has disabled the account, or said when it ends: no other record takes its place.
    pub(super) fn is_bound(&self) -> bool {
        self.held || self.term != Term::Open
    }

    /// The record that says so, over the one that was there. What the partner does not tell of stays as it is.
    pub(super) fn record(
        &self,
        before: Option<&Document>,
        home_groups: Vec<Value>,
        own_domain: &str,
        now: &str,
    ) -> Document {
        let mut record = before.cloned().unwrap_or_default();
        let mut set = |name: &str, value: Value| {
            if value.is_null() {
                record.remove(name);
            } else {
                record.set(name, &value);
            }
        };
        let name = self
            .text("displayName")
            .or_else(|| self.part("name", "formatted"));
        let user_type = self.text("userType").unwrap_or_default();
        let is_guest = user_type.eq_ignore_ascii_case("Guest");
        let local = self.user_name().replace('@', "_");
        let enterprise = ENTERPRISE;
        set("id", json!(self.id));
        set("accountEnabled", json!(self.is_enabled()));
        if before.is_none() {
            set("createdDateTime", json!(now));
        }
        set(
            "displayName",
            json!(name.unwrap_or_else(|| self.user_name())),
        );
        set("givenName", json!(self.part("name", "givenName")));
        set("surname", json!(self.part("name", "familyName")));
        set("jobTitle", json!(self.text("title")));
        set("department", json!(self.part(enterprise, "department")));
        set("companyName", json!(self.part(enterprise, "organization")));
        set("preferredLanguage", json!(self.text("preferredLanguage")));
        set(
            "mobilePhone",
            json!(self.value_of("phoneNumbers", "mobile")),
        );
        let phone = self.value_of("phoneNumbers", "work");
        set(
            "businessPhones",
            json!(phone.into_iter().collect::<Vec<_>>()),
        );
        set("mail", json!(self.mail()));
        set(
            "userPrincipalName",
            json!(format!("{local}#EXT#@{own_domain}")),
        );
        set("userType", json!(if is_guest { "Guest" } else { "Member" }));
        set("externalUserState", json!("Accepted"));
        if before.is_none() {
            set("externalUserStateChangeDateTime", json!(now));
        }
        set(
            "identities",
            json!([{"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": null}]),
        );
        self.tell(&mut record, home_groups);
        record
    }

    /// Has a record say where the account lives, and what the partner told.
    pub(super) fn tell(&self, record: &mut Document, home_groups: Vec<Value>) {
        let mut told = Map::new();
        told.insert("tenantId".to_owned(), json!(self.tenant.to_string()));
        told.insert("lastModified".to_owned(), json!(self.last_modified));
        told.insert("groups".to_owned(), json!(self.groups));
        if self.held {
            told.insert("held".to_owned(), json!(true));
        }
        if self.removed {
            told.insert("removed".to_owned(), json!(true));
        }
        told.insert("resource".to_owned(), json!(self.attributes));
        let mut home = Map::new();
        home.insert("homeTenantId".to_owned(), json!(self.tenant.to_string()));
        if let Some(id) = self.external_id() {
            home.insert("homeUserId".to_owned(), json!(id));
        }
        if !home_groups.is_empty() {
            // Of groups that the partner does not synchronise nothing is known.
            home.insert("homeGroups".to_owned(), Value::Array(home_groups));
            home.insert("homeGroupsComplete".to_owned(), json!(false));
        }
        home.insert("consentGiven".to_owned(), json!(true));
        home.insert(MEMBER.to_owned(), Value::Object(told));
        home::set(record, home);
    }

    /// The resource, as the partner reads it.
    pub(super) fn shown<'t>(
        &self,
        base: &str,
        record: &Document,
        version: &str,
        team: impl Fn(&str) -> Option<&'t Team>,
    ) -> Map<String, Value> {
        let kind = ResourceKind::User;
        let mut shown = Map::new();
        let mut schemas = vec![kind.schema().urn];
        if self.attributes.contains_key(ENTERPRISE) {
            schemas.push(ENTERPRISE);
        }
        shown.insert("schemas".to_owned(), json!(schemas));
        shown.insert("id".to_owned(), json!(self.id));
        shown.extend(self.attributes.clone());
        // As it is here, whoever decided that.
        if !self.is_enabled() || self.attributes.contains_key("active") {
            shown.insert("active".to_owned(), json!(self.is_enabled()));
        }
        let groups = self.groups.iter().filter_map(|id| Some((id, team(id)?)));
        let groups: Vec<_> = groups
            .map(|(id, team)| {
                json!({
                    "value": id,
                    "$ref": format!("{base}/Groups/{id}"),
                    "display": team.display_name,
                    "type": "direct",
                })
            })
            .collect();
        if !groups.is_empty() {
            shown.insert("groups".to_owned(), Value::Array(groups));
        }
        let created = record.text_of("createdDateTime");
        shown.insert(
            "meta".to_owned(),
            json!({
                "resourceType": kind.name(),
                "created": created,
                "lastModified": self.last_modified,
                "location": format!("{base}/Users/{}", self.id),
                "version": version,
            }),
        );
        shown
    }
}

/// What is looked for.
pub(super) fn known(document: &Document) -> Option<Known> {
    let person = Person::read(document)?;
    let is_there = document
        .written("deletedDateTime")
        .is_none_or(|at| at == "null");
    Some(Known {
        tenant: person.tenant,
        user_name: person.user_name().to_lowercase(),
        external_id: person.external_id().map(one_form),
        state: match (is_there, person.removed) {
            (true, _) => State::There,
            (false, true) => State::Removed,
            (false, false) => State::Deleted,
        },
        bound: person.is_bound(),
        groups: person.groups,
    })
}

/// The member of a record's `crossgate` that says who synchronises it, and what they told.
pub(crate) const MEMBER: &str = "synchronization";

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
