//! `docs/roles.md`: built-in roles, actions and permissions.

use std::fmt::Write as _;

use crossgate_control::roles::{Action, ActionSet, BuiltInRole, Caller, Roles, Scope};

use crate::operations::short;
use crate::printed;

#[test]
fn the_table_of_roles_has_every_built_in_role() {
    let mut text = String::from("| | role | id | `wids` | |\n|---|---|---|---|---|\n");
    for (number, role) in numbered() {
        let named = if role.is_of_entra() { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| {number} | {} | `{}` | {named} | {} |",
            role.display_name(),
            role.id(),
            role.description(),
        );
    }
    printed::part("roles.md", "roles", &text);
}

#[test]
fn the_table_of_actions_tells_which_roles_give_each() {
    let mut text = String::from("| action | protected |");
    let mut line = String::from("|---|---|");
    for (number, _) in numbered() {
        let _ = write!(text, " {number} |");
        line.push_str("---|");
    }
    text.push('\n');
    text.push_str(&line);
    text.push('\n');
    for action in Action::ALL {
        let protected = if action.is_protected() { " yes" } else { "" };
        let _ = write!(text, "| `{}` |{protected} |", short(*action));
        for (_, role) in numbered() {
            let gives = role.actions().contains(*action);
            text.push_str(if gives { " x |" } else { " |" });
        }
        text.push('\n');
    }
    let _ = write!(text, "| how many, of {} | |", Action::ALL.len());
    for (_, role) in numbered() {
        let _ = write!(text, " {} |", role.actions().len());
    }
    text.push('\n');
    printed::part("roles.md", "actions", &text);
}

#[test]
fn the_table_of_permissions_tells_what_each_permits() {
    let mut text = String::from("| permission | permits |\n|---|---|\n");
    for scope in Scope::ALL {
        let _ = writeln!(text, "| `{}` | {} |", scope.name(), names(scope.permits()));
    }
    printed::part("roles.md", "permissions", &text);
}

#[test]
fn what_the_bootstrap_secret_permits_is_told() {
    let permits = Roles::built_in().actions_of(&Caller::Bootstrap);
    printed::part("roles.md", "bootstrap", &names(permits));
}

fn numbered() -> impl Iterator<Item = (usize, BuiltInRole)> {
    (1..).zip(BuiltInRole::ALL.iter().copied())
}

fn names(actions: ActionSet) -> String {
    let names: Vec<_> = actions
        .iter()
        .map(|action| format!("`{}`", short(action)))
        .collect();
    names.join(" ")
}
