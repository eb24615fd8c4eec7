//! Everything that sign-in events can be of, for whoever decides them again.

use std::borrow::Cow;

use crossgate_config::{AppSettings, Settings};
use crossgate_insight::verify::Apps;

use crate::admin::admin_app;
use crate::request::route::target;

/// The apps of a configuration, and where it has a console the admin API, which people who sign in there call.
pub fn called(settings: &Settings) -> impl Iterator<Item = Cow<'_, AppSettings>> {
    let console = settings.admin.console.as_ref();
    let console = console.map(|_| Cow::Owned(admin_app(settings)));
    let apps = settings.apps.iter().map(Cow::Borrowed);
    console.into_iter().chain(apps)
}

/// The same, as policy knows them.
#[must_use]
pub fn called_apps(settings: &Settings) -> Apps {
    let targets = called(settings).map(|app| target(&app));
    targets.map(|target| (target.id.clone(), target)).collect()
}

#[cfg(test)]
mod tests {
    use crossgate_policy::target::Enforcement;

    use super::*;
    use crate::request::route::tests::settings;

    #[test]
    fn the_admin_api_is_called_where_there_is_a_console_and_decides_for_real() {
        let payroll = "[[app]]\nid = \"payroll\"\nenforcement = \"report-only\"\n";
        let without = called_apps(&settings(payroll));
        assert_eq!(without.len(), 1);
        let console = "[admin]\napp = \"office\"\nconsole = \"https://office.contoso.com\"\n";
        let settings = settings(&format!("{console}{payroll}"));
        let with = called_apps(&settings);
        assert_eq!(with.len(), 2);
        for apps in [&without, &with] {
            let payroll = &apps[&settings.apps[0].id];
            assert_eq!(payroll.enforcement, Enforcement::ReportOnly);
        }
        assert_eq!(with[&settings.admin.app].enforcement, Enforcement::Enforce);
    }
}
