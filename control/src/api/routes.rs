//! Where a call leads: the words of the one table of what is served, and how a call finds its line in it.

mod delegation;
mod drafts;
mod insight;
mod needs;
mod reviews;
mod sign_up;
mod table;

use http::Method;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::call::Call;
use super::error::ApiError;
use crate::odata::QueryOption;
use crate::resource::Resource;
use crate::roles::Action;
pub use drafts::OfDraft;
pub(super) use sign_up::{APPROVE, DENY, Given, Taken};
pub use sign_up::{OfSignUp, Step};
use table::joined;

/// Everything that is served.
pub static ROUTES: &[Route] = &joined::<SERVED, _>(PARTS);

const PARTS: [&[Route]; 6] = [
    table::ROUTES,
    delegation::ROUTES,
    reviews::ROUTES,
    sign_up::ROUTES,
    insight::ROUTES,
    drafts::ROUTES,
];

const SERVED: usize = table::ROUTES.len()
    + delegation::ROUTES.len()
    + reviews::ROUTES.len()
    + sign_up::ROUTES.len()
    + insight::ROUTES.len()
    + drafts::ROUTES.len();

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The method.
    pub method: Verb,
    /// The path behind the version; `{name}` stands for one segment, or for what is between its neighbours in it.
    pub path: &'static str,
    /// What answers.
    pub operation: Operation,
    /// What its caller must be allowed to do.
    pub needs: &'static [Need],
    /// Where it is served.
    pub versions: Versions,
    /// The query options it takes.
    pub options: &'static [QueryOption],
    /// What `$expand` may name.
    pub expand: &'static [&'static str],
    /// What it is for, in a few words.
    pub summary: &'static str,
}

/// A method.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// Where something is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Versions {
    /// Under `/v1.0` and `/beta`.
    Both,
    /// Under `/beta` alone, as in Graph.
    Beta,
    /// Without a version.
    Neither,
}

