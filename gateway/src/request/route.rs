//! Which app a request is for: host, then the longest path prefix by whole segments.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crossgate_config::{
    AppSettings, Clients, Enforcement, Limits, ResourceTenant as Owner, Settings,
};
use crossgate_policy::ids::{ResourceTenant, TenantId};
use crossgate_policy::target::{self, Resource, Target};
use ipnet::IpNet;

use super::admit::Addressee;
use crate::admin::ConsoleSettings;
use crate::connections::Way;
use crate::live::partner_sides::Publisher;
use crate::ops::{AppMetrics, Metrics};
use crate::people::PeopleSettings;
use crate::sign_ins::CalledApp;
use crate::signals::SignalSettings;
use crate::synchronization::SynchronizationSettings;
use crate::upstreams::Upstreams;

/// Which of our doors a request came through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Door {
    /// To apps of the own tenant.
    Proxy,
    /// To apps of others.
    Egress,
}

/// Everything that the settings say about requests, ready to be read.
#[derive(Debug)]
pub struct Routes {
    proxy: Hosts,
    egress: Hosts,
    mounts: Vec<Mount>,
    apps: Vec<Arc<App>>,
    /// The organisation that runs this gateway.
    pub own_tenant: TenantId,
    /// Whose `X-Forwarded-*` and `Forwarded` are believed.
    pub trusted_proxies: Box<[IpNet]>,
    /// What a request may take.
    pub limits: Limits,
    /// Who issues tokens for our apps (RFC 9728).
    pub authorization_servers: Box<[Box<str>]>,
    /// Time between two probes of an upstream.
    pub probe_every: Duration,
    /// Where people sign in; `None` where no app has them do so.
    pub people: Option<Arc<PeopleSettings>>,
    /// Where administrators find the console; `None` where there is none.
    pub console: Option<Arc<ConsoleSettings>>,
    /// Who pushes security events; `None` where nobody does.
    pub signals: Option<Arc<SignalSettings>>,
    /// Which partners push users and groups, and where; `None` where none does.
    pub synchronization: Option<Arc<SynchronizationSettings>>,
    /// Whose gateways publish their side of the settings.
    pub publishers: Box<[Publisher]>,
    /// The partners to whom ours is published.
    pub published_to: Box<[TenantId]>,
    /// The metrics of requests for which there is no app.
    pub no_app: Arc<AppMetrics>,
}

/// Of each host its mounts. INVARIANT: the longest prefix first, so that the first that fits is the one.
type Hosts = HashMap<Box<str>, Vec<MountId>>;

/// An app under a prefix of paths.
#[derive(Debug)]
pub struct Mount {
    /// The door.
    pub door: Door,
    /// The host.
    pub host: Box<str>,
    /// The prefix.
    pub prefix: Box<str>,
    /// The app.
    pub app: Arc<App>,
}

/// Which mount of its [`Routes`]. A request keeps this rather than the app, whose holders all cores would count on one line of
/// memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MountId(usize);

/// One app, ready for requests.
#[derive(Debug)]
pub struct App {
    /// What events call it, and what it demands of its callers.
    pub called: CalledApp,
    /// The same, for what we answer to everybody on its behalf: preflights and metadata.
    pub open: Arc<Target>,
    /// Who owns it.
    pub resource: ResourceTenant,
    /// The `aud` of its tokens.
    pub audiences: Box<[Box<str>]>,
    /// Where its requests go.
    pub upstreams: Arc<Upstreams>,
    /// CORS preflights are answered without a token.
    pub cors_preflight: bool,
    /// People without a token sign in with their browser.
    pub sign_in: bool,
    /// The token is passed on.
    pub forward_authorization: bool,
    /// What becomes of tenant-restriction headers.
    pub restriction: Restriction,
    /// Its part of the metrics.
    pub metrics: Arc<AppMetrics>,
}

impl App {
    /// What a decision needs to know of it.
    #[must_use]
    pub fn addressee(&self) -> Addressee<'_> {
        Addressee {
            target: &self.called.target,
            resource: self.resource,
            audiences: &self.audiences,
        }
    }
}

fn publishers(settings: &Settings) -> Box<[Publisher]> {
    let partners = settings.partners.iter();
    let publishers = partners.filter_map(|partner| {
        Some(Publisher {
            tenant: partner.tenant,
            name: partner.name.as_str().into(),
            gateway: partner.gateway.as_deref()?.into(),
        })
    });
    publishers.collect()
}

/// What the upstream sees of tenant-restriction headers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Restriction {
    /// What the client sent: an app of our own may read them.
    Pass,
    /// Nothing.
    Strip,
    /// Our own policy.
    Inject,
}

/// A request's app, and the prefix that led to it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The app.
    pub app: &'a Arc<App>,
    /// The prefix of its path.
    pub prefix: &'a str,
    /// Both, to be kept.
    pub mount: MountId,
}

