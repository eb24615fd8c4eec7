//! How often the request path asks for memory, phase by phase, for a token that was verified before.
//!
//! What the framework's signatures demand is measured with [`Bare`] in the same way and taken off: the futures of its
//! hooks, the box of a peer, the growth of its header maps. What is left is our own.

#[path = "../benches/stage/mod.rs"]
mod stage;

use allocation_counter::{AllocationInfo, measure};

use stage::Stage;
use stage::bare::Bare;
use stage::phases::{Unwatched, Watch, response, serve};

#[derive(Default)]
struct Counting(Vec<(&'static str, AllocationInfo)>);

impl Watch for Counting {
    #[expect(clippy::unwrap_used, reason = "what is measured is run")]
    fn phase<T>(&mut self, name: &'static str, run: impl FnOnce() -> T) -> T {
        let mut answer = None;
        let counted = measure(|| answer = Some(run()));
        self.0.push((name, counted));
        answer.unwrap()
    }
}

#[test]
fn a_request_with_a_known_token_asks_for_no_memory_of_ours() {
    let stage = Stage::new(1).without_writer();
    let token = stage.mint.guest(0);
    let gateway = &stage.gateway;
    let forward = || {
        let mut session = stage.session(&token);
        let before = session.req_header().headers.clone();
        let after = serve(gateway, &mut session, response(), &mut Unwatched);
        (
            before,
            after.unwrap_or_else(|| panic!("refused")).headers.clone(),
        )
    };
    // The first verifies the token and makes what is kept with it.
    forward();
    let (before, after) = forward();
    let bare = Bare::rewriting(&before, &after);

    let (mut ours, mut framework) = (Counting::default(), Counting::default());
    let mut session = stage.session(&token);
    serve(gateway, &mut session, response(), &mut ours);
    let mut session = stage.session(&token);
    let same = serve(&bare, &mut session, response(), &mut framework);
    assert_eq!(same.unwrap().headers.len(), after.len());

    println!("phase                    with the gateway  framework alone  ours  bytes");
    let mut ours_alone = Vec::new();
    for ((name, all), (_, bare)) in ours.0.iter().zip(&framework.0) {
        let own = all.count_total.saturating_sub(bare.count_total);
        let bytes = all.bytes_total.saturating_sub(bare.bytes_total);
        println!(
            "{name:<24} {:>16} {:>16} {own:>5} {bytes:>6}",
            all.count_total, bare.count_total
        );
        if own > 0 {
            ours_alone.push(format!("{name}: {own}"));
        }
    }
    assert_eq!(ours.0.len(), framework.0.len());
    assert!(ours_alone.is_empty(), "{ours_alone:#?}");
}