/// What answers.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// One resource is shown.
    Get(&'static Resource),
    /// Many are.
    List(&'static Resource),
    /// One is made.
    Create(&'static Resource),
    /// Some of its properties change.
    Update(&'static Resource),
    /// It goes.
    Delete(&'static Resource),
    /// It is again as it was at the beginning.
    Reset(&'static Resource),
    /// Something of its own.
    Special(Special),
}

/// What no other resource has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Special {
    /// A partner's synchronisation.
    GetSynchronization,
    /// The same, made.
    PutSynchronization,
    /// The same, changed.
    UpdateSynchronization,
    /// The same, removed.
    DeleteSynchronization,
    /// The domain policy, as a list of one.
    ListDomainPolicies,
    /// The audit.
    ListAudits,
    /// One record of it.
    GetAudit,
    /// The log of sign-ins.
    ListSignIns,
    /// One of them.
    GetSignIn,
    /// Many of them, in one answer.
    ExportSignIns,
    /// Why requests were let in or refused.
    GetDecision,
    /// Built-in roles.
    ListDirectoryRoles,
    /// One of them.
    GetDirectoryRole,
    /// Who has it.
    ListRoleMembers,
    /// All roles.
    ListRoleDefinitions,
    /// One of them.
    GetRoleDefinition,
    /// A role is given.
    CreateRoleAssignment,
    /// The own organisation.
    ListOrganizations,
    /// The same by its id.
    GetOrganization,
    /// Any configured organisation by its id.
    TenantById,
    /// The same by a domain.
    TenantByDomain,
    /// A user's sessions end.
    RevokeSessions,
    /// A guest's properties change.
    UpdateUser,
    /// A guest goes, and can be brought back.
    DeleteUser,
    /// A guest who was deleted goes for good.
    PurgeUser,
    /// A guest is brought back.
    RestoreUser,
    /// A guest is invited.
    Invite,
    /// Many are.
    BulkInvite,
    /// The apps of the configuration.
    ListServicePrincipals,
    /// One of them.
    GetServicePrincipal,
    /// Who is assigned to an app.
    ListAssigned,
    /// Somebody is.
    Assign,
    /// Somebody is no more.
    Unassign,
    /// What a user is assigned to.
    ListAssignmentsOfUser,
    /// Who is in a group.
    ListMembers,
    /// A guest is.
    AddMember,
    /// A guest is no more.
    RemoveMember,
    /// A group goes, and all that it stood for.
    DeleteGroup,
    /// Who owns an app or a group.
    ListOwners,
    /// Somebody does.
    AddOwner,
    /// Somebody does no more.
    RemoveOwner,
    /// Who answers for a guest.
    ListSponsors,
    /// One more does.
    AddSponsor,
    /// One does no more.
    RemoveSponsor,
    /// The sessions of everybody in a tenant end.
    RevokeTenantSessions,
    /// An access review is made.
    CreateReview,
    /// One is shown.
    GetReview,
    /// It goes.
    DeleteReview,
    /// Its instances, of which there is one.
    ListReviewInstances,
    /// That one.
    GetReviewInstance,
    /// What is decided of its guests.
    ListReviewDecisions,
    /// What is decided of one of them.
    GetReviewDecision,
    /// Somebody decides.
    DecideInReview,
    /// The same of many guests.
    RecordDecisions,
    /// The same as it is recommended.
    AcceptRecommendations,
    /// A review ends before its time.
    StopReview,
    /// What was decided is done.
    ApplyReview,
    /// Reviewers are reminded.
    RemindReviewers,
    /// The rules that hold for a tenant.
    Effective,
    /// Who crossed the border, added up.
    Activity,
    /// What a document was before.
    Versions,
    /// How the gateway is.
    Health,
    /// What the caller may do.
    Me,
    /// Something of self-service sign-up.
    SignUp(OfSignUp),
    /// Something of drafts.
    Draft(OfDraft),
    /// `$metadata`.
    Metadata,
    /// The description of the API.
    OpenApi,
    /// Several calls in one.
    Batch,
}

/// What a caller must be allowed to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// This.
    Always(Action),
    /// This, where the body has the member.
    ForMember(&'static str, Action),
    /// This, where the body has another member than those that are named, or none.
    ForOthers(Action),
    /// This, where `$expand` names it.
    ForExpanded(&'static str, Action),
    /// This, where the query names it in any way.
    ForNamed(&'static str, Action),
}

/// A route that a call leads to.
pub(super) struct Found {
    pub(super) route: &'static Route,
    pub(super) parameters: Vec<String>,
    pub(super) version: &'static str,
    /// The draft that it leads through.
    pub(super) draft: Option<String>,
}

impl Verb {
    /// The method's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The same for a call.
    #[must_use]
    pub const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }

    fn fits(self, method: &Method) -> bool {
        method.as_str() == self.name() || (self == Self::Get && *method == Method::HEAD)
    }
}

impl Route {
    /// Whether it is there to change something.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.method != Verb::Get
    }

    /// Whether its answer may be longer than anybody holds.
    #[must_use]
    pub const fn streams(&self) -> bool {
        matches!(self.operation, Operation::Special(Special::ExportSignIns))
    }

    /// Whether it can be asked for what it would do: all that it does is to change one document.
    #[must_use]
    pub const fn validates(&self) -> bool {
        match self.operation {
            Operation::Create(_)
            | Operation::Update(_)
            | Operation::Delete(_)
            | Operation::Reset(_) => true,
            Operation::Get(_) | Operation::List(_) | Operation::Special(_) => false,
        }
    }

    /// What stands in the places of a path that this route fits.
    fn parameters_in(&self, path: &[&str]) -> Option<Vec<String>> {
        let segments: Vec<_> = self.path.split('/').collect();
        if segments.len() != path.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (segment, given) in segments.iter().zip(path) {
            match segment.split_once('{') {
                None if segment.eq_ignore_ascii_case(given) => {}
                // Clients write the namespace of a type in short too.
                None if segment
                    .strip_prefix("microsoft.")
                    .is_some_and(|short| short.eq_ignore_ascii_case(given)) => {}
                None => return None,
                Some((before, rest)) => {
                    let (_, after) = rest.split_once('}')?;
                    let start = given.get(..before.len())?;
                    let inside = given.get(before.len()..)?.strip_suffix(after)?;
                    if !start.eq_ignore_ascii_case(before) || inside.is_empty() {
                        return None;
                    }
                    parameters.push(inside.to_owned());
                }
            }
        }
        Some(parameters)
    }
}

/// The route of a call.
pub(super) fn find(call: &Call) -> Result<Found, ApiError> {
    // A slash that is encoded is none between segments.
    let path = call.path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    let decoded = path
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8());
    let decoded: Vec<_> = decoded
        .collect::<Result<_, _>>()
        .map_err(|_| ApiError::bad_address("the path is not UTF-8"))?;
    let segments: Vec<&str> = decoded.iter().map(|segment| &**segment).collect();
    let (version, rest) = match segments.split_first() {
        Some((&"v1.0", rest)) => (Some("v1.0"), rest),
        Some((&"beta", rest)) => (Some("beta"), rest),
        Some(_) | None => (None, segments.as_slice()),
    };
    let (draft, rest) = match drafts::within(rest) {
        Some((draft, rest)) => (Some(draft.to_lowercase()), rest),
        None => (None, rest),
    };
    let served = |route: &&Route| {
        let is_served = match (route.versions, version) {
            (Versions::Both, Some(_))
            | (Versions::Beta, Some("beta"))
            | (Versions::Neither, None) => true,
            (Versions::Both, None) | (Versions::Beta | Versions::Neither, _) => false,
        };
        is_served && (draft.is_none() || drafts::leads_through(&route.operation))
    };
    let mut other_methods = Vec::new();
    let mut path = None;
    for route in ROUTES.iter().filter(served) {
        let Some(parameters) = route.parameters_in(rest) else {
            continue;
        };
        // The first path that fits is the one: a name that stands there goes before a place for any.
        if *path.get_or_insert(route.path) != route.path {
            continue;
        }
        if route.method.fits(&call.method) {
            return Ok(Found {
                route,
                parameters,
                version: version.unwrap_or("v1.0"),
                draft,
            });
        }
        other_methods.push(route.method.name());
    }
    if other_methods.is_empty() {
        let last = segments.last().copied().unwrap_or_default();
        return Err(ApiError {
            status: http::StatusCode::NOT_FOUND,
            ..ApiError::bad_address(format!("Resource not found for the segment '{last}'."))
        });
    }
    Err(ApiError::method(
        format!("the resource takes {} only", other_methods.join(", ")),
        other_methods.join(", "),
    ))
}