impl Routes {
    /// Prepares what the settings say. Upstreams that did not change are taken over from before with their health.
    ///
    /// Looks up the names of new upstreams, which may block.
    #[must_use]
    pub fn build(settings: &Settings, previous: Option<&Self>, metrics: &Metrics) -> Self {
        let mut routes = Self {
            proxy: Hosts::new(),
            egress: Hosts::new(),
            mounts: Vec::with_capacity(settings.apps.len()),
            apps: Vec::with_capacity(settings.apps.len()),
            own_tenant: settings.tenant.id,
            trusted_proxies: settings.listen.trusted_proxies.clone().into(),
            limits: settings.limits,
            authorization_servers: authorization_servers(settings),
            probe_every: settings.health.interval,
            people: PeopleSettings::of(settings).map(Arc::new),
            console: ConsoleSettings::of(settings, metrics).map(Arc::new),
            signals: SignalSettings::of(settings).map(Arc::new),
            synchronization: SynchronizationSettings::of(settings).map(Arc::new),
            publishers: publishers(settings),
            published_to: settings
                .partners
                .iter()
                .filter(|partner| partner.publish)
                .map(|partner| partner.tenant)
                .collect(),
            no_app: metrics.no_app(),
        };
        for publisher in &routes.publishers {
            metrics.partner_side_configured(&publisher.name);
        }
        for app in &settings.apps {
            routes.add(app, settings, previous, metrics);
        }
        for transmitter in routes
            .signals
            .iter()
            .flat_map(|signals| &signals.transmitters)
        {
            metrics.signals_configured(&transmitter.settings.name);
        }
        let pushers = routes.synchronization.iter();
        for pusher in pushers.flat_map(|settings| &settings.partners) {
            metrics.synchronization_configured(&pusher.partner.name);
        }
        let mounts = &routes.mounts;
        let length = |id: &MountId| mounts.get(id.0).map_or(0, |mount| mount.prefix.len());
        for of_host in routes.proxy.values_mut().chain(routes.egress.values_mut()) {
            of_host.sort_by_key(|id| std::cmp::Reverse(length(id)));
        }
        routes
    }

    fn add(
        &mut self,
        settings: &AppSettings,
        all: &Settings,
        previous: Option<&Self>,
        metrics: &Metrics,
    ) {
        let before = || {
            let apps = previous.into_iter().flat_map(|previous| &previous.apps);
            apps.map(|app| &app.upstreams)
        };
        let unchanged = before()
            .find(|upstreams| upstreams.are_of(&settings.upstreams, &all.health, &all.limits));
        let upstreams = unchanged.cloned().unwrap_or_else(|| {
            let similar = before().find(|upstreams| upstreams.lead_to(&settings.upstreams));
            Arc::new(Upstreams::new(
                &settings.upstreams,
                &all.health,
                &all.limits,
                similar.map(Arc::as_ref),
            ))
        });
        let target = target(settings);
        let (door, hosts, restriction, resource) = match settings.resource_tenant {
            Owner::Own => (
                Door::Proxy,
                &mut self.proxy,
                Restriction::Pass,
                ResourceTenant(all.tenant.id),
            ),
            Owner::External(egress) => {
                let restriction = if egress.inject {
                    Restriction::Inject
                } else {
                    Restriction::Strip
                };
                let resource = ResourceTenant(egress.tenant);
                (Door::Egress, &mut self.egress, restriction, resource)
            }
        };
        let app = Arc::new(App {
            open: Arc::new(Target {
                anonymous: true,
                ..target.clone()
            }),
            called: CalledApp {
                target: Arc::new(target),
                name: settings.name.as_str().into(),
            },
            resource,
            audiences: boxed(&settings.audiences),
            upstreams,
            cors_preflight: settings.cors_preflight,
            sign_in: settings.sign_in,
            forward_authorization: settings.forward_authorization,
            restriction,
            metrics: metrics.app(&settings.name),
        });
        for host in &settings.hosts {
            let host = host.strip_suffix('.').unwrap_or(host);
            let of_host = hosts.entry(host.into()).or_default();
            for path in &settings.paths {
                of_host.push(MountId(self.mounts.len()));
                self.mounts.push(Mount {
                    door,
                    host: host.into(),
                    prefix: prefix(path).into(),
                    app: Arc::clone(&app),
                });
            }
        }
        self.apps.push(app);
    }

