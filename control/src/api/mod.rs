//! Microsoft Graph's API over the policy: a call in, an answer out. Sockets, TLS and tokens are the gateway's.

mod activity;
mod asked;
mod audits;
mod batch;
mod body;
mod bulk;
pub mod call;
mod concealed;
mod crossings;
mod decisions;
mod delegated;
pub(crate) mod directory;
mod documents;
mod drafts;
mod effective;
pub mod error;
mod export;
mod gone;
mod health;
mod invitations;
mod listed;
mod me;
mod metadata;
mod open_api;
mod parameters;
mod permission;
mod reviews;
mod role_management;
pub mod routes;
mod service_principals;
mod sign_ins;
mod sign_up;
mod sponsors;
mod synchronization;
mod under;
pub(crate) mod users;
mod versions;

use std::sync::Arc;

use crossgate_config::Settings;
use crossgate_policy::subject::Subject;
use http::StatusCode;

use crate::administrator::{Administrator, Credential, standing};
use crate::audit::{Attempt, Outcome};
use crate::document::{Address, Write};
use crate::drafts::{DraftChange, Drafted};
use crate::ledger::{Changed, Current, Edit, Ledger};
use asked::Asked;
use call::{Answer, Call, CallIds, Reply};
use error::ApiError;
use export::Exports;
pub use open_api::document as description;
use routes::{Operation, Special};

/// The API.
#[derive(Debug)]
pub struct Api {
    ledger: Arc<Ledger>,
    exports: Exports,
}

