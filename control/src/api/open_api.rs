//! `/openapi.json`: what the API serves, made from the table that it is served by and from the model (`OpenAPI` 3.1).

use serde_json::{Map, Value, json};

use super::routes::{
    Given, Need, OfDraft, Operation, ROUTES, Route, Special, Taken, Verb, Versions,
};
use crate::model::{self, ComplexType, EntityType, EnumType, Kind, Property, Written, initial};
use crate::odata::QueryOption;
use crate::text::put;

/// The description, for a gateway that is reached at `origin`.
#[must_use]
pub fn document(origin: &str) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let versions: &[&str] = match route.versions {
            Versions::Both => &["/v1.0", "/beta"],
            Versions::Beta => &["/beta"],
            Versions::Neither => &[""],
        };
        for version in versions {
            let path = format!("{version}/{}", route.path);
            let operations = paths.entry(path).or_insert_with(|| json!({}));
            if let Some(operations) = operations.as_object_mut() {
                let name = route.method.name().to_ascii_lowercase();
                operations.insert(name, operation(route, version));
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Crossgate admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Microsoft Graph's API for cross-tenant access, Conditional Access, roles and the audit, as Crossgate serves it. \
                A change is in force on this gateway when its answer arrives.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": origin}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "A token of the own tenant for an audience of `[admin] audiences`.",
            }},
            "schemas": schemas(),
            "parameters": parameters(),
            "headers": {
                "request-id": {"description": "The id of this call; the audit's `correlationId`.", "schema": {"type": "string"}},
                "ETag": {"description": "The version of the resource.", "schema": {"type": "string"}},
            },
            "responses": {"error": {
                "description": "Why not.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}},
            }},
        },
    })
}