    /// The app of a host and a path, both in their one form.
    #[must_use]
    pub fn find(&self, door: Door, host: &str, path: &str) -> Option<Found<'_>> {
        let hosts = match door {
            Door::Proxy => &self.proxy,
            Door::Egress => &self.egress,
        };
        hosts
            .get(host)?
            .iter()
            .filter_map(|id| self.found(*id))
            .find(|found| leads_to(found.prefix, path))
    }

    /// Any app of a host: they all share what the gateway answers for the host itself.
    #[must_use]
    pub fn any(&self, door: Door, host: &str) -> Option<Found<'_>> {
        let hosts = match door {
            Door::Proxy => &self.proxy,
            Door::Egress => &self.egress,
        };
        self.found(*hosts.get(host)?.last()?)
    }

    /// The app of a host where people sign in, by the shortest prefix: what is ours at that host belongs to it.
    #[must_use]
    pub fn signs_in(&self, door: Door, host: &str) -> Option<Found<'_>> {
        let hosts = match door {
            Door::Proxy => &self.proxy,
            Door::Egress => return None,
        };
        let mut mounts = hosts.get(host)?.iter().rev();
        mounts.find_map(|id| self.found(*id).filter(|found| found.app.sign_in))
    }

    /// Whatever the settings say of people in browsers, of apps or of the console: how long sessions last is the same for both.
    #[must_use]
    pub fn any_people(&self) -> Option<&PeopleSettings> {
        let console = self.console.as_ref().map(|console| &console.people);
        self.people.as_ref().or(console).map(Arc::as_ref)
    }

    /// Of each app where people sign in the first mount, in the order of the configuration.
    pub fn entrances(&self) -> impl Iterator<Item = &Mount> {
        let mut mounts = self
            .mounts
            .iter()
            .filter(|mount| mount.door == Door::Proxy && mount.app.sign_in)
            .peekable();
        // The mounts of an app stand together.
        std::iter::from_fn(move || {
            let first = mounts.next()?;
            while mounts
                .next_if(|other| Arc::ptr_eq(&other.app, &first.app))
                .is_some()
            {}
            Some(first)
        })
    }

    fn found(&self, id: MountId) -> Option<Found<'_>> {
        let Mount { prefix, app, .. } = self.mount(id)?;
        let mount = id;
        Some(Found { app, prefix, mount })
    }

    /// The mount of an id that these routes gave.
    #[must_use]
    pub fn mount(&self, id: MountId) -> Option<&Mount> {
        self.mounts.get(id.0)
    }

    /// Any mount of the app of this id.
    #[must_use]
    pub fn mount_of(&self, id: &crossgate_policy::ids::Id) -> Option<MountId> {
        let at = self
            .mounts
            .iter()
            .position(|mount| mount.app.called.target.id == *id);
        at.map(MountId)
    }

    /// Every app's upstreams.
    #[must_use]
    pub fn upstreams(&self) -> Vec<Arc<Upstreams>> {
        self.apps
            .iter()
            .map(|app| Arc::clone(&app.upstreams))
            .collect()
    }

    /// The app of this id, where that is still the one to which this way leads.
    #[must_use]
    pub fn still_leads(&self, way: &Way, id: &crossgate_policy::ids::Id) -> Option<&Arc<App>> {
        let found = self.find(way.door, &way.host, &way.prefix)?;
        (found.app.called.target.id == *id).then_some(found.app)
    }
}

/// Each once: two entries of Entra, one narrower than the other, are one server.
fn authorization_servers(settings: &Settings) -> Box<[Box<str>]> {
    let own = settings.tenant.id.to_string();
    let mut servers: Vec<Box<str>> = Vec::with_capacity(settings.issuers.len());
    for issuer in &settings.issuers {
        let server = issuer.issuer.replace("{tenantid}", &own);
        if !servers.iter().any(|known| **known == *server) {
            servers.push(server.into());
        }
    }
    servers.into()
}

