//! The draft that settings are read and changed in, where a visit names one; and those that a form can be saved in.

use std::cell::OnceCell;

use http::Method;
use serde_json::{Value, json};

use crate::api::{Ask, Failed, Told, part, text_of};
use crate::form::checks;
use crate::query::href;
use crate::render::Shown;

/// Drafts, in the API.
pub(crate) const DRAFTS: &str = "crossgate/drafts";

/// Drafts, in the console.
pub(crate) const PAGE: &str = "/console/drafts";

/// Names of fields, and of the parameter of addresses.
mod field {
    pub(super) const DRAFT: &str = "draft";
    /// `draft` where the form is not to bind, but to be saved in a draft.
    pub(super) const SAVE: &str = "save";
    /// Which one.
    pub(super) const SAVE_IN: &str = "save-in";
    /// What a new one is called.
    pub(super) const NAME: &str = "draft-name";
}

/// Saved in a draft that is not there yet.
const NEW: &str = "new";

/// The pages of settings, which work in drafts too, by the first part of their paths.
const OF_SETTINGS: [&str; 5] = [
    "organizations",
    "default",
    "collaboration",
    "conditional-access",
    "versions",
];

/// What settings are read of, and changed in.
#[derive(Debug)]
pub(crate) enum Within {
    /// What is in force.
    Force,
    /// A draft that is edited.
    Draft(Edited),
    /// One that is begun with the change of the form and not before, so that a change that is not made leaves none. Until then what is
    /// in force is all that is in it.
    New {
        name: String,
        /// Its id, once it is there with the change in it.
        begun: OnceCell<String>,
    },
}

/// A draft that is edited.
#[derive(Debug)]
pub(crate) struct Edited {
    id: String,
    name: String,
    is_open: bool,
}

/// Whether a page is one of settings.
pub(crate) fn is_of_settings(page: &str) -> bool {
    OF_SETTINGS.contains(&page)
}

