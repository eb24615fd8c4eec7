//! Times of the request path's hooks: what the gateway adds to the framework for one request.

#[path = "stage/mod.rs"]
mod stage;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

use stage::Stage;
use stage::phases::{Unwatched, response, serve};

/// The one that the program serves with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn request(criterion: &mut Criterion) {
    let stage = Stage::new(1);
    let gateway = &stage.gateway;
    let known = stage.mint.guest(0);
    let forged = stage::tokens::forge(&known);
    let mut group = criterion.benchmark_group("request");
    let mut bench = |name: &str, token: &mut dyn FnMut() -> String, forwarded: bool| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (stage.session(&token()), response()),
                |(mut session, response)| {
                    let head = serve(gateway, &mut session, response, &mut Unwatched);
                    assert_eq!(head.is_some(), forwarded);
                    // Dropping them is the framework's.
                    (session, head)
                },
                BatchSize::SmallInput,
            );
        });
    };
    bench("known token", &mut || known.clone(), true);
    bench("refused", &mut || forged.clone(), false);
    let mut number = 0_usize;
    bench(
        "first sight",
        &mut || {
            number += 1;
            stage.mint.another(0, number)
        },
        true,
    );
    group.finish();
}

criterion_group!(benches, request);
criterion_main!(benches);