/// `/admin/` and `/admin` are one prefix; that of `/` is empty.
fn prefix(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// Whether a path begins with a prefix, by whole segments.
fn leads_to(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What an app demands of its callers, in policy's words.
#[must_use]
pub fn target(settings: &AppSettings) -> Target {
    Target {
        id: settings.id.clone(),
        resource: match settings.resource_tenant {
            Owner::Own => Resource::Own,
            Owner::External(egress) => Resource::External {
                tenant: ResourceTenant(egress.tenant),
                cloud: egress.cloud,
                managed: egress.managed,
            },
        },
        enforcement: match settings.enforcement {
            Enforcement::Enforce => target::Enforcement::Enforce,
            Enforcement::ReportOnly => target::Enforcement::ReportOnly,
        },
        anonymous: settings.anonymous,
        require_restriction_claim: settings.require_restriction_claim,
        auth_contexts: boxed(&settings.auth_contexts),
        clients: match &settings.clients {
            Clients::Any => target::Clients::Any,
            Clients::Only(clients) => target::Clients::Only(clients.clone().into()),
        },
        app_clients: settings.app_clients.clone().into(),
        scopes: boxed(&settings.scopes),
        roles: boxed(&settings.roles),
        assignment_required: settings.assignment_required,
        assigned: settings.assigned.clone().into(),
    }
}

fn boxed(texts: &[String]) -> Box<[Box<str>]> {
    texts.iter().map(|text| text.as_str().into()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crossgate_config::Purpose;

    pub(crate) fn settings(apps: &str) -> Settings {
        let text = format!(
            r#"
[tenant]
id = "11111111-1111-4111-8111-111111111111"
{apps}"#
        );
        Settings::parse(&text, std::path::Path::new("/"), Purpose::Decide, &|_| None).unwrap()
    }

    fn routes() -> Routes {
        let settings = settings(
            r#"
[[app]]
id = "payroll"
hosts = ["payroll.contoso.com"]
upstreams = ["http://127.0.0.1:1001"]
[[app]]
id = "admin"
hosts = ["payroll.contoso.com"]
paths = ["/admin", "/a/b/"]
upstreams = ["http://127.0.0.1:1002"]
[[app]]
id = "portal"
hosts = ["portal.tailspin.example"]
upstreams = ["http://127.0.0.1:1003"]
resource_tenant = "44444444-4444-4444-8444-444444444444"
"#,
        );
        Routes::build(&settings, None, &Metrics::new().unwrap())
    }

    fn found(door: Door, host: &str, path: &str) -> Option<String> {
        let routes = routes();
        let found = routes.find(door, host, path)?;
        Some(found.app.called.target.id.to_string())
    }

    #[test]
    fn the_longest_prefix_by_whole_segments_wins() {
        let at = |path| found(Door::Proxy, "payroll.contoso.com", path).unwrap();
        for path in ["/admin", "/admin/", "/admin/x", "/a/b", "/a/b/c"] {
            assert_eq!(at(path), "admin", "{path}");
        }
        for path in ["/", "/administrator", "/x/admin", "/a", "/a/bc", "/Admin"] {
            assert_eq!(at(path), "payroll", "{path}");
        }
    }

    #[test]
    fn every_spelling_of_a_prefix_leads_to_its_app() {
        let settings = settings(
            "[[app]]\nid = \"open\"\nhosts = [\"a.example\"]\n\
             [[app]]\nid = \"closed\"\nhosts = [\"a.example\"]\npaths = [\"/@x\", \"/$batch\", \"/%C3%BC\"]\n",
        );
        let routes = Routes::build(&settings, None, &Metrics::new().unwrap());
        for path in [
            "/@x",
            "/%40x",
            "/%40%78/y",
            "/%24batch",
            "/$b%61tch",
            "/%c3%bc",
        ] {
            let path = crate::request::path::normalise(path).unwrap();
            let found = routes.find(Door::Proxy, "a.example", &path).unwrap();
            assert_eq!(found.app.called.target.id.to_string(), "closed", "{path}");
        }
    }

    #[test]
    fn an_authorization_server_is_named_once() {
        let settings = settings(
            "[[issuer]]\nname = \"any\"\nkind = \"entra\"\n\
             [[issuer]]\nname = \"own\"\nkind = \"entra\"\ntenants = [\"11111111-1111-4111-8111-111111111111\"]\n",
        );
        let routes = Routes::build(&settings, None, &Metrics::new().unwrap());
        let own = "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0";
        assert_eq!(*routes.authorization_servers, [own.into()]);
    }

    #[test]
    fn an_unknown_host_leads_nowhere() {
        for host in [
            "contoso.com",
            "payroll.contoso.com.evil.example",
            "xpayroll.contoso.com",
            "",
        ] {
            assert_eq!(found(Door::Proxy, host, "/"), None, "{host}");
        }
    }

    #[test]
    fn each_door_leads_to_its_own_apps_only() {
        let portal = "portal.tailspin.example";
        assert_eq!(found(Door::Egress, portal, "/").as_deref(), Some("portal"));
        assert_eq!(found(Door::Proxy, portal, "/"), None);
        assert_eq!(found(Door::Egress, "payroll.contoso.com", "/"), None);
    }

    #[test]
    fn unchanged_upstreams_are_kept_and_changed_ones_made_anew() {
        let metrics = Metrics::new().unwrap();
        let app = |port| {
            settings(&format!(
                "[[app]]\nid = \"a\"\nhosts = [\"a.example\"]\nupstreams = [\"http://127.0.0.1:{port}\"]\n"
            ))
        };
        let before = Routes::build(&app(1001), None, &metrics);
        let same = Routes::build(&app(1001), Some(&before), &metrics);
        let other = Routes::build(&app(1002), Some(&before), &metrics);
        assert!(Arc::ptr_eq(&before.upstreams()[0], &same.upstreams()[0]));
        assert!(!Arc::ptr_eq(&before.upstreams()[0], &other.upstreams()[0]));
    }
}
