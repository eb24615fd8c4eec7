//! `[[app]]`: what is behind the gateway, and what each app demands of its callers.

use crossgate_policy::ids::{Cloud, Id, TenantId};

use crate::host::host;
use crate::reader::{Section, Seen, Text};
use crate::tenant::{DEFAULT_CLOUD, cloud, tenant_id};
use crate::{Enforcement, Listen, OwnTenant, Purpose, Upstream, policy, provider, url};

/// One app of the own tenant, or one route to an external tenant's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppSettings {
    /// What policies target.
    pub id: Id,
    /// What people call it; the id where the file gives no name.
    pub name: String,
    /// Hosts it is reached by, in lower case; none only offline.
    pub hosts: Vec<String>,
    /// Path prefixes, the longest wins.
    pub paths: Vec<String>,
    /// The `aud` of its tokens; none only offline or where it is anonymous.
    pub audiences: Vec<String>,
    /// Where its requests go; none only offline, and where another proxy forwards them.
    pub upstreams: Vec<Upstream>,
    /// Who owns it.
    pub resource_tenant: ResourceTenant,
    /// Whether refusals bind; `[policy] enforcement` where the file is silent here.
    pub enforcement: Enforcement,
    /// CORS preflights are answered without a token.
    pub cors_preflight: bool,
    /// People without a token sign in with their browser.
    pub sign_in: bool,
    /// Requests without a token pass, without identity headers.
    pub anonymous: bool,
    /// A request under a tenant-restriction policy needs a token issued under it.
    pub require_restriction_claim: bool,
    /// The token is passed on.
    pub forward_authorization: bool,
    /// Authentication contexts demanded, `c1` to `c99`.
    pub auth_contexts: Vec<String>,
    /// Calling clients allowed.
    pub clients: Clients,
    /// App-only callers of other tenants allowed.
    pub app_clients: Vec<Id>,
    /// Scopes that a user token must all carry.
    pub scopes: Vec<String>,
    /// Roles of which one is needed; none are where the list is empty.
    pub roles: Vec<String>,
    /// The caller must have a role or be assigned.
    pub assignment_required: bool,
    /// Own users and groups that are assigned.
    pub assigned: Vec<Id>,
}

/// Who owns an app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResourceTenant {
    /// The own tenant.
    Own,
    /// Another one: an egress route.
    External(Egress),
}

/// A route to an app of another tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Egress {
    /// The owner.
    pub tenant: TenantId,
    /// Its cloud.
    pub cloud: Cloud,
    /// The route leads out of our network: tenant restrictions are in force.
    pub managed: bool,
    /// Our restriction header is added.
    pub inject: bool,
}

/// Which calling clients an app takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clients {
    /// Any; written as an empty list.
    Any,
    /// Only these.
    Only(Vec<Id>),
}

/// Reads every `[[app]]`.
pub(crate) fn read_all(
    root: &mut Section<'_>,
    own: Option<&OwnTenant>,
    enforcement: Enforcement,
    listen: &Listen,
) -> Vec<AppSettings> {
    let mut ids = Seen::new("give each app an id of its own");
    let mut routes = Routes::default();
    root.sections("app", |section| {
        let app = AppSettings::read(section, own, enforcement, &mut ids);
        if section.purpose() == Purpose::Serve
            && let Some(app) = &app
        {
            check_serving(section, app, listen);
            routes.check(section, app);
        }
        app
    })
}

