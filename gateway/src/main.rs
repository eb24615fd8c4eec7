//! The `crossgate` program: arguments in, an exit code out. What the commands do is in [`crossgate::cli`].

/// Measured against the system's and jemalloc: see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    crossgate::cli::main()
}
