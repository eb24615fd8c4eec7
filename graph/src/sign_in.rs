//! Graph's `signIn` (beta) as Crossgate writes it: the members it fills, under Graph's names and with Graph's types.
//!
//! Knows nothing of requests or decisions: the gateway fills these types. A member that Crossgate cannot know is `null`
//! or, where Graph demands a value, Graph's own word for "not computed".

use std::borrow::Cow;

use serde::Serialize;

/// Text that is borrowed while an event is rendered, or made for it.
pub type Text<'a> = Cow<'a, str>;

/// `userId` where no user is known: Graph demands a value there, and this is no user's.
pub const UNKNOWN_USER: &str = "00000000-0000-0000-0000-000000000000";

/// Graph's `signIn` resource (beta).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn<'a> {
    /// The request's id, a GUID.
    pub id: Text<'a>,
    /// RFC 3339, UTC.
    pub created_date_time: Text<'a>,
    /// The user's name.
    pub user_display_name: Option<Text<'a>>,
    /// The name the user signed in with, at home.
    pub user_principal_name: Option<Text<'a>>,
    /// The user's id; [`UNKNOWN_USER`] where there is none.
    pub user_id: Text<'a>,
    /// The calling client.
    pub app_id: Option<Text<'a>>,
    /// The calling client's name.
    pub app_display_name: Option<Text<'a>>,
    /// The client's address.
    pub ip_address: Option<Text<'a>>,
    /// What kind of client called.
    pub client_app_used: Option<ClientAppUsed>,
    /// `User-Agent` as sent.
    pub user_agent: Option<Text<'a>>,
    /// The id that the caller may know the request by.
    pub correlation_id: Text<'a>,
    /// What came of all Conditional Access policies together.
    pub conditional_access_status: ConditionalAccessStatus,
    /// What came of each.
    pub applied_conditional_access_policies: Vec<AppliedConditionalAccessPolicy<'a>>,
    /// Whether a person took part in this very sign-in.
    pub is_interactive: bool,
    /// Risk is not computed here.
    #[serde(flatten)]
    pub risk: Risk,
    /// The app's name.
    pub resource_display_name: Option<Text<'a>>,
    /// The app's id.
    pub resource_id: Option<Text<'a>>,
    /// Where the account lives.
    pub home_tenant_id: Option<Text<'a>>,
    /// The home tenant's name, where configured.
    pub home_tenant_name: Option<Text<'a>>,
    /// Who owns the app.
    pub resource_tenant_id: Option<Text<'a>>,
    /// Who owns the app's registration; Crossgate knows one owner only.
    pub resource_owner_tenant_id: Option<Text<'a>>,
    /// The calling service principal, for app-only calls.
    pub service_principal_id: Option<Text<'a>>,
    /// Its name.
    pub service_principal_name: Option<Text<'a>>,
    /// Success, or the AADSTS number.
    pub status: SignInStatus<'a>,
    /// What the token says about the device.
    pub device_detail: DeviceDetail<'a>,
    /// Places are not looked up; every member is null.
    pub location: SignInLocation,
    /// How the caller crossed tenants; `None` where no token was accepted.
    pub cross_tenant_access_type: Option<Text<'a>>,
    /// Whether one or more factors were needed.
    pub authentication_requirement: Option<AuthenticationRequirement>,
    /// Authentication contexts that the app demands.
    pub authentication_context_class_references: Vec<AuthenticationContext<'a>>,
    /// What the token was bought with; a gateway cannot see it.
    pub incoming_token_type: IncomingTokenType,
    /// Whether tenant restrictions were in force.
    pub is_tenant_restricted: bool,
    /// Who signed in.
    pub sign_in_event_types: Vec<SignInEventType>,
    /// Who issued the token, by its configured name.
    pub token_issuer_name: Option<Text<'a>>,
    /// What kind of service issued the token; `None` for services that are not Entra's.
    pub token_issuer_type: Option<TokenIssuerType>,
    /// The token's `uti`.
    pub unique_token_identifier: Option<Text<'a>>,
    /// What the user is in the resource tenant.
    pub user_type: Option<UserType>,
    /// The token's `sid`.
    pub session_id: Option<Text<'a>>,
    /// Time spent, in milliseconds.
    pub processing_time_in_milliseconds: Option<i32>,
    /// What Graph has no place for.
    pub crossgate: Crossgate<'a>,
}

/// `clientAppUsed`, as far as a gateway can tell clients apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum ClientAppUsed {
    /// A browser session.
    #[serde(rename = "Browser")]
    Browser,
    /// A bearer token.
    #[serde(rename = "Mobile Apps and Desktop clients")]
    MobileAppsAndDesktopClients,
}

/// `conditionalAccessStatus`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ConditionalAccessStatus {
    /// Every policy that applied was met.
    Success,
    /// One that applied was not.
    Failure,
    /// None applied.
    NotApplied,
}