impl Api {
    /// Serves the policy of a ledger.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            exports: Exports::default(),
        }
    }

    /// Answers a call of somebody, or of nobody for the reason given. Blocks while a change is written to disk.
    #[must_use]
    pub fn answer(&self, call: &Call, who: &Result<Administrator, ApiError>) -> Answer {
        let ids = CallIds::of(call);
        Answer::of(self.run(call, who, &ids), &ids)
    }

    /// Whether some of what somebody may do comes of groups that a token names.
    #[must_use]
    pub fn gives_by_groups(&self, subject: &Subject) -> bool {
        let roles = self.ledger.roles();
        roles.are_given_by_groups(&standing(subject))
    }

    fn run(
        &self,
        call: &Call,
        who: &Result<Administrator, ApiError>,
        ids: &CallIds,
    ) -> Result<Reply, ApiError> {
        let found = routes::find(call)?;
        match found.route.operation {
            // What the API is like is no secret.
            Operation::Special(Special::Metadata) => {
                let document = metadata::document(crate::model::ENTITIES);
                return Ok(Reply::raw("application/xml", document.into_bytes()));
            }
            Operation::Special(Special::OpenApi) => {
                return Ok(Reply::ok(open_api::document(&call.origin)));
            }
            Operation::Special(Special::Batch) => {
                who.as_ref().map_err(Clone::clone)?;
                return batch::run(call, found.version, &|inner| self.answer(inner, who));
            }
            Operation::Special(_)
            | Operation::Get(_)
            | Operation::List(_)
            | Operation::Create(_)
            | Operation::Update(_)
            | Operation::Delete(_)
            | Operation::Reset(_) => {}
        }
        let who = who.as_ref().map_err(Clone::clone)?;
        let mut asked = Asked {
            call,
            ids,
            route: found.route,
            parameters: found.parameters,
            who,
            version: found.version,
            draft: found.draft,
            needed: Vec::new(),
        };
        asked.needed = permission::needed(&asked);
        let result = asked
            .check_confirmation()
            .and_then(|()| permission::check(self, &asked, &self.ledger.roles()))
            .and_then(|()| users::by_name(self, &mut asked))
            .and_then(|()| self.perform(&asked));
        self.record(&asked, &result);
        result
    }

    fn perform(&self, asked: &Asked<'_>) -> Result<Reply, ApiError> {
        match asked.route.operation {
            Operation::Get(resource) => documents::get(self, asked, resource),
            Operation::List(resource) => documents::list(self, asked, resource),
            Operation::Create(resource) => documents::create(self, asked, resource),
            Operation::Update(resource) => documents::update(self, asked, resource),
            Operation::Delete(resource) => documents::delete(self, asked, resource),
            Operation::Reset(resource) => documents::reset(self, asked, resource),
            Operation::Special(special) => match special {
                Special::GetSynchronization => synchronization::get(self, asked),
                Special::PutSynchronization => synchronization::put(self, asked),
                Special::UpdateSynchronization => synchronization::update(self, asked),
                Special::DeleteSynchronization => synchronization::delete(self, asked),
                Special::ListDomainPolicies => role_management::list_domain_policies(self, asked),
                Special::ListAudits => audits::list(self, asked),
                Special::GetAudit => audits::get(self, asked),
                Special::ListSignIns => sign_ins::list(self, asked),
                Special::GetSignIn => sign_ins::get(self, asked),
                Special::ExportSignIns => export::export(self, asked),
                Special::GetDecision => decisions::get(self, asked),
                Special::ListDirectoryRoles => role_management::list_directory_roles(asked),
                Special::GetDirectoryRole => role_management::get_directory_role(asked),
                Special::ListRoleMembers => role_management::list_members(self, asked),
                Special::ListRoleDefinitions => role_management::list_definitions(self, asked),
                Special::GetRoleDefinition => role_management::get_definition(self, asked),
                Special::CreateRoleAssignment => role_management::create_assignment(self, asked),
                Special::ListOrganizations => directory::organizations(self, asked),
                Special::GetOrganization => directory::get_organization(self, asked),
                Special::TenantById => directory::tenant_by_id(self, asked),
                Special::TenantByDomain => directory::tenant_by_domain(self, asked),
                Special::UpdateUser => users::update(self, asked),
                Special::DeleteUser => users::delete(self, asked),
                Special::PurgeUser => users::purge(self, asked),
                Special::RestoreUser => users::restore(self, asked),
                Special::Invite => invitations::invite(self, asked),
                Special::BulkInvite => bulk::invite(self, asked),
                Special::ListServicePrincipals => service_principals::list(self, asked),
                Special::GetServicePrincipal => service_principals::get(self, asked),
                Special::ListAssigned => service_principals::assigned(self, asked),
                Special::Assign => service_principals::assign(self, asked),
                Special::Unassign => service_principals::unassign(self, asked),
                Special::ListAssignmentsOfUser => service_principals::of_user(self, asked),
                Special::ListMembers => delegated::list_members(self, asked),
                Special::AddMember => delegated::add_member(self, asked),
                Special::RemoveMember => delegated::remove_member(self, asked),
                Special::DeleteGroup => delegated::delete_group(self, asked),
                Special::ListOwners => delegated::list_owners(self, asked),
                Special::AddOwner => delegated::add_owner(self, asked),
                Special::RemoveOwner => delegated::remove_owner(self, asked),
                Special::ListSponsors => sponsors::list(self, asked),
                Special::AddSponsor => sponsors::add(self, asked),
                Special::RemoveSponsor => sponsors::remove(self, asked),
                Special::RevokeSessions => directory::revoke_sessions(self, asked),
                Special::RevokeTenantSessions => directory::revoke_tenant(self, asked),
                Special::CreateReview => reviews::create(self, asked),
                Special::GetReview => reviews::get(self, asked),
                Special::DeleteReview => reviews::delete(self, asked),
                Special::ListReviewInstances => reviews::list_instances(self, asked),
                Special::GetReviewInstance => reviews::get_instance(self, asked),
                Special::ListReviewDecisions => reviews::list_decisions(self, asked),
                Special::GetReviewDecision => reviews::get_decision(self, asked),
                Special::DecideInReview => reviews::decide(self, asked),
                Special::RecordDecisions => reviews::record(self, asked),
                Special::AcceptRecommendations => reviews::accept(self, asked),
                Special::StopReview => reviews::stop(self, asked),
                Special::ApplyReview => reviews::apply(self, asked),
                Special::RemindReviewers => reviews::remind(self, asked),
                Special::Effective => effective::get(self, asked),
                Special::Activity => crossings::get(self, asked),
                Special::Versions => versions::list(self, asked),
                Special::Health => health::get(self, asked),
                Special::Me => me::get(self, asked),
                Special::SignUp(of) => sign_up::perform(self, asked, of),
                Special::Draft(of) => drafts::perform(self, asked, of),
                Special::Metadata | Special::OpenApi | Special::Batch => {
                    Err(ApiError::not_found("there is no such resource"))
                }
            },
        }
    }

    /// Changes one document, with writes that are made in the same step, where the caller still may when its turn comes: what it waited for
    /// may have been the change that took its role away.
    fn change(
        &self,
        asked: &Asked<'_>,
        attempt: &Attempt<'_>,
        address: &Address,
        edit: &dyn Fn(Option<&Current>) -> Result<Edit, ApiError>,
        beside: &[Write],
    ) -> Result<Changed, ApiError> {
        let edit = |current: Option<&Current>| {
            permission::by_role(self, asked, &self.ledger.roles())?;
            edit(current)
        };
        if let Some(draft) = &asked.draft {
            return drafts::changes::edit(self, asked, draft, address, &edit);
        }
        drafts::check_direct(self, asked, address.kind)?;
        if asked.only_validates() {
            return self
                .ledger
                .would_become(asked.confirmation(), address, &edit, beside);
        }
        self.ledger
            .change(attempt, asked.confirmation(), address, &edit, beside)
    }

    /// Keeps what was attempted in vain: every change that failed, and every call that was not the caller's to make. Changes that were made
    /// are recorded with what they changed.
    fn record(&self, asked: &Asked<'_>, result: &Result<Reply, ApiError>) {
        if result.is_ok() && asked.route.streams() {
            // Recorded before the answer begins.
            return;
        }
        let (attempt, reason): (Attempt<'_>, _) = match result {
            Err(error)
                if asked.changes()
                    || error.status == StatusCode::FORBIDDEN
                    || is_extraordinary(&asked.who.credential) =>
            {
                (permission::attempt(self, asked), error.told())
            }
            // Nobody signs in with these in the ordinary way, so that every use is worth a record.
            Ok(_) if !asked.changes() && is_extraordinary(&asked.who.credential) => {
                if let Err(error) = self
                    .ledger
                    .record(&permission::attempt(self, asked), Outcome::Success)
                {
                    tracing::error!(%error.message, "the use of an extraordinary credential could not be recorded");
                }
                return;
            }
            Ok(_) | Err(_) => return,
        };
        if let Err(error) = self.ledger.record(&attempt, Outcome::Failure(&reason)) {
            tracing::error!(reason, %error.message, "an attempt that failed could not be recorded");
        }
    }

    /// What a call reads: what is in force, or that of the draft that it leads through.
    fn reads(&self, asked: &Asked<'_>) -> Result<Drafted<'_>, ApiError> {
        let store = self.ledger.store();
        let Some(draft) = &asked.draft else {
            return Ok(Drafted::in_force(store));
        };
        let draft = drafts::existing(store, draft)?;
        let changes = DraftChange::all(store, &draft.id)?;
        Ok(Drafted::by(store, &draft, &changes))
    }

    fn settings(&self) -> Arc<Settings> {
        self.ledger.enforcer().settings()
    }
}

const fn is_extraordinary(credential: &Credential) -> bool {
    match credential {
        Credential::Bootstrap | Credential::BreakGlass => true,
        Credential::Token(_) | Credential::Session(_) | Credential::Console(_) => false,
    }
}