fn operation(route: &Route, version: &str) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path)
        .into_iter()
        .map(|name| {
            let schema = if name == "tenantId" {
                json!({"type": "string", "format": "uuid", "pattern": GUID})
            } else {
                json!({"type": "string", "pattern": "^[^/?#]+$"})
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    let options = route.options.iter().map(|option| option.name());
    parameters.extend(options.map(|name| {
        let name = name.trim_start_matches('$');
        json!({"$ref": format!("#/components/parameters/{name}")})
    }));
    if matches!(route.operation, Operation::Special(Special::Effective)) {
        let tenant = json!({"type": "string", "format": "uuid", "pattern": GUID});
        parameters
            .push(json!({"name": "tenant", "in": "query", "required": true, "schema": tenant}));
        let app = json!({"type": "string", "minLength": 1});
        parameters.push(json!({"name": "app", "in": "query", "schema": app}));
    }
    parameters.extend(asked_of(route));
    if takes_versions(route) {
        parameters.push(json!({"$ref": "#/components/parameters/If-Match"}));
    }
    if route.changes() && !matches!(route.operation, Operation::Special(Special::Batch)) {
        parameters.push(json!({"$ref": "#/components/parameters/Crossgate-Confirm-Lock-Out"}));
    }
    if route.validates() {
        parameters.push(json!({"$ref": "#/components/parameters/Crossgate-Validate-Only"}));
    }
    let needs = route.needs.iter().map(|need| match need {
        Need::Always(action) => action.name().to_owned(),
        Need::ForMember(member, action) => {
            format!("{} where the body has `{member}`", action.name())
        }
        Need::ForExpanded(name, action) => {
            format!("{} where `$expand` names `{name}`", action.name())
        }
        Need::ForNamed(name, action) => {
            format!("{} where the query names `{name}`", action.name())
        }
        Need::ForOthers(action) => format!("{} for what the body has beside", action.name()),
    });
    let needs: Vec<String> = needs.collect();
    let mut described = json!({
        "operationId": format!("{}{}", operation_id(route), version.replace(['/', '.'], "_")),
        "summary": route.summary,
        "tags": [route.path.split('/').next().unwrap_or_default()],
        "parameters": parameters,
        "responses": responses(route),
    });
    if !needs.is_empty() {
        put(
            &mut described,
            "description",
            json!(format!("Needs {}.", needs.join(", "))),
        );
    }
    if let Some(schema) = request_schema(route) {
        let is_csv = matches!(route.operation, Operation::Special(Special::BulkInvite));
        let content_type = if is_csv {
            "text/csv"
        } else {
            "application/json"
        };
        put(
            &mut described,
            "requestBody",
            json!({
                "required": true,
                "content": {content_type: {"schema": schema}},
            }),
        );
    }
    if matches!(route.versions, Versions::Neither)
        || matches!(route.operation, Operation::Special(Special::Metadata))
    {
        put(&mut described, "security", json!([]));
    }
    described
}

/// What Crossgate's own operations take in the query.
fn asked_of(route: &Route) -> Vec<Value> {
    let one = |name: &str, required: bool, schema: &Value| json!({"name": name, "in": "query", "required": required, "schema": schema});
    let text = json!({"type": "string", "minLength": 1});
    let time = json!({"type": "string", "format": "date-time"});
    match route.operation {
        Operation::Special(Special::ExportSignIns) => {
            vec![one("since", false, &time), one("until", false, &time)]
        }
        Operation::Special(Special::Activity) => {
            let words = |words: &[&str]| json!({"type": "string", "enum": words});
            vec![
                one("since", false, &time),
                one("until", false, &time),
                one(
                    "by",
                    false,
                    &words(&["tenant", "app", "user", "status", "day", "hour"]),
                ),
                one(
                    "direction",
                    false,
                    &words(&["inbound", "outbound", "none", "any"]),
                ),
                one(
                    "tenant",
                    false,
                    &json!({"type": "string", "format": "uuid", "pattern": GUID}),
                ),
                one("app", false, &text),
                one("user", false, &text),
                one(
                    "status",
                    false,
                    &json!({"type": "string", "pattern": "^(success|failure|[0-9]+)$"}),
                ),
                one(
                    "top",
                    false,
                    &json!({"type": "integer", "minimum": 1, "maximum": 1000}),
                ),
                one("count", false, &words(&["users"])),
            ]
        }
        Operation::Special(Special::Versions) => vec![one("document", true, &text)],
        Operation::Special(Special::Draft(OfDraft::GetReplay)) => {
            let rows = json!({"type": "integer", "minimum": 1, "maximum": 1_000});
            vec![one("top", false, &rows)]
        }
        Operation::Get(_)
        | Operation::List(_)
        | Operation::Create(_)
        | Operation::Update(_)
        | Operation::Delete(_)
        | Operation::Reset(_)
        | Operation::Special(_) => Vec::new(),
    }
}

/// Whether an operation is on a resource that has a version already.
fn takes_versions(route: &Route) -> bool {
    matches!(route.method, Verb::Patch | Verb::Put | Verb::Delete)
        || matches!(
            route.operation,
            Operation::Reset(_)
                | Operation::Special(Special::Draft(
                    OfDraft::Publish | OfDraft::Complete | OfDraft::Return
                ))
        )
}

fn operation_id(route: &Route) -> String {
    let path: String = route
        .path
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    format!("{}_{path}", route.method.name().to_ascii_lowercase())
}

fn path_parameters(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .collect()
}

fn request_schema(route: &Route) -> Option<Value> {
    let of = |entity: &EntityType, verb: &str| {
        Some(json!({"$ref": format!("#/components/schemas/{}.{verb}", entity.name)}))
    };
    let taken = |taken: Taken| match taken {
        Taken::New(entity) => of(entity, "create"),
        Taken::Changes(entity) => of(entity, "update"),
        Taken::Reference => Some(json!({"$ref": "#/components/schemas/reference"})),
        Taken::Members(members) => {
            let members = members.iter();
            let members: Map<String, Value> = members
                .map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind })))
                .collect();
            Some(json!({"type": "object", "properties": members, "additionalProperties": false}))
        }
    };
    match route.operation {
        Operation::Create(resource) => of(resource.entity, "create"),
        Operation::Update(resource) => of(resource.entity, "update"),
        Operation::Special(Special::CreateRoleAssignment) => of(&model::ROLE_ASSIGNMENT, "create"),
        Operation::Special(Special::PutSynchronization | Special::UpdateSynchronization) => {
            of(&model::IDENTITY_SYNCHRONIZATION, "update")
        }
        Operation::Special(Special::UpdateUser) => of(&model::USER, "update"),
        Operation::Special(Special::Invite) => of(&model::INVITATION, "create"),
        Operation::Special(Special::CreateReview) => of(&model::ACCESS_REVIEW, "create"),
        Operation::Special(Special::DecideInReview) => of(&model::ACCESS_REVIEW_DECISION, "update"),
        Operation::Special(Special::RecordDecisions) => Some(json!({
            "type": "object",
            "required": ["decision"],
            "properties": {
                "decision": {"type": "string"},
                "justification": {"type": "string"},
                "principalId": {"type": "string"},
                "resourceId": {"type": "string"},
            },
        })),
        Operation::Special(Special::Assign) => of(&model::APP_ROLE_ASSIGNMENT, "create"),
        Operation::Special(Special::AddSponsor | Special::AddMember | Special::AddOwner) => {
            Some(json!({"$ref": "#/components/schemas/reference"}))
        }
        Operation::Special(Special::SignUp(part)) => taken(part.takes()?),
        Operation::Special(Special::Draft(part)) => taken(part.takes()?),
        Operation::Special(Special::Batch) => Some(json!({"$ref": "#/components/schemas/batch"})),
        Operation::Special(Special::BulkInvite) => Some(json!({"type": "string"})),
        Operation::Get(_)
        | Operation::List(_)
        | Operation::Delete(_)
        | Operation::Reset(_)
        | Operation::Special(_) => None,
    }
}

