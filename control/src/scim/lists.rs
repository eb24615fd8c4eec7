//! Reading: one resource, or those that a filter asks for (RFC 7644, section 3.4).

use serde_json::{Map, Value};

use super::fault::Fault;
use super::filter::Filter;
use super::person::Person;
use super::query::Query;
use super::schema::ResourceKind;
use super::service::list_response;
use super::{Call, Reply, Scim, group_at, read, team, user_at};

/// A resource that is shown, and its version.
type Shown = (Map<String, Value>, String);

impl Scim {
    /// One resource.
    pub(super) fn get(
        &self,
        call: &Call<'_>,
        kind: ResourceKind,
        id: &str,
    ) -> Result<Reply, Fault> {
        let view = Query::of_address(call.query)?.view;
        let wants_members = view.wants(kind, "members");
        let missing = || Fault::not_found(&format!("{}/{id}", kind.endpoint()));
        let (resource, version) = self
            .show(call, kind, id, wants_members)?
            .ok_or_else(missing)?;
        if call.has(&version) {
            return Ok(Reply {
                version: Some(version),
                ..Reply::nothing(304, "done")
            });
        }
        Ok(reply(
            call,
            200,
            kind,
            id,
            view.apply(kind, resource),
            version,
        ))
    }

    /// The answer to whoever has made or changed it.
    pub(super) fn changed(
        &self,
        call: &Call<'_>,
        status: u16,
        kind: ResourceKind,
        id: &str,
    ) -> Result<Reply, Fault> {
        let view = Query::of_address(call.query)?.view;
        let shown = self.show(call, kind, id, view.wants(kind, "members"))?;
        let (resource, version) = shown.ok_or_else(|| Fault::not_found(id))?;
        Ok(reply(
            call,
            status,
            kind,
            id,
            view.apply(kind, resource),
            version,
        ))
    }

    /// Those that are asked for, in the order of their ids.
    pub(super) fn list(
        &self,
        call: &Call<'_>,
        kinds: &[ResourceKind],
        query: &Query,
    ) -> Result<Reply, Fault> {
        let text = query.filter.as_deref().map(str::trim);
        let mut wanted = Vec::new();
        for kind in kinds {
            match text.map(|text| Filter::parse(*kind, text)) {
                None => wanted.push((*kind, None)),
                Some(Ok(filter)) => wanted.push((*kind, Some(filter))),
                // It may ask for what the other kind has.
                Some(Err(_)) if kinds.len() > 1 => {}
                Some(Err(fault)) => return Err(fault),
            }
        }
        if let (true, [first, ..], Some(text)) = (wanted.is_empty(), kinds, text) {
            return Err(Filter::parse(*first, text)
                .err()
                .unwrap_or_else(|| Fault::not_found("filter")));
        }
        let (mut total, mut page) = (0, Vec::new());
        for (kind, filter) in wanted {
            let names_members = text.is_some_and(|text| text.to_lowercase().contains("members"));
            let wants_members = query.view.wants(kind, "members");
            for id in self.candidates(call, kind, filter.as_ref())? {
                let is_on_page =
                    |total: usize| total + 1 >= query.start && page.len() < query.count;
                if filter.is_none() && !is_on_page(total) {
                    total += 1;
                    continue;
                }
                let with_members = names_members || wants_members;
                // Somebody may have removed it meanwhile.
                let Some((resource, _)) = self.show(call, kind, &id, with_members)? else {
                    continue;
                };
                if filter
                    .as_ref()
                    .is_some_and(|filter| !filter.admits(&resource))
                {
                    continue;
                }
                if is_on_page(total) {
                    page.push(Value::Object(query.view.apply(kind, resource)));
                }
                total += 1;
            }
        }
        Ok(Reply::ok(
            200,
            list_response(total, query.start, page),
            "done",
        ))
    }

    /// Ids of what a filter can mean at all.
    fn candidates(
        &self,
        call: &Call<'_>,
        kind: ResourceKind,
        filter: Option<&Filter>,
    ) -> Result<Vec<Box<str>>, Fault> {
        let tenant = call.tenant();
        let directory = self.directory()?;
        let equal = |name: &str| filter.and_then(|filter| filter.only_equal(name));
        let one = |id: Option<&str>| -> Vec<Box<str>> { id.map(Into::into).into_iter().collect() };
        Ok(match kind {
            // What a provisioning service asks before every change needs no look at everybody.
            ResourceKind::User => match (equal("userName"), equal("externalId")) {
                (Some(name), _) => one(directory.named(tenant, name)),
                (None, Some(id)) => one(directory.with_external_id(tenant, id)),
                (None, None) => directory.people(tenant).map(Into::into).collect(),
            },
            ResourceKind::Group => directory.teams(tenant).map(Into::into).collect(),
        })
    }

    /// A resource of the partner's, where it is there.
    fn show(
        &self,
        call: &Call<'_>,
        kind: ResourceKind,
        id: &str,
        with_members: bool,
    ) -> Result<Option<Shown>, Fault> {
        let store = self.ledger.store();
        let directory = self.directory()?;
        match kind {
            ResourceKind::User => {
                if directory.known(call.tenant(), id).is_none() {
                    return Ok(None);
                }
                let Some((record, version)) = read(store, &user_at(id))? else {
                    return Ok(None);
                };
                let person = Person::read(&record);
                let shown = person.map(|person| {
                    let team = |id: &str| directory.known_team(call.tenant(), id);
                    person.shown(call.base, &record, &version, team)
                });
                Ok(shown.map(|shown| (shown, version)))
            }
            ResourceKind::Group => {
                if directory.known_team(call.tenant(), id).is_none() {
                    return Ok(None);
                }
                let Some((document, version)) = read(store, &group_at(id))? else {
                    return Ok(None);
                };
                let members = with_members.then(|| directory.members(id));
                let shown = team::shown(call.base, &document, &version, members.as_ref());
                Ok(Some((shown, version)))
            }
        }
    }
}

fn reply(
    call: &Call<'_>,
    status: u16,
    kind: ResourceKind,
    id: &str,
    resource: Map<String, Value>,
    version: String,
) -> Reply {
    let location = format!("{}/{}/{id}", call.base, kind.endpoint());
    Reply::resource(status, Value::Object(resource), version, location)
}