impl AppSettings {
    fn read(
        section: &mut Section<'_>,
        own: Option<&OwnTenant>,
        enforcement: Enforcement,
        ids: &mut Seen<Id>,
    ) -> Option<Self> {
        let id = section.required_text("id", "the id that policies target", |text| {
            let id = Id::new(&text.filled()?);
            ids.note(id.clone(), text);
            Some(id)
        });
        let name = section.text("name", Text::filled);
        let hosts = section.texts("hosts", |text| match host(text.value()) {
            Ok(host) => Some(host),
            Err(problem) => text.refuse(&problem.to_string()),
        });
        let paths = section.texts("paths", url::path_prefix);
        let audiences = section.texts("audiences", Text::filled);
        let upstreams = section.texts("upstreams", url::upstream);
        let resource_tenant = resource_tenant(section, own);
        let enforcement = section
            .text("enforcement", policy::enforcement)
            .unwrap_or(enforcement);
        let clients = match section.texts("clients", id_text) {
            Some(clients) if !clients.is_empty() => Clients::Only(clients),
            Some(_) | None => Clients::Any,
        };
        let auth_contexts = section.texts("auth_contexts", auth_context);
        let app_clients = section.texts("app_clients", id_text);
        let scopes = section.texts("scopes", Text::filled);
        let roles = section.texts("roles", Text::filled);
        let assigned = section.texts("assigned", id_text);
        let cors_preflight = section.boolean("cors_preflight", DEFAULT_CORS_PREFLIGHT);
        let sign_in = section.boolean("sign_in", DEFAULT_SIGN_IN);
        provider::check_app(section, sign_in, resource_tenant);
        let anonymous = section.boolean("anonymous", DEFAULT_ANONYMOUS);
        let require_restriction_claim =
            section.boolean("require_restriction_claim", DEFAULT_REQUIRE_CLAIM);
        let forward_authorization = section.boolean("forward_authorization", DEFAULT_FORWARD);
        let assignment_required = section.boolean("assignment_required", DEFAULT_ASSIGNMENT);
        let id = id?;
        Some(Self {
            name: name.unwrap_or_else(|| id.to_string()),
            id,
            hosts: hosts.unwrap_or_default(),
            paths: paths.unwrap_or_else(|| vec![DEFAULT_PATH.to_owned()]),
            audiences: audiences.unwrap_or_default(),
            upstreams: upstreams.unwrap_or_default(),
            resource_tenant,
            enforcement,
            cors_preflight,
            sign_in,
            anonymous,
            require_restriction_claim,
            forward_authorization,
            auth_contexts: auth_contexts.unwrap_or_default(),
            clients,
            app_clients: app_clients.unwrap_or_default(),
            scopes: scopes.unwrap_or_default(),
            roles: roles.unwrap_or_default(),
            assignment_required,
            assigned: assigned.unwrap_or_default(),
        })
    }
}

/// Reads who owns the app, and the keys that only egress routes have.
fn resource_tenant(section: &mut Section<'_>, own: Option<&OwnTenant>) -> ResourceTenant {
    let external = section.text("resource_tenant", |text| {
        if text.value() == "own" {
            return None;
        }
        tenant_id(text)
    });
    let cloud = section
        .text("resource_cloud", cloud)
        .unwrap_or(DEFAULT_CLOUD);
    let managed = section.boolean("managed", DEFAULT_MANAGED);
    let inject = section.boolean("inject", DEFAULT_INJECT);
    if let Some(tenant) = external
        && own.is_none_or(|own| own.id != tenant)
    {
        return ResourceTenant::External(Egress {
            tenant,
            cloud,
            managed,
            inject,
        });
    }
    // Written out at their defaults they say nothing, and nothing is wrong.
    let own_cloud = own.map_or(DEFAULT_CLOUD, |own| own.cloud);
    for (name, useless) in [
        (
            "resource_cloud",
            cloud != DEFAULT_CLOUD && cloud != own_cloud,
        ),
        ("managed", managed != DEFAULT_MANAGED),
        ("inject", inject != DEFAULT_INJECT),
    ] {
        if useless {
            section.fault(
                name,
                "only egress routes have this; remove it, or name the tenant in `resource_tenant`",
            );
        }
    }
    ResourceTenant::Own
}