impl Shown<'_> {
    /// Finds the draft that a visit is in, or that its form is to be saved in.
    pub(crate) fn enter_draft(&mut self) -> Result<(), Failed> {
        let visit = self.visit;
        let saves = self.saves_in_draft() && !checks(visit);
        let asked = visit.asked(field::DRAFT);
        let id: &str = match visit.field(field::DRAFT) {
            // Whoever means a draft means no change of what binds, whichever draft it is.
            _ if saves && visit.field(field::SAVE_IN).is_empty() => NEW,
            _ if saves => visit.field(field::SAVE_IN),
            "" => &asked,
            sent => sent,
        };
        if id.is_empty() {
            return Ok(());
        }
        self.within = if saves && id == NEW {
            Within::New {
                name: self.name_of_new(),
                begun: OnceCell::new(),
            }
        } else {
            let told = Ask::get(&format!("{DRAFTS}/{}", part(id))).send(self.api)?;
            let text = |pointer: &str| text_of(&told.body, pointer).unwrap_or_default();
            Within::Draft(Edited {
                id: text("/id"),
                name: text("/displayName"),
                is_open: text("/state") == "open",
            })
        };
        Ok(())
    }

    /// Whether the form is to be saved in a draft, and not to bind.
    fn saves_in_draft(&self) -> bool {
        let visit = self.visit;
        // Enter in the field of a name sends a form by its first button, which is the one that binds.
        let is_named = !visit.field(field::NAME).is_empty();
        visit.changes() && (visit.field(field::SAVE) == field::DRAFT || is_named)
    }

    /// What a draft is called that a form begins; its time where nobody says.
    fn name_of_new(&self) -> String {
        let given = self.visit.field(field::NAME);
        if !given.is_empty() {
            return given.to_owned();
        }
        let now = self.visit.now.strftime("%Y-%m-%d %H:%M");
        format!("{} {now}", self.say("drafts.unnamed"))
    }

    /// Asks about a setting: in the draft that is edited, else in force.
    pub(crate) fn setting(&self, method: Method, path: &str) -> Ask {
        let ask = Ask::of(method, path);
        match self.edited() {
            Some(draft) => ask.in_draft(&draft.id),
            None => ask,
        }
    }

    /// Makes a change, in a draft that is begun for it where one is to be.
    pub(crate) fn make(&self, ask: Ask) -> Result<Told, Failed> {
        let Within::New { name, begun } = &self.within else {
            return ask.send(self.api);
        };
        let named = json!({ "displayName": name });
        let told = Ask::of(Method::POST, DRAFTS).body(&named).send(self.api)?;
        let id = text_of(&told.body, "/id").unwrap_or_default();
        match ask.in_draft(&id).send(self.api) {
            Ok(told) => {
                // It is set here alone, and each form makes one change.
                let _ = begun.set(id);
                Ok(told)
            }
            Err(failed) => {
                let path = format!("{DRAFTS}/{}", part(&id));
                // Where that fails there is an empty draft, which changes nothing.
                let _ = Ask::of(Method::DELETE, &path).send(self.api);
                Err(failed)
            }
        }
    }

    fn edited(&self) -> Option<&Edited> {
        match &self.within {
            Within::Draft(draft) => Some(draft),
            Within::Force | Within::New { .. } => None,
        }
    }

    /// The id of the draft that settings are in by now.
    fn draft_id(&self) -> Option<&str> {
        match &self.within {
            Within::Force => None,
            Within::Draft(draft) => Some(&draft.id),
            Within::New { begun, .. } => begun.get().map(String::as_str),
        }
    }

    /// The address of a page of settings, in the same draft.
    pub(crate) fn of_settings(&self, path: &str, values: &[(&str, &str)]) -> String {
        let draft = self.draft_id().unwrap_or_default();
        href(path, &[values, &[(field::DRAFT, draft)]].concat())
    }

    /// What the address of a page says of a change that was saved: in a draft whether there is something to know of it.
    pub(crate) fn saved(&self, told: &Told) -> &'static str {
        if self.draft_id().is_some() && !told.advisories.is_empty() {
            ADVISED
        } else {
            "1"
        }
    }

    /// Whether the visitor may do this to a setting here and now: nothing changes in a draft that is not open.
    pub(crate) fn may_set(&self, action: &str) -> bool {
        let is_open = self.edited().is_none_or(|draft| draft.is_open);
        is_open && self.may(action)
    }

    /// Whether the visitor sees drafts.
    pub(crate) fn sees_drafts(&self) -> bool {
        READ.iter().all(|action| self.may(action))
    }

    /// Whether the visitor may begin and publish them, as far as they themselves go.
    pub(crate) fn may_draft(&self) -> bool {
        self.sees_drafts() && self.may("crossTenantAccessPolicy/basic/update")
    }

    /// How many others have to approve of a change of settings.
    pub(crate) fn reviewers(&self) -> u64 {
        let wanted = self.me.get("draftReviewers");
        wanted.and_then(Value::as_u64).unwrap_or_default()
    }

    /// The draft that is edited, as the banner of a page shows it.
    pub(crate) fn banner(&self) -> Value {
        let Some(draft) = self.edited() else {
            return Value::Null;
        };
        let pages = OF_SETTINGS.iter().filter(|page| **page != "versions");
        let pages = pages.map(|page| {
            json!({ "key": page, "href": self.of_settings(&format!("/console/{page}"), &[]) })
        });
        json!({
            "id": draft.id,
            "name": draft.name,
            "is_open": draft.is_open,
            "is_advised": self.visit.asked("saved") == ADVISED,
            "href": format!("{PAGE}/{}", part(&draft.id)),
            "pages": pages.collect::<Vec<_>>(),
        })
    }

    /// How the forms of a page of settings are saved.
    pub(crate) fn saving(&self) -> Value {
        let binds = self.edited().is_some() || self.reviewers() == 0;
        let is_asked = self.of_settings && self.edited().is_none() && self.sees_drafts();
        let drafts = is_asked.then(|| {
            let asked = [
                ("$filter", "state eq 'open'"),
                ("$select", "id,displayName"),
                ("$top", "500"),
            ];
            Ask::get(DRAFTS).query(&asked).send(self.api).ok()
        });
        let drafts = drafts.flatten().map(|told| told.body);
        let drafts = drafts.as_ref().map(crate::pages::items).unwrap_or_default();
        let drafts = drafts.iter().map(|draft| {
            let text = |pointer: &str| text_of(draft, pointer).unwrap_or_default();
            json!({ "id": text("/id"), "name": text("/displayName") })
        });
        json!({
            "directly": binds,
            "drafts": drafts.collect::<Vec<_>>(),
            "may_begin": is_asked && self.may_draft(),
            // What was chosen before is not lost where nothing was saved.
            "is_chosen": self.saves_in_draft(),
            "name": self.visit.field(field::NAME),
        })
    }
}

/// See [`Shown::saved`].
const ADVISED: &str = "advised";

/// What it takes to see drafts.
const READ: [&str; 4] = [
    "crossTenantAccessPolicy/standard/read",
    "crossTenantAccessPolicy/default/standard/read",
    "crossTenantAccessPolicy/partners/standard/read",
    "conditionalAccessPolicies/standard/read",
];