/// Graph's `appliedConditionalAccessPolicy`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedConditionalAccessPolicy<'a> {
    /// The policy's `id`.
    pub id: Text<'a>,
    /// Its `displayName`.
    pub display_name: Text<'a>,
    /// Its controls, in the words Graph's logs use, such as `Mfa`.
    pub enforced_grant_controls: Vec<Text<'a>>,
    /// Crossgate enforces no session control.
    pub enforced_session_controls: Vec<Text<'a>>,
    /// What came of it.
    pub result: AppliedPolicyResult,
}

/// `result` of an applied Conditional Access policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AppliedPolicyResult {
    /// Met.
    Success,
    /// Not met.
    Failure,
    /// Did not apply.
    NotApplied,
    /// Never came to be evaluated.
    Unknown,
    /// Report-only, would have been met.
    ReportOnlySuccess,
    /// Report-only, would have refused.
    ReportOnlyFailure,
    /// Report-only, did not apply.
    ReportOnlyNotApplied,
    /// Report-only, would have asked for more.
    ReportOnlyInterrupted,
}

/// The risk members, always as a tenant without Identity Protection shows them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Risk {
    risk_detail: NotComputed,
    risk_level_aggregated: NotComputed,
    risk_level_during_sign_in: NotComputed,
    risk_state: NotComputed,
    #[serde(rename = "riskEventTypes_v2")]
    risk_event_types_v2: [&'static str; 0],
}

/// Graph's `none` for a property that is never computed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
enum NotComputed {
    #[default]
    #[serde(rename = "none")]
    None,
}

/// Graph's `signInStatus`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInStatus<'a> {
    /// AADSTS number; 0 is success.
    pub error_code: u32,
    /// What the number means.
    pub failure_reason: Option<Text<'a>>,
    /// Which rule refused.
    pub additional_details: Option<Text<'a>>,
}

/// Graph's `deviceDetail`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceDetail<'a> {
    /// The token's device id.
    pub device_id: Option<Text<'a>>,
    /// Not known to a gateway.
    pub display_name: Option<Text<'a>>,
    /// Not looked up.
    pub operating_system: Option<Text<'a>>,
    /// Not looked up.
    pub browser: Option<Text<'a>>,
    /// The token says that the device is compliant.
    pub is_compliant: Option<bool>,
    /// The token says that the device is managed.
    pub is_managed: Option<bool>,
    /// Such as `Hybrid Azure AD joined`.
    pub trust_type: Option<Text<'a>>,
}

/// Graph's `signInLocation`, never filled.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInLocation {
    city: (),
    state: (),
    country_or_region: (),
    geo_coordinates: GeoCoordinates,
}

/// Graph's `geoCoordinates`, never filled.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct GeoCoordinates {
    altitude: (),
    latitude: (),
    longitude: (),
}

/// `authenticationRequirement`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationRequirement {
    /// One factor was enough.
    SingleFactorAuthentication,
    /// More than one was needed.
    MultiFactorAuthentication,
}

/// Graph's `authenticationContext` in a sign-in.
#[derive(Clone, Debug, Serialize)]
pub struct AuthenticationContext<'a> {
    /// `c1` to `c99`.
    pub id: Text<'a>,
    /// Whether it was there.
    pub detail: AuthenticationContextDetail,
}

/// `authenticationContextDetail`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationContextDetail {
    /// Demanded and missing.
    Required,
    /// The token shows it.
    PreviouslySatisfied,
    /// Not demanded of this caller.
    NotApplicable,
}

/// `incomingTokenType`; a gateway sees none of the others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum IncomingTokenType {
    /// Not known.
    #[default]
    None,
}

/// `signInEventTypes`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInEventType {
    /// A person at a browser.
    InteractiveUser,
    /// A client on a person's behalf.
    NonInteractiveUser,
    /// An app on its own behalf.
    ServicePrincipal,
}

/// `tokenIssuerType`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum TokenIssuerType {
    /// Entra ID.
    AzureAD,
}

/// `userType` of a sign-in, in lower case there.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UserType {
    /// A member of the resource tenant.
    Member,
    /// A guest of the resource tenant.
    Guest,
}

/// What Graph has no place for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Crossgate<'a> {
    /// This decision's id.
    pub decision_id: Text<'a>,
    /// Names the content of the policy that decided.
    pub snapshot: Text<'a>,
    /// Where the decision fell; `None` for an unknown app.
    pub step: Option<Text<'a>>,
    /// Which rule decided.
    pub reason: Text<'a>,
    /// What came of it.
    pub outcome: Text<'a>,
    /// Each step's line.
    pub explanation: Vec<ExplanationLine<'a>>,
    /// Whether the outcome bound the request.
    pub enforcement: Text<'a>,
    /// How many requests this event stands for.
    pub count: u64,
    /// When the first of them arrived.
    pub first_seen: Text<'a>,
    /// When the last of them arrived.
    pub last_seen: Text<'a>,
}

/// One line of an explanation.
#[derive(Clone, Debug, Serialize)]
pub struct ExplanationLine<'a> {
    /// The step.
    pub step: Text<'a>,
    /// The document that was read.
    pub document: Text<'a>,
    /// The property that decided.
    pub property: Text<'a>,
    /// What came of it.
    pub result: Text<'a>,
}