/// The status and the body of success.
fn success(route: &Route) -> (&'static str, Option<Value>) {
    let one = |entity: &EntityType| {
        Some(json!({"$ref": format!("#/components/schemas/{}", entity.name)}))
    };
    let many = |entity: &EntityType| {
        Some(json!({
            "type": "object",
            "required": ["value"],
            "properties": {
                "@odata.context": {"type": "string"},
                "@odata.count": {"type": "integer"},
                "@odata.nextLink": {"type": "string"},
                "value": {"type": "array", "items": one(entity)},
            },
        }))
    };
    let given = |given: Given| match given {
        Given::Nothing => ("204", None),
        Given::New(entity) => ("201", one(entity)),
        Given::One(entity) => ("200", one(entity)),
        Given::Many(entity) => ("200", many(entity)),
        Given::Anything => ("200", Some(json!({"type": "object"}))),
        Given::Later => ("202", Some(json!({"type": "object"}))),
    };
    match route.operation {
        Operation::Get(resource) => ("200", one(resource.entity)),
        Operation::List(resource) => ("200", many(resource.entity)),
        Operation::Create(resource) => ("201", one(resource.entity)),
        Operation::Update(_) | Operation::Delete(_) | Operation::Reset(_) => ("204", None),
        Operation::Special(special) => match special {
            Special::GetSynchronization => ("200", one(&model::IDENTITY_SYNCHRONIZATION)),
            Special::PutSynchronization
            | Special::UpdateSynchronization
            | Special::DeleteSynchronization => ("204", None),
            Special::ListDomainPolicies => ("200", many(&model::DOMAIN_POLICY)),
            Special::ListAudits => ("200", many(&model::DIRECTORY_AUDIT)),
            Special::ListSignIns => ("200", many(&model::SIGN_IN)),
            Special::GetSignIn => ("200", one(&model::SIGN_IN)),
            Special::GetAudit => ("200", one(&model::DIRECTORY_AUDIT)),
            Special::ListDirectoryRoles => ("200", many(&model::DIRECTORY_ROLE)),
            Special::GetDirectoryRole => ("200", one(&model::DIRECTORY_ROLE)),
            Special::ListRoleMembers => ("200", many(&model::DIRECTORY_OBJECT)),
            Special::ListRoleDefinitions => ("200", many(&model::ROLE_DEFINITION)),
            Special::GetRoleDefinition => ("200", one(&model::ROLE_DEFINITION)),
            Special::CreateRoleAssignment => ("201", one(&model::ROLE_ASSIGNMENT)),
            Special::ListOrganizations => ("200", many(&model::ORGANIZATION)),
            Special::GetOrganization => ("200", one(&model::ORGANIZATION)),
            Special::TenantById | Special::TenantByDomain => {
                ("200", one(&model::TENANT_INFORMATION))
            }
            Special::UpdateUser | Special::DeleteUser | Special::PurgeUser => ("204", None),
            Special::ListSponsors => ("200", many(&model::DIRECTORY_OBJECT)),
            Special::AddSponsor
            | Special::RemoveSponsor
            | Special::Unassign
            | Special::AddMember
            | Special::RemoveMember
            | Special::DeleteGroup
            | Special::AddOwner
            | Special::RemoveOwner => ("204", None),
            Special::ListServicePrincipals => ("200", many(&model::SERVICE_PRINCIPAL)),
            Special::GetServicePrincipal => ("200", one(&model::SERVICE_PRINCIPAL)),
            Special::ListAssigned | Special::ListAssignmentsOfUser => {
                ("200", many(&model::APP_ROLE_ASSIGNMENT))
            }
            Special::Assign => ("201", one(&model::APP_ROLE_ASSIGNMENT)),
            Special::ListMembers => ("200", many(&model::USER)),
            Special::ListOwners => ("200", many(&model::DIRECTORY_OBJECT)),
            Special::BulkInvite => ("200", Some(json!({"$ref": "#/components/schemas/bulk"}))),
            Special::RestoreUser => ("200", one(&model::USER)),
            Special::Invite => ("201", one(&model::INVITATION)),
            Special::RevokeSessions | Special::RevokeTenantSessions => (
                "200",
                Some(
                    json!({"type": "object", "required": ["value"], "properties": {"value": {"type": "boolean"}}}),
                ),
            ),
            Special::CreateReview => ("201", one(&model::ACCESS_REVIEW)),
            Special::GetReview => ("200", one(&model::ACCESS_REVIEW)),
            Special::ListReviewInstances => ("200", many(&model::ACCESS_REVIEW_INSTANCE)),
            Special::GetReviewInstance => ("200", one(&model::ACCESS_REVIEW_INSTANCE)),
            Special::ListReviewDecisions => ("200", many(&model::ACCESS_REVIEW_DECISION)),
            Special::GetReviewDecision => ("200", one(&model::ACCESS_REVIEW_DECISION)),
            Special::DeleteReview
            | Special::DecideInReview
            | Special::RecordDecisions
            | Special::AcceptRecommendations
            | Special::StopReview
            | Special::ApplyReview
            | Special::RemindReviewers => ("204", None),
            Special::ExportSignIns => ("200", one(&model::SIGN_IN)),
            Special::GetDecision => ("200", one(&model::DECISION)),
            Special::SignUp(part) => given(part.gives()),
            Special::Draft(part) => given(part.gives()),
            Special::Metadata
            | Special::OpenApi
            | Special::Batch
            | Special::Effective
            | Special::Activity
            | Special::Versions
            | Special::Health
            | Special::Me => ("200", Some(json!({"type": "object"}))),
        },
    }
}

