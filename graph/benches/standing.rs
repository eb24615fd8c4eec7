//! What it costs to change one of a million documents: prints load, change, look-up and memory, with few different settings and with
//! a different one for each partner.
#![expect(
    clippy::expect_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a program that prints figures"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crossgate_graph::{Change, DocumentKind, Documents, Standing};
use crossgate_policy::ids::{Cloud, Guid, TenantId};
use crossgate_policy::snapshot::OwnTenant;

const PARTNERS: u64 = 1_000_000;

/// Documents that are written when they are asked for, so that memory is the policy's.
struct Written {
    partners: u64,
    distinct: u64,
}

fn tenant(number: u64) -> String {
    let id = 0x2000_0000_0000_4000_8000_0000_0000_0000 + u128::from(number);
    Guid::from_u128(id).to_string()
}

fn partner(number: u64, settings: u64) -> String {
    format!(
        r#"{{"tenantId":"{}","b2bCollaborationInbound":{{"usersAndGroups":{{"accessType":"allowed","targets":[{{"target":"{}","targetType":"group"}}]}}}}}}"#,
        tenant(number),
        tenant(settings + (1 << 40)),
    )
}

impl Documents for Written {
    type Error = Infallible;

    fn each(
        &self,
        kind: DocumentKind,
        (share, of): (usize, usize),
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), Infallible> {
        if kind == DocumentKind::Partner {
            for number in (share as u64..self.partners).step_by(of) {
                take(&tenant(number), &partner(number, number % self.distinct));
            }
        }
        Ok(())
    }

    fn get(&self, _: DocumentKind, _: &str) -> Result<Option<Box<str>>, Infallible> {
        Ok(None)
    }
}

/// MiB in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get((times.len() - 1) * share / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "  {what}: p50 {:?}, p99 {:?}, most {:?}",
        at(50),
        at(99),
        at(100)
    );
}

fn main() {
    let own = OwnTenant {
        id: TenantId(Guid::from_u128(1)),
        cloud: Cloud::Global,
        domains: Box::new([]),
    };
    let asked = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let each = [1_000, PARTNERS].into_iter();
    for distinct in each.filter(|distinct| asked.is_none_or(|asked: u64| asked == *distinct)) {
        let source = Written {
            partners: PARTNERS,
            distinct,
        };
        println!("{PARTNERS} partners, {distinct} different settings");
        let begun = Instant::now();
        for number in 0..PARTNERS {
            black_box((tenant(number), partner(number, number % distinct)));
        }
        println!("  writing the documents, one thread: {:?}", begun.elapsed());
        let before = resident();
        let begun = Instant::now();
        let mut standing = Standing::load(&own, &source).expect("documents in order");
        println!("  load: {:?}, {} MiB", begun.elapsed(), resident() - before);
        let [mut proposed, mut snapshots] = [Vec::new(), Vec::new()];
        let mut in_force = standing.compiled();
        for round in 0..2_000_u64 {
            let number = round * 7_919 % PARTNERS;
            let (key, text) = (tenant(number), partner(number, PARTNERS + round));
            let change = Change {
                kind: DocumentKind::Partner,
                key: &key,
                text: (round % 4 > 0).then_some(&text),
            };
            let begun = Instant::now();
            let proposal = standing
                .propose(&[change], &source)
                .expect("a change in order");
            let next = proposal.compiled();
            standing.accept(proposal);
            proposed.push(begun.elapsed());
            let begun = Instant::now();
            in_force = next;
            snapshots.push(begun.elapsed());
        }
        black_box(&in_force);
        told("propose, compile and accept one partner", proposed);
        told("give up the old snapshot", snapshots);
        let mut defaults = Vec::new();
        for access in ["blocked", "allowed"].into_iter().cycle().take(6) {
            let half = |target, kind| {
                format!(
                    r#"{{"accessType":"{access}","targets":[{{"target":"{target}","targetType":"{kind}"}}]}}"#
                )
            };
            let (users, apps) = (half("AllUsers", "user"), half(&tenant(5), "application"));
            let users = users.replace("blocked", "allowed");
            let text = format!(
                r#"{{"b2bCollaborationInbound":{{"usersAndGroups":{users},"applications":{apps}}}}}"#
            );
            let change = Change {
                kind: DocumentKind::Default,
                key: "",
                text: Some(&text),
            };
            let begun = Instant::now();
            let proposal = standing
                .propose(&[change], &source)
                .expect("a change in order");
            standing.accept(proposal);
            defaults.push(begun.elapsed());
        }
        told("change the default", defaults);
        drop((standing, in_force));

        let documents: Vec<_> = (0..PARTNERS)
            .map(|number| (tenant(number), partner(number, number % distinct)))
            .collect();
        let changes: Vec<_> = documents
            .iter()
            .map(|(key, text)| Change {
                kind: DocumentKind::Partner,
                key,
                text: Some(text),
            })
            .collect();
        let mut standing = Standing::initial(&own);
        let begun = Instant::now();
        let proposal = standing
            .propose(&changes, &source)
            .expect("changes in order");
        standing.accept(proposal);
        println!("  import as one change: {:?}", begun.elapsed());
    }
}
