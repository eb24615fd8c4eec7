//! The `crossgate` program: arguments in, an exit code out. What the commands do is in [`crossgate::cli`].

fn main() -> std::process::ExitCode {
    crossgate::cli::main()
}