fn responses(route: &Route) -> Value {
    let (status, schema) = success(route);
    let mut responses = Map::new();
    let mut succeeded = json!({
        "description": "Done.",
        "headers": {"request-id": {"$ref": "#/components/headers/request-id"}},
    });
    if let Some(schema) = &schema {
        let is_xml = matches!(route.operation, Operation::Special(Special::Metadata));
        let content_type = if is_xml {
            "application/xml"
        } else if route.streams() {
            // The schema is that of each line.
            "application/x-ndjson"
        } else {
            "application/json"
        };
        let schema = if is_xml { json!({}) } else { schema.clone() };
        put(
            &mut succeeded,
            "content",
            json!({ content_type: {"schema": schema} }),
        );
    }
    responses.insert(status.to_owned(), succeeded);
    if let Operation::Update(resource) = route.operation {
        let schema = json!({"$ref": format!("#/components/schemas/{}", resource.entity.name)});
        responses.insert(
            "200".to_owned(),
            json!({
                "description": "Done; with `Prefer: return=representation`.",
                "content": {"application/json": {"schema": schema}},
            }),
        );
    }
    let mut errors = vec!["400", "401", "403", "404"];
    if route.changes() {
        errors.extend(["409", "412", "413", "415"]);
    }
    if matches!(
        route.operation,
        Operation::Special(Special::Draft(OfDraft::Publish))
    ) {
        errors.push("428");
    }
    errors.push("503");
    for status in errors {
        responses.insert(
            status.to_owned(),
            json!({"$ref": "#/components/responses/error"}),
        );
    }
    Value::Object(responses)
}

