//! Step 9: what the app itself demands.

use super::{Request, app_line};
use crate::decision::{Reason, Refusal, Step};
use crate::explanation::Recorder;
use crate::subject::SubjectKind;
use crate::target::{Clients, Resource};

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let rules = [
        ("clients", client_allowed(request)),
        ("scopes", scopes_granted(request)),
        ("roles", role_granted(request)),
        ("assignment_required", assigned(request)),
    ];
    for (rule, holds) in rules {
        recorder.record(|| {
            let result = if holds { "holds" } else { "refuses" };
            app_line(Step::AppRules, request.target, rule, result)
        });
    }
    if rules.iter().all(|(_, holds)| *holds) {
        Ok(())
    } else {
        Err(Refusal::new(Step::AppRules, Reason::AppRule))
    }
}

fn client_allowed(request: &Request<'_>) -> bool {
    match &request.target.clients {
        Clients::Any => true,
        Clients::Only(listed) => request
            .subject
            .client
            .as_ref()
            .is_some_and(|client| listed.contains(client)),
    }
}

fn scopes_granted(request: &Request<'_>) -> bool {
    match request.subject.kind {
        SubjectKind::App => true,
        SubjectKind::User => request
            .target
            .scopes
            .iter()
            .all(|scope| request.subject.scopes.contains(scope)),
    }
}

/// Roles count only where the resource tenant's service granted them.
fn roles<'a>(request: &'a Request<'_>) -> &'a [Box<str>] {
    let resource = match request.target.resource {
        Resource::Own => request.snapshot.own.id,
        Resource::External { tenant, .. } => tenant.0,
    };
    if request.subject.issuer.0 == resource {
        &request.subject.app_roles
    } else {
        &[]
    }
}

fn role_granted(request: &Request<'_>) -> bool {
    request.target.roles.is_empty()
        || request
            .target
            .roles
            .iter()
            .any(|role| roles(request).contains(role))
}

fn assigned(request: &Request<'_>) -> bool {
    if !request.target.assignment_required {
        return true;
    }
    let by_role = if request.target.roles.is_empty() {
        !roles(request).is_empty()
    } else {
        role_granted(request)
    };
    let by_id = request
        .parties
        .own_user
        .is_some_and(|user| request.target.assigned.contains(user));
    let by_group = match request.subject.kind {
        SubjectKind::App => false,
        SubjectKind::User => request
            .parties
            .own_groups
            .any(|group| request.target.assigned.contains(group)),
    };
    by_role || by_id || by_group
}
