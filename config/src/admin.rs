//! `[admin]`: who may call the admin API, and with what.

use std::path::PathBuf;

use crossgate_policy::ids::{Guid, Id, TenantId};

use crate::app::auth_context;
use crate::reader::{Section, Text};
use crate::{
    AppSettings, IssuerSettings, Origin, PolicySource, Portal, ProviderKind, ProviderSettings,
    Purpose, url,
};

/// The admin API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Admin {
    /// What policies name the admin API by, as they name an app.
    pub app: Id,
    /// `aud` of the tokens it takes.
    pub audiences: Vec<String>,
    /// The authentication context that protected actions ask for, such as `c1`; `None` where they ask for none.
    pub protected_actions_context: Option<String>,
    /// What `crossgate admin break-glass` wrote; `None` where there is no break-glass credential.
    pub break_glass_file: Option<PathBuf>,
    /// So many people who had no hand in a draft must approve of it before it binds. Where it is one or more, what drafts can change is
    /// changed by drafts alone.
    pub draft_reviewers: usize,
    /// Properties that a policy must have to be published; `None` where none are asserted. Read at each use.
    pub assertions: Option<PathBuf>,
    /// They are proved before every change, and not only before a draft is published.
    pub assert_every_change: bool,
    /// Where browsers find the console, at the admin listener; `None` where there is none.
    pub console: Option<Origin>,
}

impl Admin {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let app = section.text("app", |text| Some(Id::new(&text.filled()?)));
        let audiences = section.texts("audiences", Text::filled);
        let context = section.text("protected_actions_context", auth_context);
        let break_glass = section.text("break_glass_file", Text::path);
        let assertions = section.text("assertions", Text::path);
        let assert_every_change = section.boolean("assert_every_change", false);
        if assert_every_change && assertions.is_none() && section.lacks("assertions") {
            section.fault(
                "assert_every_change",
                "nothing is asserted; name the file by `assertions`",
            );
        }
        let console = section.text("console", url::origin);
        Self {
            app: app.unwrap_or(Id::Guid(DEFAULT_APP)),
            audiences: audiences.unwrap_or_else(|| vec![DEFAULT_AUDIENCE.to_owned()]),
            protected_actions_context: context,
            break_glass_file: break_glass,
            draft_reviewers: section.whole_number("draft_reviewers", 0),
            assertions,
            assert_every_change,
            console,
        }
    }

    /// Checks what the console needs of other sections.
    pub(crate) fn check_console(&self, root: &mut Section<'_>, needs: &ConsoleNeeds<'_>) {
        let Some(console) = &self.console else {
            return;
        };
        if root.purpose() != Purpose::Serve {
            return;
        }
        let mut fault = |message: String| {
            root.section_again("admin", |section| section.fault("console", message.clone()));
        };
        if !matches!(needs.policy, PolicySource::Sqlite(_)) {
            fault("shows and changes the policy of a store; write `[policy] source = \"sqlite:policy.db\"`, or remove it".to_owned());
        }
        if needs.portal.store.is_none() {
            fault("keeps who is signed in; name a file for it, such as `[portal] store = \"portal.db\"`".to_owned());
        }
        let has_host = |app: &&AppSettings| app.hosts.contains(&console.host);
        if let Some(app) = needs.apps.iter().find(has_host) {
            let (host, name) = (&console.host, &app.name);
            fault(format!(
                "`{host}` is a host of the app `{name}`, and browsers tell no ports apart where they keep sessions; give the console a host of its own"
            ));
        }
        let own = needs.tenant;
        let signs_in = needs.providers.iter().any(|provider| {
            let ProviderKind::Oidc(client) = &provider.kind else {
                return false;
            };
            let mut issuers = needs.issuers.iter();
            issuers.any(|issuer| {
                issuer.name == client.issuer
                    && own.is_some_and(|own| issuer.kind.may_speak_for(own))
            })
        });
        if own.is_some() && !signs_in {
            fault("administrators sign in where your own tenant's people do; add a `[[provider]]` whose `issuer` is that of your own tenant".to_owned());
        }
    }
}

/// What the console is checked with.
pub(crate) struct ConsoleNeeds<'a> {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) policy: &'a PolicySource,
    pub(crate) portal: &'a Portal,
    pub(crate) apps: &'a [AppSettings],
    pub(crate) providers: &'a [ProviderSettings],
    pub(crate) issuers: &'a [IssuerSettings],
}

/// Any id will do that no app has.
const DEFAULT_APP: Guid = Guid::from_u128(0xc405_5a7e_0000_4000_8000_0000_0000_0001);

/// The form that Entra proposes for an API's own id.
const DEFAULT_AUDIENCE: &str = "api://crossgate";