fn parameters() -> Value {
    let mut all = Map::new();
    for option in QueryOption::ALL {
        let (schema, description) = match option {
            QueryOption::Select => (
                json!({"type": "string"}),
                "Names of properties, with commas between.",
            ),
            QueryOption::Expand => (
                json!({"type": "string", "enum": ["identitySynchronization"]}),
                "What to show along.",
            ),
            QueryOption::Filter => (
                json!({"type": "string"}),
                "An OData expression that is true of what is to be listed.",
            ),
            QueryOption::OrderBy => (
                json!({"type": "string"}),
                "A property, and `asc` or `desc`.",
            ),
            QueryOption::Top => (
                json!({"type": "integer", "minimum": 1, "maximum": 999}),
                "How many on a page.",
            ),
            QueryOption::SkipToken => (
                json!({"type": "string"}),
                "Where the page begins; from `@odata.nextLink`.",
            ),
            QueryOption::Count => (
                json!({"type": "boolean"}),
                "Tell how many there are in all.",
            ),
        };
        let name = option.name();
        all.insert(
            name.trim_start_matches('$').to_owned(),
            json!({"name": name, "in": "query", "required": false, "schema": schema, "description": description}),
        );
    }
    all.insert("If-Match".to_owned(), json!({
        "name": "If-Match", "in": "header", "required": false, "schema": {"type": "string"},
        "description": "The ETag of the version that is to be changed; of any other version nothing is.",
    }));
    all.insert(
        "Crossgate-Confirm-Lock-Out".to_owned(),
        json!({
            "name": "Crossgate-Confirm-Lock-Out", "in": "header", "required": false,
            "schema": {"type": "string", "enum": ["true"]},
            "description": "The change is meant although it shuts somebody out.",
        }),
    );
    all.insert(
        "Crossgate-Validate-Only".to_owned(),
        json!({
            "name": "Crossgate-Validate-Only", "in": "header", "required": false,
            "schema": {"type": "string", "enum": ["true"]},
            "description": "The change is checked as if it were made, and is not made.",
        }),
    );
    Value::Object(all)
}

fn schemas() -> Value {
    let mut all = Map::new();
    for entity in model::ENTITIES {
        all.insert(entity.name.to_owned(), shown(entity));
        let written = |creating| written(entity, creating);
        all.insert(format!("{}.create", entity.name), written(true));
        all.insert(format!("{}.update", entity.name), written(false));
        nested(entity.properties, &mut all);
    }
    all.insert("error".to_owned(), json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "array", "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {"code": {"type": "string"}, "target": {"type": "string"}, "message": {"type": "string"}},
                }},
                "innerError": {"type": "object"},
            },
        }},
    }));
    all.insert(
        "reference".to_owned(),
        json!({
            "type": "object",
            "required": ["@odata.id"],
            "properties": {"@odata.id": {"type": "string"}},
        }),
    );
    all.insert(
        "batch".to_owned(),
        json!({
            "type": "object",
            "required": ["requests"],
            "properties": {"requests": {"type": "array", "maxItems": 20, "items": {
                "type": "object",
                "required": ["id", "method", "url"],
                "properties": {
                    "id": {"type": "string"},
                    "method": {"type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                    "url": {"type": "string"},
                    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                    "body": {},
                    "dependsOn": {"type": ["array", "null"], "items": {"type": "string"}},
                },
            }}},
        }),
    );
    let text = || json!({"type": "string"});
    let count = || json!({"type": "integer"});
    all.insert(
        "bulk".to_owned(),
        json!({
            "type": "object",
            "required": ["invited", "already", "refused", "value"],
            "properties": {
                "invited": count(), "already": count(), "refused": count(),
                "value": {"type": "array", "items": {
                    "type": "object",
                    "required": ["line", "inviteeEmail", "status"],
                    "properties": {
                        "line": count(),
                        "inviteeEmail": text(),
                        "status": {"type": "string", "enum": ["invited", "already", "refused"]},
                        "id": text(),
                        "inviteRedeemUrl": text(),
                        "error": {"type": "object", "properties": {"code": text(), "message": text()}},
                    },
                }},
            },
        }),
    );
    Value::Object(all)
}