/// What an app needs only where requests really come.
fn check_serving(section: &mut Section<'_>, app: &AppSettings, listen: &Listen) {
    let others_forward = !listen.authorize.is_empty() && app.resource_tenant == ResourceTenant::Own;
    let needs = [
        (
            "hosts",
            app.hosts.is_empty(),
            "nobody could reach the app; expected at least one host",
        ),
        (
            "paths",
            app.paths.is_empty(),
            "nobody could reach the app; expected at least one path, such as `/`",
        ),
        (
            "upstreams",
            app.upstreams.is_empty() && !others_forward,
            "requests have nowhere to go; expected at least one, such as `http://127.0.0.1:9001`",
        ),
        (
            "audiences",
            app.audiences.is_empty() && !app.anonymous && !app.sign_in,
            "no token could be meant for the app; expected at least one, such as `api://payroll`",
        ),
    ];
    for (name, missing, message) in needs {
        // A list whose only items are faulty has been told of.
        if missing && section.lacks(name) {
            section.fault(name, message);
        }
    }
    let (listener, addresses) = match app.resource_tenant {
        ResourceTenant::Own => ("proxy", &listen.proxy),
        ResourceTenant::External(_) => ("egress", &listen.egress),
    };
    if addresses.is_empty() {
        section.fault(
            "resource_tenant",
            format!("the app is reached through `listen.{listener}`, which has no address; add one there"),
        );
    }
}

/// Hosts and paths taken by the apps so far.
#[derive(Default)]
struct Routes {
    taken: Vec<Taken>,
}

/// A host, a path prefix, and the app that has them.
struct Taken {
    host: String,
    prefix: String,
    app: String,
}

impl Routes {
    fn check(&mut self, section: &mut Section<'_>, app: &AppSettings) {
        for host in &app.hosts {
            for path in &app.paths {
                // `/admin` and `/admin/` lead the same requests to an app.
                let prefix = path.strip_suffix('/').unwrap_or(path);
                let mut taken = self.taken.iter();
                let first = taken.find(|taken| taken.host == *host && taken.prefix == prefix);
                match first {
                    Some(Taken { app, .. }) => section.fault(
                        "hosts",
                        format!("`{host}{path}` leads to {app} already; change a host or a path"),
                    ),
                    None => self.taken.push(Taken {
                        host: host.clone(),
                        prefix: prefix.to_owned(),
                        app: format!("`{}` (`{}`)", section.key(), app.name),
                    }),
                }
            }
        }
    }
}

fn id_text(text: &Text<'_>) -> Option<Id> {
    text.filled().map(|id| Id::new(&id))
}

pub(crate) fn auth_context(text: &Text<'_>) -> Option<String> {
    let number = text.value().strip_prefix('c').filter(|number| {
        !number.starts_with('0')
            && matches!(number.len(), 1 | 2)
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    match number {
        Some(_) => Some(text.value().to_owned()),
        None => text.refuse("is not an authentication context; expected `c1` to `c99`"),
    }
}

/// Most hosts serve one app.
const DEFAULT_PATH: &str = "/";

/// On an egress route someone leaves our network, and that is what tenant restrictions are for.
const DEFAULT_MANAGED: bool = true;

/// Our policy's id is told only to those it is meant for.
const DEFAULT_INJECT: bool = false;

/// Every method needs a token until an app asks otherwise.
const DEFAULT_CORS_PREFLIGHT: bool = false;

/// An API answers 401; only who knows that people come with browsers wants them sent elsewhere.
const DEFAULT_SIGN_IN: bool = false;

/// A gate that lets strangers through has to be asked to.
const DEFAULT_ANONYMOUS: bool = false;

/// Entra itself does not support this for apps that are not its own.
const DEFAULT_REQUIRE_CLAIM: bool = false;

/// Apps that read tokens today go on working behind the gateway.
const DEFAULT_FORWARD: bool = true;

/// As in Entra: an app is open to the admitted until it is closed.
const DEFAULT_ASSIGNMENT: bool = false;
