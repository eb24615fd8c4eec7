//! Which call is answered by what, and what the service tells of itself (RFC 7644, sections 3.2 and 4).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::bulk::MOST_OPERATIONS;
use super::directory::one_form;
use super::fault::Fault;
use super::query::{MOST_RESULTS, Query};
use super::schema::{ResourceKind, resource_types, schemas};
use super::{Call, Reply, Scim, check_allowed, json_of};

impl Scim {
    pub(super) fn dispatch(&self, call: &Call<'_>) -> Result<Reply, Fault> {
        check_allowed(self.ledger.store(), call.tenant())?;
        let path = call.path.trim_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        let get = *call.method == Method::GET;
        let post = *call.method == Method::POST;
        let only = |allowed: bool| {
            if allowed {
                Ok(())
            } else {
                Err(Fault::method())
            }
        };
        match *segments.as_slice() {
            ["ServiceProviderConfig"] => {
                only(get)?;
                Ok(Reply::ok(200, configuration(call.base), "done"))
            }
            ["Schemas"] => only(get).map(|()| all(schemas(call.base))),
            ["ResourceTypes"] => only(get).map(|()| all(resource_types(call.base))),
            ["Schemas", id] => only(get).and_then(|()| one(schemas(call.base), id)),
            ["ResourceTypes", id] => only(get).and_then(|()| one(resource_types(call.base), id)),
            ["Bulk"] => {
                only(post)?;
                self.bulk(call, &json_of(call.body)?)
            }
            [".search"] => {
                only(post)?;
                self.list(
                    call,
                    &ResourceKind::ALL,
                    &Query::of_search(&json_of(call.body)?)?,
                )
            }
            [endpoint, ref rest @ ..] => {
                let missing = || Fault::not_found(path);
                let kind = ResourceKind::of_endpoint(endpoint).ok_or_else(missing)?;
                match *rest {
                    [] if get => self.list(call, &[kind], &Query::of_address(call.query)?),
                    [] if post => self.create(call, kind, &json_of(call.body)?),
                    [".search"] if post => {
                        let query = Query::of_search(&json_of(call.body)?)?;
                        self.list(call, &[kind], &query)
                    }
                    [] | [".search"] => Err(Fault::method()),
                    [id] => self.one(call, kind, &one_form(id)),
                    [_, ..] => Err(missing()),
                }
            }
            [] => Err(Fault::not_found(path)),
        }
    }

    /// A call to one resource.
    fn one(&self, call: &Call<'_>, kind: ResourceKind, id: &str) -> Result<Reply, Fault> {
        let body = || json_of(call.body);
        match (call.method.as_str(), kind) {
            ("GET", _) => self.get(call, kind, id),
            ("PUT", ResourceKind::User) => self.replace_user(call, id, &body()?),
            ("PATCH", ResourceKind::User) => self.patch_user(call, id, &body()?),
            ("DELETE", ResourceKind::User) => self.delete_user(call, id),
            ("PUT", ResourceKind::Group) => self.replace_group(call, id, &body()?),
            ("PATCH", ResourceKind::Group) => self.patch_group(call, id, &body()?),
            ("DELETE", ResourceKind::Group) => self.delete_group(call, id),
            (_, _) => Err(Fault::method()),
        }
    }

    pub(super) fn create(
        &self,
        call: &Call<'_>,
        kind: ResourceKind,
        body: &Value,
    ) -> Result<Reply, Fault> {
        match kind {
            ResourceKind::User => self.create_user(call, body),
            ResourceKind::Group => self.create_group(call, body),
        }
    }

    /// What an operation of a bulk request does.
    pub(super) fn operate(&self, call: &Call<'_>) -> Result<Reply, Fault> {
        let segments: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        let kind = |endpoint| ResourceKind::of_endpoint(endpoint);
        match *segments.as_slice() {
            [endpoint] if *call.method == Method::POST && kind(endpoint).is_some() => {
                self.dispatch(call)
            }
            [endpoint, _] if *call.method != Method::GET && kind(endpoint).is_some() => {
                self.dispatch(call)
            }
            _ => Err(Fault::syntax(
                "an operation is a POST to `/Users` or `/Groups`, or a PUT, PATCH or DELETE of one of them",
            )),
        }
    }
}

fn configuration(base: &str) -> Value {
    let is = |supported: bool| json!({ "supported": supported });
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": is(true),
        "bulk": {"supported": true, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": MOST_BODY},
        "filter": {"supported": true, "maxResults": MOST_RESULTS},
        "changePassword": is(false),
        "sort": is(false),
        "etag": is(true),
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "The secret token that both organizations agreed on",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

fn all(described: Vec<(&'static str, Value)>) -> Reply {
    let described: Vec<_> = described
        .into_iter()
        .map(|(_, described)| described)
        .collect();
    Reply::ok(200, list_response(described.len(), 1, described), "done")
}

fn one(described: Vec<(&'static str, Value)>, id: &str) -> Result<Reply, Fault> {
    let mut described = described.into_iter();
    let found = described.find(|(name, _)| name.eq_ignore_ascii_case(id));
    let (_, found) = found.ok_or_else(|| Fault::not_found(id))?;
    Ok(Reply::ok(StatusCode::OK.as_u16(), found, "done"))
}

/// Several resources (RFC 7644, section 3.4.2).
pub(super) fn list_response(total: usize, start: usize, resources: Vec<Value>) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

/// The most bytes of a body.
pub const MOST_BODY: usize = 1 << 20;
