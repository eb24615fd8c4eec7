//! The one form in which a filter is written.

use std::fmt::{self, Display as _};

use super::literal::Written;
use super::{Condition, Expression, Filter, Quantifier};
use crate::odata::path::Path;

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, &self.0, None)
    }
}

/// `element` is what the paths begin with within `any` and `all`.
fn print(f: &mut fmt::Formatter<'_>, part: &Expression, element: Option<&str>) -> fmt::Result {
    match part {
        Expression::And(parts) => print_joined(f, parts, " and ", element),
        Expression::Or(parts) => print_joined(f, parts, " or ", element),
        Expression::Not(part) => {
            f.write_str("not (")?;
            print(f, part, element)?;
            f.write_str(")")
        }
        Expression::Compare(path, comparison, literal) => {
            print_path(f, path, element)?;
            write!(f, " {} {literal}", comparison.name())
        }
        Expression::In(path, literals) => {
            print_path(f, path, element)?;
            f.write_str(" in (")?;
            for (index, literal) in literals.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(f, "{comma}{literal}")?;
            }
            f.write_str(")")
        }
        Expression::Text(function, path, text) => {
            write!(f, "{}(", function.name())?;
            print_path(f, path, element)?;
            write!(f, ",{})", Written::Quoted(text))
        }
        Expression::Holds(path) => print_path(f, path, element),
        Expression::Elements(path, quantifier) => {
            print_path(f, path, element)?;
            match quantifier {
                Quantifier::NotEmpty => f.write_str("/any()"),
                Quantifier::Any(condition) => print_condition(f, "any", condition),
                Quantifier::All(condition) => print_condition(f, "all", condition),
            }
        }
    }
}

fn print_joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression],
    operator: &str,
    element: Option<&str>,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(operator)?;
        }
        if let Expression::And(_) | Expression::Or(_) = part {
            f.write_str("(")?;
            print(f, part, element)?;
            f.write_str(")")?;
        } else {
            print(f, part, element)?;
        }
    }
    Ok(())
}

fn print_condition(
    f: &mut fmt::Formatter<'_>,
    quantifier: &str,
    condition: &Condition,
) -> fmt::Result {
    write!(f, "/{quantifier}({}:", condition.variable)?;
    print(f, &condition.of, Some(&condition.variable))?;
    f.write_str(")")
}

fn print_path(f: &mut fmt::Formatter<'_>, path: &Path, element: Option<&str>) -> fmt::Result {
    match element {
        None => path.fmt(f),
        Some(element) if path.is_empty() => f.write_str(element),
        Some(element) => write!(f, "{element}/{path}"),
    }
}
