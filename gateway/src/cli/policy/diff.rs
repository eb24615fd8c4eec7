//! `crossgate policy diff`: what differs, property by property.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use crossgate_control::document::Address;
use crossgate_control::store::{Sequence, Store};
use crossgate_control::transfer::{Difference, Property, States, properties};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::ending::{Failure, Verdict};
use super::super::form::{Form, List, Output};
use super::super::store::{Configured, must_have_been};
use crate::load::Files;

/// What to compare.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    configured: Configured,
    /// The policy directory to compare with the store.
    #[arg(
        value_name = "DIR",
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    directory: Option<PathBuf>,
    /// The store as it was right after this change, as `history` numbers them; instead of a directory.
    #[arg(long, value_name = "CHANGE")]
    from: Option<Sequence>,
    /// The store as it was right after this change, rather than as it is.
    #[arg(long, value_name = "CHANGE", requires = "from")]
    to: Option<Sequence>,
    #[command(flatten)]
    output: Output,
}

/// Compares. Bad where anything differs.
pub(super) fn run(args: &DiffArgs, out: &mut impl Write) -> Result<Verdict, Failure> {
    let site = args.configured.site()?;
    let store = site.read()?;
    let mut differing = Differing::default();
    match (&args.directory, args.from) {
        (Some(directory), _) => {
            let files = Files::read(directory);
            let (directory, _) = files.check(&site.settings)?;
            directory.differences(Some(&store), &mut |difference| differing.take(difference))?;
        }
        (None, Some(from)) => states(&store, from, args.to, &mut differing)?,
        // Refused by the reader of arguments.
        (None, None) => {}
    }
    differing.0.sort_by(|a, b| a.address.cmp(&b.address));
    match args.output.form {
        Form::Text => differing.tell(out)?,
        Form::Json => differing.list(out)?,
    }
    Ok(if differing.0.is_empty() {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}

fn states(
    store: &dyn Store,
    from: Sequence,
    to: Option<Sequence>,
    differing: &mut Differing,
) -> Result<(), Failure> {
    must_have_been(store, from, "--from")?;
    let to = match to {
        Some(to) => {
            must_have_been(store, to, "--to")?;
            to
        }
        None => store.head()?.sequence,
    };
    let is_policy = |address: &Address| address.kind.is_setting();
    let states = States { from, to };
    Ok(states.differences(store, &is_policy, &mut |difference| {
        differing.take(difference)
    })?)
}

/// Documents that differ.
#[derive(Default)]
struct Differing(Vec<Document>);

struct Document {
    address: Address,
    change: &'static str,
    properties: Vec<Property>,
}

impl Differing {
    /// Takes a document, unless both texts say the same.
    fn take(&mut self, difference: &Difference<'_>) {
        let change = match (difference.old, &difference.new) {
            (None, _) => "added",
            (Some(_), Some(_)) => "changed",
            (Some(_), None) => "removed",
        };
        let properties = properties(difference.old, difference.new.as_deref());
        if change != "changed" || !properties.is_empty() {
            self.0.push(Document {
                address: difference.address(),
                change,
                properties,
            });
        }
    }

    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        for document in &self.0 {
            writeln!(out, "{}: {}", document.address, document.change)?;
            for Property { path, old, new } in &document.properties {
                let value = |value: &Option<String>| match value {
                    Some(value) => value.clone(),
                    None => "(absent)".to_owned(),
                };
                writeln!(out, "  {path}: {} -> {}", value(old), value(new))?;
            }
        }
        Ok(())
    }

    fn list(&self, out: &mut impl Write) -> io::Result<()> {
        let mut list = List::new(out);
        for document in &self.0 {
            let properties = document.properties.iter();
            let properties: Result<_, _> = properties.map(Listed::of).collect();
            list.push(&ListedDocument {
                document: document.address.to_string(),
                change: document.change,
                properties: properties?,
            })?;
        }
        list.finish()
    }
}

#[derive(Serialize)]
struct ListedDocument<'d> {
    document: String,
    change: &'static str,
    properties: Vec<Listed<'d>>,
}

/// A member that is absent on a side has no value there.
#[derive(Serialize)]
struct Listed<'d> {
    path: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<&'d RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<&'d RawValue>,
}

impl<'d> Listed<'d> {
    fn of(property: &'d Property) -> serde_json::Result<Self> {
        let raw = |text: &'d Option<String>| text.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            path: &property.path,
            old: raw(&property.old)?,
            new: raw(&property.new)?,
        })
    }
}
