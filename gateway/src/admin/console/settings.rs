//! Where the console is found, and who signs in there.

use std::sync::Arc;

use crossgate_config::{Origin, Settings};
use crossgate_policy::ids::ResourceTenant;

use crate::admin::admin_target;
use crate::ops::Metrics;
use crate::people::PeopleSettings;
use crate::request::route::{App, Restriction};
use crate::sign_ins::CalledApp;
use crate::upstreams::Upstreams;

/// What the settings say about the console.
#[derive(Debug)]
pub struct ConsoleSettings {
    /// Where browsers find it.
    pub origin: Origin,
    /// Whose sessions are the console's: no host of an app can be called so.
    pub place: Box<str>,
    /// Where people sign in: the own tenant's alone.
    pub people: Arc<PeopleSettings>,
    /// The admin API, as the pages of a sign-in name it.
    pub app: App,
    /// The authentication context that protected actions ask for.
    pub protected_actions_context: Option<Box<str>>,
}

impl ConsoleSettings {
    /// `None` where there is none.
    #[must_use]
    pub fn of(settings: &Settings, metrics: &Metrics) -> Option<Self> {
        let origin = settings.admin.console.clone()?;
        let people = Arc::new(PeopleSettings::of_console(settings)?);
        let target = Arc::new(admin_target(settings));
        let app = App {
            called: CalledApp {
                target: Arc::clone(&target),
                name: format!("{} Crossgate", settings.tenant.name).trim().into(),
            },
            open: target,
            resource: ResourceTenant(settings.tenant.id),
            audiences: Box::default(),
            upstreams: Arc::new(Upstreams::new(
                &[],
                &settings.health,
                &settings.limits,
                None,
            )),
            cors_preflight: false,
            sign_in: true,
            forward_authorization: false,
            restriction: Restriction::Strip,
            metrics: metrics.no_app(),
        };
        let context = settings.admin.protected_actions_context.as_deref();
        Some(Self {
            // A blank is in no host.
            place: format!("console {}", origin.authority).into(),
            origin,
            people,
            app,
            protected_actions_context: context.map(Into::into),
        })
    }
}