/// A resource in an answer.
fn shown(entity: &EntityType) -> Value {
    let properties: Map<String, Value> = entity
        .properties
        .iter()
        .map(|property| (property.name.to_owned(), schema(property)))
        .collect();
    json!({"type": "object", "properties": properties})
}

/// A resource in the body of a request.
fn written(entity: &EntityType, creating: bool) -> Value {
    let may = |property: &&Property| match property.written {
        Written::Always => true,
        Written::AtCreation => creating,
        Written::Never => false,
    };
    let properties: Map<String, Value> = entity
        .properties
        .iter()
        .filter(may)
        .map(|property| (property.name.to_owned(), schema(property)))
        .collect();
    let required: Vec<&str> = entity
        .properties
        .iter()
        .filter(|property| creating && property.written == Written::AtCreation)
        .map(|property| property.name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "patternProperties": {"^@|@odata\\.": {}},
        "additionalProperties": false,
    })
}

/// Complex types and enumerations that properties lead to.
fn nested(properties: &[Property], all: &mut Map<String, Value>) {
    for property in properties {
        match property.kind {
            Kind::Complex(of) | Kind::Complexes(of) => {
                if all.contains_key(of.name) {
                    continue;
                }
                all.insert(of.name.to_owned(), complex(of));
                nested(of.properties, all);
            }
            Kind::Text
            | Kind::Guid
            | Kind::Boolean
            | Kind::Number
            | Kind::DateTime
            | Kind::Enum(_)
            | Kind::Open
            | Kind::Texts
            | Kind::Enums(_) => {}
        }
    }
}

fn complex(of: &ComplexType) -> Value {
    let properties: Map<String, Value> = of
        .properties
        .iter()
        .map(|property| (property.name.to_owned(), schema(property)))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^@|@odata\\.": {}},
        "additionalProperties": false,
    })
}

/// What values a property has; all but those that come at creation may be null.
fn schema(property: &Property) -> Value {
    let nullable = property.written != Written::AtCreation;
    let typed = |name: &str| {
        if nullable {
            json!({"type": [name, "null"]})
        } else {
            json!({"type": name})
        }
    };
    let mut schema = match property.kind {
        Kind::Text => typed("string"),
        Kind::Guid => {
            let mut schema = typed("string");
            put(&mut schema, "format", json!("uuid"));
            put(&mut schema, "pattern", json!(GUID));
            schema
        }
        Kind::Boolean => typed("boolean"),
        Kind::Number => typed("integer"),
        Kind::DateTime => {
            let mut schema = typed("string");
            put(&mut schema, "format", json!("date-time"));
            schema
        }
        Kind::Enum(of) => word(of, nullable),
        Kind::Complex(of) => {
            let reference = json!({"$ref": format!("#/components/schemas/{}", of.name)});
            if nullable {
                json!({"anyOf": [reference, {"type": "null"}]})
            } else {
                reference
            }
        }
        Kind::Open => json!({}),
        Kind::Texts => list(json!({"type": "string"}), nullable),
        Kind::Enums(of) => list(word(of, false), nullable),
        Kind::Complexes(of) => list(
            json!({"$ref": format!("#/components/schemas/{}", of.name)}),
            nullable,
        ),
    };
    if property.written == Written::Never
        && let Some(schema) = schema.as_object_mut()
    {
        schema.insert("readOnly".to_owned(), json!(true));
    }
    if let (Some(value), Some(schema)) = (initial(property), schema.as_object_mut())
        && !value.is_null()
    {
        schema.insert("default".to_owned(), value);
    }
    schema
}

fn list(items: Value, nullable: bool) -> Value {
    if nullable {
        json!({"type": ["array", "null"], "items": items})
    } else {
        json!({"type": "array", "items": items})
    }
}

fn word(of: &EnumType, nullable: bool) -> Value {
    let mut members: Vec<Value> = of.members.iter().map(|member| json!(member)).collect();
    if nullable {
        members.push(Value::Null);
    }
    json!({ "enum": members })
}

/// What JSON Schema's `uuid` leaves open: the one form of a GUID that ids have here.
const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
